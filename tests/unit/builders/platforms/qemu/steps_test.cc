// Every step of the qemu builder against a fake driver: what it asks of the programs, what it leaves
// in the ledger, what it says when they fail.
#include <fmt/ranges.h>

#include "builders/platforms/qemu/builder.h"
#include "builders/platforms/qemu/qmp_keys.h"
#include "builders/platforms/qemu/step_check_ranges.h"
#include "builders/platforms/qemu/step_compact_disk.h"
#include "builders/platforms/qemu/step_create_disk.h"
#include "builders/platforms/qemu/step_prepare_efi.h"
#include "builders/platforms/qemu/step_prepare_network.h"
#include "builders/platforms/qemu/step_shut_down.h"
#include "builders/platforms/qemu/step_start_machine.h"
#include "builders/platforms/qemu/step_start_tpm.h"
#include "builders/platforms/qemu/step_type_boot_command.h"
#include "builders/platforms/qemu/step_wait_guest_address.h"
#include "common/net/http/server.h"
#include "tests/unit/builders/platforms/qemu/fake_driver.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_qemu {
namespace {

class QemuSteps : public testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    config_.vm_name = "vm";
    config_.output_directory = "out";
    config_.disk.size = "8M";
    config_.headless = true;
    config_.communicator.type = CommunicatorType::None;
    vm_.accelerator = "tcg";
    vm_.headless = true;
    vm_.vnc_port = 5901;
    ASSERT_TRUE(io::make_directories(root_ + "/work/out"));
  }
  Result<void> start() { return StartMachine(config_, driver_, vm_).run(context_); }
  std::string calls() const { return fmt::format("{}", fmt::join(driver_.calls, "; ")); }

  QemuConfig config_;
  FakeDriver driver_;
  Vm vm_;
};

TEST_F(QemuSteps, DisksAreCreatedInOrder) {
  config_.disk.additional_sizes = {"1G", "2G"};
  config_.qemu_img.create = {"-o", "preallocation=metadata"};
  ASSERT_TRUE(CreateDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(calls(),
            "create -f qcow2 -o preallocation=metadata out/vm 8M; "
            "create -f qcow2 -o preallocation=metadata out/vm-1 1G; "
            "create -f qcow2 -o preallocation=metadata out/vm-2 2G");
  EXPECT_EQ(vm_.disks, (std::vector<std::string>{"out/vm", "out/vm-1", "out/vm-2"}));
  ASSERT_TRUE(CopyDisk(config_, driver_, vm_).run(context_));
  ASSERT_TRUE(ResizeDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(driver_.calls.size(), 3U) << "an empty disk was copied or resized";
}

TEST_F(QemuSteps, ABackingFileIsNamedAbsolutely) {
  config_.disk_image = config_.use_backing_file = true;
  vm_.iso = "base.qcow2";
  ASSERT_TRUE(CreateDisk(config_, driver_, vm_).run(context_));
  ASSERT_TRUE(CopyDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(calls(), "create -f qcow2 -b " + root_ + "/work/base.qcow2 -F qcow2 out/vm 8M");
}

TEST_F(QemuSteps, ImagesAreCopiedOrConverted) {
  config_.disk_image = true;
  vm_.iso = root_ + "/work/base.qcow2";
  ASSERT_TRUE(io::write_file(vm_.iso, "image"));
  ASSERT_TRUE(CreateDisk(config_, driver_, vm_).run(context_));
  ASSERT_TRUE(CopyDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(calls(), "") << "the same format needs no qemu-img";
  EXPECT_EQ(io::read_file(root_ + "/work/out/vm").value_or(""), "image");
  config_.qemu_img.convert = {"-o", "lazy_refcounts=on"};
  ASSERT_TRUE(CopyDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(calls(), "convert -o lazy_refcounts=on -O qcow2 " + vm_.iso + " out/vm");
  config_.qemu_img.resize = {"--shrink"};
  ASSERT_TRUE(ResizeDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(driver_.calls.back(), "resize -f qcow2 --shrink out/vm 8M");
  config_.disk.skip_resize = true;
  ASSERT_TRUE(ResizeDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(driver_.calls.size(), 2U);
}

TEST_F(QemuSteps, FailedImageToolsAreNamed) {
  driver_.failures = {internal("qemu-img: no space")};
  const auto created = CreateDisk(config_, driver_, vm_).run(context_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message, "Error creating hard drive: qemu-img: no space");
}

TEST_F(QemuSteps, CompactionReplacesTheDiskAndWaitsForItsLock) {
  vm_.disks = {"out/vm"};
  ASSERT_TRUE(io::write_file(root_ + "/work/out/vm", "old"));
  driver_.failures = {internal("Failed to get shared \"write\" lock")};
  config_.disk.compression = true;
  ASSERT_TRUE(CompactDisk(config_, driver_, vm_).run(context_));
  EXPECT_EQ(calls(), "convert -c -O qcow2 out/vm out/vm.convert; "
                     "convert -c -O qcow2 out/vm out/vm.convert");
  EXPECT_EQ(io::read_file(root_ + "/work/out/vm").value_or(""), "converted");
  EXPECT_FALSE(io::exists(root_ + "/work/out/vm.convert"));
  driver_.failures = {internal("broken")};
  const auto other = CompactDisk(config_, driver_, vm_).run(context_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "Error converting hard drive: broken");
  config_.disk.compression = false;
  config_.disk.skip_compaction = true;
  driver_.calls.clear();
  ASSERT_TRUE(CompactDisk(config_, driver_, vm_).run(context_));
  EXPECT_TRUE(driver_.calls.empty());
}

TEST_F(QemuSteps, EfiVariablesAreTheBuildsOwn) {
  ASSERT_TRUE(PrepareEfi(config_, vm_).run(context_));
  EXPECT_TRUE(vm_.efi_vars.empty());
  config_.efi.enabled = true;
  config_.efi.vars = "vars.fd";
  const auto missing = PrepareEfi(config_, vm_).run(context_);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().message.starts_with("efi_firmware_vars: ")) << missing.error().message;
  ASSERT_TRUE(io::write_file(root_ + "/work/vars.fd", "vars"));
  ASSERT_TRUE(PrepareEfi(config_, vm_).run(context_));
  EXPECT_EQ(io::read_file(root_ + "/work/out/efivars.fd").value_or(""), "vars");
}

TEST_F(QemuSteps, AddressesByKindOfNetwork) {
  ASSERT_TRUE(DiscoverHttpAddress(config_).run(context_));
  EXPECT_EQ(context_.http_ip, "10.0.2.2");
  config_.http.bind_address = "192.0.2.7";
  ASSERT_TRUE(DiscoverHttpAddress(config_).run(context_));
  EXPECT_EQ(context_.http_ip, "192.0.2.7");
  config_.http.interface = "lo";
  ASSERT_TRUE(DiscoverHttpAddress(config_).run(context_));
  EXPECT_EQ(context_.http_ip, "127.0.0.1");
  config_.net_bridge = "no-such-bridge";
  EXPECT_FALSE(DiscoverHttpAddress(config_).run(context_));
}

TEST_F(QemuSteps, PortsAreReservedAndGivenBack) {
  config_.communicator.type = CommunicatorType::Ssh;
  config_.communicator.ssh.port = 2022;
  ForwardPort forward(config_, vm_);
  ASSERT_TRUE(forward.run(context_));
  EXPECT_EQ(vm_.guest_port, 2022);
  EXPECT_GE(vm_.host_port, 2222);
  EXPECT_LT(vm_.host_port, 4444);
  EXPECT_EQ(context_.guest_port, vm_.host_port);
  EXPECT_EQ(context_.guest_host, "127.0.0.1");
  ASSERT_TRUE(forward.cleanup(context_));
  EXPECT_FALSE(vm_.host_reservation);
  config_.skip_nat_mapping = true;
  vm_.host_port = 0;
  ASSERT_TRUE(ForwardPort(config_, vm_).run(context_));
  EXPECT_EQ(vm_.host_port, 0);
  EXPECT_EQ(context_.guest_port, 2022);
  config_.vnc.use_password = true;
  ConfigureVnc vnc(config_, vm_);
  ASSERT_TRUE(vnc.run(context_));
  EXPECT_GE(vm_.vnc_port, 5900);
  EXPECT_EQ(vm_.vnc_password.reveal().size(), 8U);
  ASSERT_TRUE(vnc.cleanup(context_));
}

TEST_F(QemuSteps, TheMachineIsInTheLedgerWhileItRuns) {
  config_.vnc.use_password = true;
  vm_.vnc_password = Secret("a\"b\\c");
  StartMachine step(config_, driver_, vm_);
  ASSERT_TRUE(step.run(context_));
  EXPECT_EQ(ledger_.history,
            std::vector<std::string>{"process qemu-system-x86_64 " + root_ + "/work/out/vm"});
  EXPECT_EQ(ledger_.ids.begin()->second, "4711 1 boot");
  EXPECT_NE(driver_.record.all().find(R"("password":"a\"b\\c")"), std::string::npos);
  EXPECT_TRUE(context_.reach.at("start_machine").starts_with(
      "The machine is left as it is: qemu process 4711, screen at vnc://127.0.0.1:5901"));
  context_.at_failure.at("start_machine")(context_);
  ASSERT_EQ(ui_.pictures.size(), 1U);
  EXPECT_EQ(ui_.pictures[0].first, "screen at failure");
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_TRUE(driver_.record.stopped);
  EXPECT_TRUE(ledger_.entries.empty());
  EXPECT_TRUE(context_.at_failure.empty());
  EXPECT_TRUE(context_.reach.empty());
}

TEST_F(QemuSteps, PortsTakenMeanwhileAreReplaced) {
  ConfigureVnc vnc(config_, vm_);
  ASSERT_TRUE(vnc.run(context_));
  driver_.plans = {{"-vnc 127.0.0.1:1: Failed to find an available port: Address already in use", {}},
                   {"Could not set up host forwarding rule 'tcp::1-:22'", {}}};
  ASSERT_TRUE(start());
  EXPECT_EQ(driver_.starts.size(), 3U);
  EXPECT_TRUE(ui_.said("A port was taken by another program meanwhile"));
  vm_.machine->stop();
  vm_.monitor.reset();
  driver_.plans = {{"invalid option", {}}};
  const auto refused = start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Error launching VM: qemu ended by itself: exit status 1\ninvalid option");
  EXPECT_EQ(driver_.starts.size(), 4U);
}

TEST_F(QemuSteps, KeysWaitForTheGuestToReadThem) {
  config_.boot.wait = std::chrono::seconds(-1);
  config_.boot.key_interval = Duration{0};
  config_.boot.pieces = {{"aB<enter>", ""}};
  const auto read = [](const char* code) { return std::string("pckbd_kbd_read_data 0x") + code; };
  driver_.plans = {{"", {read("1e"), read("9e"), read("2a"), read("30"), read("b0"), read("aa"),
                         read("1c"), read("9c")}}};
  ASSERT_TRUE(start());
  const Instant begin = io::steady_now();
  const auto typed = TypeBootCommand(config_, vm_).run(context_);
  ASSERT_TRUE(typed) << typed.error().message;
  EXPECT_LT(io::steady_now() - begin, std::chrono::seconds(2));
  const std::string asked = driver_.record.all();
  EXPECT_NE(asked.find("\"enable\":true"), std::string::npos);
  EXPECT_NE(asked.find("\"enable\":false"), std::string::npos) << "the trace stayed on";
  size_t keys = 0;
  for (size_t at = 0; (at = asked.find("input-send-event", at)) != std::string::npos; ++at) ++keys;
  EXPECT_EQ(keys, 8U);
  EXPECT_NE(asked.find(R"("data":"shift")"), std::string::npos);
}

TEST_F(QemuSteps, AGuestWithAnotherKeyboardIsPacedByTimeAlone) {
  driver_.plans = {{"", {}}};
  ASSERT_TRUE(start());
  QmpKeyDriver keys(*vm_.monitor, *vm_.machine, {Duration{0}, std::chrono::milliseconds(50)});
  const auto command = steps::parse_boot_command("abcdefgh");
  ASSERT_TRUE(command);
  const Instant begin = io::steady_now();
  ASSERT_TRUE(steps::type_events(*command, keys, cancel_));
  EXPECT_FALSE(keys.acknowledged());
  EXPECT_LT(io::steady_now() - begin, std::chrono::seconds(1)) << "it waited for every key";
}

TEST_F(QemuSteps, WhatAUsKeyboardLacksGoesOverVnc) {
  for (const char* text : {"plain ~!@#$%^&*()_+{}|:\"<>?", "<leftCommandOn>x<leftCommandOff><menu>"}) {
    EXPECT_TRUE(can_type(*steps::parse_boot_command(text))) << text;
  }
  for (const char* text : {"\xc3\xa4", "\xe2\x82\xac"}) {
    EXPECT_FALSE(can_type(*steps::parse_boot_command(text))) << text;
  }
  // Nobody listens on the VNC port of a fake machine: that it tries shows the choice.
  config_.boot.wait = std::chrono::seconds(-1);
  config_.boot.pieces = {{"\xc3\xa4", ""}};
  vm_.vnc_port = 1;
  ASSERT_TRUE(start());
  const auto typed = TypeBootCommand(config_, vm_).run(context_);
  ASSERT_FALSE(typed);
  EXPECT_TRUE(typed.error().message.starts_with("Error connecting to VNC")) << typed.error().message;
}

TEST_F(QemuSteps, ShutdownByItselfForcedLateAndCrashed) {
  ASSERT_TRUE(start());
  auto& machine = static_cast<FakeMachine&>(*vm_.machine);
  config_.shutdown.timeout = std::chrono::milliseconds(20);
  const auto late = ShutDown(config_, vm_).run(context_);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "Timeout while waiting for machine to shut down.");
  machine.end({0, 0});
  EXPECT_TRUE(ShutDown(config_, vm_).run(context_));
  ASSERT_TRUE(start());
  static_cast<FakeMachine&>(*vm_.machine).end({139, 11});
  const auto crashed = ShutDown(config_, vm_).run(context_);
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().message, "qemu ended by itself: killed by signal 11");
  ASSERT_TRUE(start());
  config_.communicator.type = CommunicatorType::Ssh;
  driver_.record.stopped = false;
  EXPECT_TRUE(ShutDown(config_, vm_).run(context_));
  EXPECT_TRUE(driver_.record.stopped) << "without a command the machine is switched off";
}

TEST_F(QemuSteps, RangesAreCheckedBeforeAnIsoIsUsedFromAfar) {
  std::string ranges = "bytes";
  auto server = net::HttpServer::start({}, [&](net::ServedRequest&) {
    net::ServedResponse response;
    if (!ranges.empty()) response.headers.push_back({"Accept-Ranges", ranges});
    return response;
  });
  ASSERT_TRUE(server);
  config_.iso.urls = {fmt::format("http://127.0.0.1:{}/a.iso", server->port())};
  ASSERT_TRUE(CheckRanges(config_, vm_).run(context_));
  EXPECT_EQ(vm_.iso, config_.iso.urls[0]);
  ranges.clear();
  const auto refused = CheckRanges(config_, vm_).run(context_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("but no byte ranges"), std::string::npos);
  config_.iso.urls = {"local.iso"};
  ASSERT_TRUE(CheckRanges(config_, vm_).run(context_));
  EXPECT_EQ(vm_.iso, "local.iso");
}

TEST_F(QemuSteps, OnlyBridgesNeedTheGuestsAddress) {
  ASSERT_TRUE(WaitGuestAddress(config_, vm_).run(context_));
  config_.net_bridge = "br0";
  ASSERT_TRUE(WaitGuestAddress(config_, vm_).run(context_)) << "nobody logs in";
  config_.communicator.type = CommunicatorType::Ssh;
  config_.communicator.ssh.host = "192.0.2.9";
  ASSERT_TRUE(WaitGuestAddress(config_, vm_).run(context_));
  EXPECT_EQ(context_.guest_host, "192.0.2.9");
}

TEST_F(QemuSteps, TpmNeedsItsProgram) {
  ASSERT_TRUE(StartTpm(config_, vm_).run(context_));
  config_.tpm.enabled = true;
  environment_.set("PATH", "/nowhere");
  const auto missing = StartTpm(config_, vm_).run(context_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "vtpm needs the program swtpm, which is not in PATH");
}

TEST_F(QemuSteps, TheArtifactIsTheOutputDirectory) {
  vm_.disks = {"out/vm"};
  for (const char* name : {"vm", "efivars.fd"}) {
    ASSERT_TRUE(io::write_file(root_ + "/work/out/" + name, "x"));
  }
  auto artifact = make_artifact(context_, config_, vm_);
  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->files, (std::vector<std::string>{"out/efivars.fd", "out/vm"}));
  config_.efi.drop_vars = true;
  artifact = make_artifact(context_, config_, vm_);
  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->files, std::vector<std::string>{"out/vm"});
  EXPECT_EQ(artifact->text, "VM files in directory: out");
  EXPECT_EQ(artifact->state.at("domainType").as_string(), "tcg");
  EXPECT_EQ(artifact->state.at("diskSize").as_string(), "8M");
}

}  // namespace
}  // namespace farm::builders::platform_qemu
