// The real driver against a real qemu that runs no guest code: start, monitor, failure, probe.
#include <gtest/gtest.h>

#include "builders/platforms/qemu/accelerator.h"
#include "builders/platforms/qemu/step_start_machine.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_qemu {
namespace {

class MachineTest : public testing::BuildFixture {
 protected:
  QemuConfig config(std::vector<std::vector<std::string>> arguments) {
    QemuConfig config;
    config.vm_name = "m";
    config.output_directory = "out";
    config.boot.disable_vnc = true;
    config.qemuargs = std::move(arguments);
    config.qemuargs.push_back({"-boot", "strict=on"});
    return config;
  }
  Vm vm_;
};

TEST_F(MachineTest, MonitorAnswersAndCleanupEndsTheProcess) {
  const QemuConfig given = config({{"-S"}});
  vm_.accelerator = "tcg";
  vm_.headless = true;
  const auto driver = system_driver("qemu-system-x86_64");
  ASSERT_TRUE(driver->verify(context_));
  StartMachine step(given, *driver, vm_);
  const auto started = step.run(context_);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(ledger_.entries.size(), 1U);
  EXPECT_EQ(ledger_.ids.begin()->second, vm_.machine->identity());
  EXPECT_EQ(network_device_mac(*vm_.monitor, "user.0").value_or("?"), "52:54:00:12:34:56");
  EXPECT_FALSE(network_device_mac(*vm_.monitor, "user.1"));
  const auto unknown = vm_.monitor->execute("no-such-command");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(MachineTest, RefusedArgumentsAreSaidInQemusWords) {
  const QemuConfig given = config({{"-no-such-flag"}});
  vm_.accelerator = "tcg";
  vm_.headless = true;
  const auto driver = system_driver("qemu-system-x86_64");
  StartMachine step(given, *driver, vm_);
  const auto started = step.run(context_);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("Error launching VM: qemu ended by itself: exit status 1"),
            std::string::npos)
      << started.error().message;
  EXPECT_NE(started.error().message.find("-no-such-flag: invalid option"), std::string::npos);
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(MachineTest, AcceleratorIsChosenOncePerBoot) {
  const AcceleratorChoice first = choose_accelerator(context_, "qemu-system-x86_64");
  EXPECT_EQ(first.name, first.reason.empty() ? "kvm" : "tcg");
  std::printf("    accelerator %s %s\n", first.name.c_str(), first.reason.c_str());
  const AcceleratorChoice again = choose_accelerator(context_, "qemu-system-x86_64");
  EXPECT_EQ(again.name, first.name);
  EXPECT_EQ(again.reason, first.reason);
}

TEST_F(MachineTest, MissingProgramIsNamed) {
  const auto verified = system_driver("qemu-system-none").get()->verify(context_);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().message,
            "Failed creating Qemu driver: qemu-system-none not found in PATH");
}

}  // namespace
}  // namespace farm::builders::platform_qemu
