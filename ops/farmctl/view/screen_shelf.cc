#include "ops/farmctl/view/screen_shelf.h"

#include <algorithm>
#include <filesystem>

#include "common/io/files.h"

namespace farm::farmctl {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeptBuilds = 20;

void drop_old(const std::string& folder) {
  std::error_code failure;
  std::vector<std::pair<fs::file_time_type, fs::path>> builds;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    builds.emplace_back(at->last_write_time(failure), at->path());
  }
  if (builds.size() <= kKeptBuilds) return;
  std::sort(builds.begin(), builds.end());
  for (size_t i = 0; i + kKeptBuilds < builds.size(); ++i) fs::remove_all(builds[i].second, failure);
}

}  // namespace

std::string screen_file_name(const std::string& job) {
  std::string name = job;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!plain) c = '-';
  }
  return (name.starts_with('.') ? "-" + name : name) + ".png";
}

Result<std::string> ScreenShelf::put(const std::string& job, const wire::Picture& picture) {
  const std::string shelf = state_ + "/screens";
  const std::string folder = shelf + "/" + build_;
  TRY(io::make_directories(folder, 0700));
  const std::string path = folder + "/" + screen_file_name(job);
  TRY(io::write_file_atomic(path, picture.png, 0600));
  drop_old(shelf);
  return path;
}

std::vector<std::string> ScreenShelf::find(const std::string& build,
                                           const std::string& job) const {
  std::vector<std::string> paths;
  std::error_code failure;
  for (fs::directory_iterator at(state_ + "/screens/" + build, failure), end;
       !failure && at != end; at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (job.empty() || name == screen_file_name(job)) paths.push_back(at->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace farm::farmctl
