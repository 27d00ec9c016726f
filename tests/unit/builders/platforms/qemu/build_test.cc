// Whole builds with a real qemu (TCG), from media made by ops/examples/media.
#include <gtest/gtest.h>

#include "builders/platforms/qemu/builder.h"
#include "common/io/digests.h"
#include "common/io/process.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_qemu {
namespace {

using testing::string_list;
using value::Value;

std::string medium(const std::string& script) {
  io::RunOptions options;
  options.spawn.argv = {std::string(FARM_SOURCE_DIR) + "/ops/examples/media/" + script};
  options.deadline = std::chrono::minutes(20);
  const auto done = io::run_program_checked(options, CancelToken());
  EXPECT_TRUE(done) << done.error().message;
  return done ? io::last_lines(done->standard_output, 1) : "";
}

class QemuBuild : public testing::BuildFixture {
 protected:
  void build(Value::Map options) {
    options["accelerator"] = Value::string("tcg");
    options["headless"] = Value::boolean(true);
    options["memory"] = Value::number(256);
    options["ssh_username"] = Value::string("root");
    options["ssh_password"] = Value::string("packer");
    options["ssh_timeout"] = Value::string("8m");
    QemuBuilder builder;
    const Findings findings = builder.prepare(Value::object(std::move(options)), prepare_context());
    ASSERT_TRUE(findings.ok()) << findings.text();
    context_.provision = [this](BuildContext& context) -> Result<void> {
      RemoteCommand command;
      command.command = "echo built > /root/built && cat /root/built";
      command.on_stdout = [this](std::string_view bytes) { output_ += bytes; };
      const int status = TRY(context.communicator->run(command, context.cancel));
      return status == 0 ? Result<void>() : internal("status " + std::to_string(status));
    };
    const Instant begin = io::steady_now();
    auto built = builder.run(context_);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(io::steady_now() - begin);
    RecordProperty("milliseconds", static_cast<int>(took.count()));
    for (const std::string& line : ui_.lines) std::printf("    %s\n", line.c_str());
    std::printf("    took %lld ms\n", static_cast<long long>(took.count()));
    ASSERT_TRUE(built) << built.error().message;
    ASSERT_TRUE(built->has_value());
    artifact_ = **built;
    EXPECT_EQ(output_, "built\n");
    EXPECT_EQ(artifact_.builder_id, "transcend.qemu");
    EXPECT_EQ(artifact_.id, "VM");
    EXPECT_EQ(artifact_.files, std::vector<std::string>{"output-base/packer-base"});
    EXPECT_TRUE(ledger_.entries.empty()) << ledger_.entries.begin()->second;
    EXPECT_EQ(context_.generated.at("User").as_string(), "root");
  }
  std::string output_;
  artifact::Artifact artifact_;
};

TEST_F(QemuBuild, InstallsFromIsoWithTypedBootCommand) {
  const std::string iso = medium("installer-iso.sh");
  ASSERT_FALSE(iso.empty());
  const auto sum = io::digest_file(io::DigestKind::Sha256, iso);
  ASSERT_TRUE(sum);
  build({{"iso_url", Value::string(iso)},
         {"iso_checksum", Value::string("sha256:" + *sum)},
         {"disk_size", Value::string("256M")},
         {"http_directory",
          Value::string(std::string(FARM_SOURCE_DIR) + "/ops/examples/qemu-iso/http")},
         {"boot_wait", Value::string("3s")},
         {"boot_key_interval", Value::string("10ms")},
         {"boot_command", string_list({"install url=http://{{ .HTTPIP }}:",
                                       "{{ .HTTPPort }}/install.sh<enter>"})},
         {"shutdown_command", Value::string("sync; poweroff -f")}});
}

TEST_F(QemuBuild, ChangesADiskImage) {
  const std::string disk = medium("base-disk.sh");
  ASSERT_FALSE(disk.empty());
  build({{"iso_url", Value::string(disk)},
         {"iso_checksum", Value::string("none")},
         {"disk_image", Value::boolean(true)},
         {"skip_resize_disk", Value::boolean(true)},
         {"boot_wait", Value::string("-1s")},
         {"shutdown_command", Value::string("sync; echo o > /proc/sysrq-trigger")}});
}

}  // namespace
}  // namespace farm::builders::platform_qemu
