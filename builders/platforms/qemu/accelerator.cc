#include "builders/platforms/qemu/accelerator.h"

#include <fcntl.h>
#include <initializer_list>

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

// Offsets are those of the last 64 KiB below 4 GiB, where the image is mapped.
std::string probe_firmware() {
  std::string image(kFirmwareBytes, '\xF4');  // hlt
  const auto put = [&](size_t at, std::initializer_list<int> bytes) {
    for (const int byte : bytes) image[at++] = static_cast<char>(byte);
  };
  // Reset vector: jmp 0xFF00.
  put(0xFFF0, {0xE9, 0x0D, 0xFF});
  // 16 bit: cli; lgdt cs:[0xFF80]; set CR0.PE; jmp 8:0xFFFFFF40.
  put(0xFF00, {0xFA, 0x2E, 0x66, 0x0F, 0x01, 0x16, 0x80, 0xFF, 0x0F, 0x20, 0xC0, 0x0C, 0x01,
               0x0F, 0x22, 0xC0, 0x66, 0xEA, 0x40, 0xFF, 0xFF, 0xFF, 0x08, 0x00});
  // 32 bit: ds = ss = 16; esp = 0x7000; pushfd; push cs; push 0xFFFFFF60; iretd. Some nested hosts
  // run real mode and then fail at this iret, which every boot loader executes.
  put(0xFF40, {0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x70, 0x00,
               0x00, 0x9C, 0x0E, 0x68, 0x60, 0xFF, 0xFF, 0xFF, 0xCF});
  // mov al, value; out 0xf4, al.
  put(0xFF60, {0xB0, kProbeValue, 0xE6, 0xF4});
  // Descriptor table: its size and address, then null, flat code, flat data.
  put(0xFF80, {0x17, 0x00, 0x88, 0xFF, 0xFF, 0xFF});
  put(0xFF88, {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0x9B, 0xCF, 0,
               0xFF, 0xFF, 0, 0, 0, 0x93, 0xCF, 0});
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
