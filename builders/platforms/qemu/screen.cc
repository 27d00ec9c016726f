#include "builders/platforms/qemu/screen.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/steps/screen_picture.h"
#include "common/base/log.h"
#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr uint64_t kMaxRaw = 256U << 20;
// A boot command with a wait per key must not fill the log.
constexpr int kMostPictures = 100;

}  // namespace

bool ScreenCamera::capture(BuildContext& context, QmpClient& monitor,
                           const std::string& caption) {
  const std::string file = context.temp_directory + "/screen.ppm";
  const Result<std::string> dumped =
      monitor.execute("screendump", nlohmann::json{{"filename", file}}.dump());
  Result<std::string> raw = dumped ? io::read_file(file, kMaxRaw) : dumped;
  if (!raw) {
    log::debug("no picture of the screen", {{"error", raw.error().message}});
    return false;
  }
  static_cast<void>(io::remove_file(file));
  taken_ = io::steady_now();
  if (*raw == last_ || count_ == kMostPictures) return true;
  const Result<std::string> png = steps::png_of_ppm(*raw);
  if (!png) return false;
  context.ui.picture(caption, *png);
  last_ = *std::move(raw);
  ++count_;
  return true;
}

std::string ScreenCamera::age() const {
  if (last_.empty()) return "";
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(io::steady_now() - taken_).count();
  return fmt::format("{}", seconds);
}

}  // namespace farm::builders::platform_qemu
