// ScreenShelf: the last screen of machines whose build failed here, as PNG files below the state
// directory: screens/<build>/<job>.png. The folders of the newest builds are kept.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/wire/picture_record.h"

namespace farm::farmctl {

class ScreenShelf {
 public:
  explicit ScreenShelf(std::string state) : state_(std::move(state)) {}
  /// Pictures put from now on belong to this build.
  void set_build(std::string id) { build_ = std::move(id); }
  /// Stores the picture; its path.
  Result<std::string> put(const std::string& job, const wire::Picture& picture);
  /// Paths of the pictures of one build; of one job unless `job` is empty.
  std::vector<std::string> find(const std::string& build, const std::string& job) const;

 private:
  std::string state_;
  std::string build_;
};

/// `job` as a file name: what is no letter, digit, dot, dash or underline becomes a dash.
std::string screen_file_name(const std::string& job);

}  // namespace farm::farmctl
