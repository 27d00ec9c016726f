#include "builders/platforms/qemu/accelerator.h"

#include <fcntl.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kProbeLimit = std::chrono::seconds(3);
constexpr int kProbeValue = 0x10;
constexpr int kProbeStatus = kProbeValue << 1 | 1;  // what isa-debug-exit makes of the value
constexpr size_t kFirmwareBytes = 64U << 10;

std::string boot_id() {
  const Result<std::string> text = io::read_file("/proc/sys/kernel/random/boot_id");
  return text ? text->substr(0, text->find('\n')) : "";
}

// "" when a guest ran, else why not.
std::string probe(BuildContext& context, const std::string& qemu_binary) {
  const std::string firmware = context.temp_directory + "/kvm-probe.bin";
  if (!io::write_file(firmware, probe_firmware())) return "the kvm probe could not be written";
  io::RunOptions options;
  options.spawn.argv = {qemu_binary, "-machine",      "pc,accel=kvm",
                        "-m",        "16M",           "-nodefaults",
                        "-display",  "none",          "-no-reboot",
                        "-bios",     firmware,        "-device",
                        "isa-debug-exit,iobase=0xf4,iosize=1"};
  options.spawn.environment = context.environment.all();
  options.spawn.die_with_parent = true;
  options.deadline = kProbeLimit;
  const Result<io::Finished> done = io::run_program(options, context.cancel);
  static_cast<void>(io::remove_file(firmware));
  if (!done) {
    return done.error().code == ErrorCode::Timeout ? "kvm did not run a guest within 3s"
                                                   : done.error().message;
  }
  if (done->status.code == kProbeStatus) return "";
  const std::string said = io::last_lines(done->standard_error, 1);
  return said.empty() ? "kvm failed: " + done->status.text() : said;
}

}  // namespace

std::string probe_firmware() {
  std::string image(kFirmwareBytes, '\xF4');  // hlt
  // The reset vector is 16 bytes below the end: mov al, value; out 0xf4, al.
  const std::string code = {'\xB0', static_cast<char>(kProbeValue), '\xE6', '\xF4'};
  image.replace(image.size() - 16, code.size(), code);
  return image;
}

AcceleratorChoice choose_accelerator(BuildContext& context, const std::string& qemu_binary) {
  if (!io::open_file("/dev/kvm", O_RDWR)) return {"tcg", "/dev/kvm cannot be opened"};
  // "<boot id> <qemu>\n<reason>"
  const std::string cache = io::join_path(context.cache_directory, "kvm-probe");
  const std::string key = boot_id() + " " + qemu_binary + "\n";
  if (const Result<std::string> kept = io::read_file(cache); kept && kept->starts_with(key)) {
    const std::string reason = kept->substr(key.size());
    return {reason.empty() ? "kvm" : "tcg", reason};
  }
  const std::string reason = probe(context, qemu_binary);
  // Only a cache: the next build probes again when it cannot be written.
  if (!context.cancel.cancelled() && io::make_directories(context.cache_directory)) {
    static_cast<void>(io::write_file_atomic(cache, key + reason));
  }
  return {reason.empty() ? "kvm" : "tcg", reason};
}

}  // namespace farm::builders::platform_qemu
