#include "builders/platforms/qemu/step_compact_disk.h"

#include <algorithm>

#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr int kTries = 10;
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(10);

}  // namespace

Result<void> CompactDisk::run(BuildContext& context) {
  const DiskOptions& disk = config_->disk;
  if (disk.skip_compaction && !disk.compression) return {};
  const std::string& source = vm_->disks.front();
  const std::string target = source + ".convert";
  context.ui.say("Converting hard drive...");
  std::vector<std::string> args = {"convert"};
  if (disk.compression) args.push_back("-c");
  args.insert(args.end(), config_->qemu_img.convert.begin(), config_->qemu_img.convert.end());
  for (const std::string& part : {std::string("-O"), disk.format, source, target}) {
    args.push_back(part);
  }
  const Result<void> converted = convert(context, args);
  if (!converted) return converted.error().within("Error converting hard drive");
  return io::move_file(resolve_path(context, target), resolve_path(context, source),
                       context.cancel);
}

Result<void> CompactDisk::convert(BuildContext& context, const std::vector<std::string>& args) {
  Duration pause = kFirstPause;
  for (int left = kTries;; --left) {
    const Result<void> done = driver_->qemu_img(context, args);
    if (done || left == 1) return done;
    // The lock of a qemu that is just ending; other failures do not get better.
    if (done.error().message.find("Failed to get shared \"write\" lock") == std::string::npos) {
      return done;
    }
    context.ui.message("The disk is still locked, trying again");
    if (!context.cancel.sleep(pause)) return cancelled("cancelled");
    pause = std::min(kLongestPause, pause * 2);
  }
}

}  // namespace farm::builders::platform_qemu
