#include "ops/farmctl/client/bundle.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <set>
#include <sys/stat.h>

#include "common/io/files.h"
#include "common/template/functions/glob.h"

namespace farm::farmctl {
namespace {

namespace fs = std::filesystem;

// A folder that is larger than this is not meant to travel: a template in $HOME, images beside it.
constexpr uint64_t kMaxImplicitBytes = 1ULL << 30;
constexpr size_t kMaxFiles = 20'000;

// What nobody wants to send although it lies in the template's folder.
const std::vector<std::string>& default_ignores() {
  static const std::vector<std::string> kIgnores = {".git", "packer_cache", "output-*", "*.lock"};
  return kIgnores;
}

class Gatherer {
 public:
  explicit Gatherer(std::vector<std::string> ignores) : ignores_(std::move(ignores)) {}

  // The template's folder, minus what is ignored.
  Result<void> add_template_folder(const fs::path& folder) {
    top_ = folder;
    TRY(add_folder(folder, true));
    if (implicit_bytes_ > kMaxImplicitBytes) {
      return invalid_input(fmt::format(
          "the template's folder {} holds {} MiB; name what is not needed in {}/.farmignore",
          folder.string(), implicit_bytes_ >> 20, folder.string()));
    }
    return {};
  }

  // A file or folder that an option names: nothing of it is left out.
  Result<void> add_named(const fs::path& path) { return add(path, false); }

  const std::map<fs::path, fs::path>& links() const { return links_; }
  const std::set<fs::path>& files() const { return files_; }

 private:
  Result<void> add(const fs::path& path, bool implicit) {
    std::error_code failure;
    const fs::file_status status = fs::symlink_status(path, failure);
    if (failure && status.type() == fs::file_type::not_found) {
      return not_found(path.string() + " does not exist");
    }
    if (failure) return internal(path.string() + ": " + failure.message());
    if (fs::is_symlink(status)) return add_link(path, implicit);
    if (fs::is_directory(status)) return add_folder(path, implicit);
    if (!fs::is_regular_file(status)) return {};  // sockets, devices
    if (!files_.insert(path).second) return {};
    if (implicit) implicit_bytes_ += fs::file_size(path, failure);
    if (files_.size() > kMaxFiles) {
      return invalid_input(fmt::format("the bundle has more than {} files; name what is not needed "
                                       "in a .farmignore file",
                                       kMaxFiles));
    }
    return {};
  }

  // The link stays a link; what it points at comes along.
  Result<void> add_link(const fs::path& path, bool implicit) {
    if (links_.contains(path)) return {};
    std::error_code failure;
    const fs::path target = fs::read_symlink(path, failure);
    if (failure) return internal(path.string() + ": " + failure.message());
    const fs::path absolute =
        (target.is_absolute() ? target : path.parent_path() / target).lexically_normal();
    links_[path] = absolute.lexically_relative(path.parent_path());
    if (!fs::exists(absolute, failure)) return {};  // a dangling link stays one
    return add(absolute, implicit);
  }

  Result<void> add_folder(const fs::path& folder, bool implicit) {
    if (!folders_.insert({folder, implicit}).second) return {};
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; entry != end && !failure;
         entry.increment(failure)) {
      const fs::path path = entry->path();
      if (implicit && ignored(path)) continue;
      TRY(add(path, implicit));
    }
    if (failure) return denied(folder.string() + ": " + failure.message());
    return {};
  }

  bool ignored(const fs::path& path) const {
    const std::string name = path.filename();
    const std::string relative = path.lexically_relative(top_);
    return std::any_of(ignores_.begin(), ignores_.end(), [&](const std::string& pattern) {
      return functions::glob_match(pattern, name) || functions::glob_match(pattern, relative);
    });
  }

  std::vector<std::string> ignores_;
  fs::path top_;
  std::set<fs::path> files_;
  std::map<fs::path, fs::path> links_;
  std::set<std::pair<fs::path, bool>> folders_;
  uint64_t implicit_bytes_ = 0;
};

// The deepest folder that holds both.
fs::path common_root(const fs::path& a, const fs::path& b) {
  fs::path root;
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end() && *x == *y; ++x, ++y) root /= *x;
  return root;
}

Result<uint32_t> mode_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error("stat " + path.string(), errno);
  return (status.st_mode & 0111) != 0 ? 0755U : 0644U;
}

Result<uint64_t> size_of(const fs::path& path) { return io::file_size(path.string()); }

}  // namespace

std::vector<std::string> parse_ignore(const std::string& text) {
  std::vector<std::string> patterns;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '/')) {
      line.pop_back();
    }
    if (line.starts_with('/')) line.erase(0, 1);
    if (line.empty() || line[0] == '#') continue;
    patterns.push_back(std::move(line));
  }
  return patterns;
}

Result<Bundle> gather_bundle(plan::Plan& plan, const std::string& template_path,
                             const std::string& working_directory, const std::string& home,
                             const plan::PathProbe& probe) {
  const fs::path here = fs::path(working_directory).lexically_normal();
  const fs::path named = (here / template_path).lexically_normal();
  std::error_code failure;
  fs::path folder = fs::is_directory(named, failure) ? named : named.parent_path();
  if (!folder.has_filename() && folder.has_parent_path()) folder = folder.parent_path();

  std::vector<std::string> ignores = default_ignores();
  Result<std::string> ignore_text = io::read_file((folder / ".farmignore").string());
  if (ignore_text) {
    for (std::string& pattern : parse_ignore(*ignore_text)) ignores.push_back(std::move(pattern));
  }
  Gatherer gatherer(std::move(ignores));
  TRY(gatherer.add_template_folder(folder));
  for (plan::JobSpec& job : plan.jobs) {
    for (const std::string& path : plan::take_named_files(job, here.string(), home, probe)) {
      TRY(gatherer.add_named(path));
    }
  }

  fs::path root = common_root(here, folder);
  for (const fs::path& file : gatherer.files()) root = common_root(root, file.parent_path());
  for (const auto& [link, target] : gatherer.links()) root = common_root(root, link.parent_path());

  Bundle bundle;
  bundle.working_directory = here.lexically_relative(root).string();
  bundle.template_directory = folder.lexically_relative(root).string();
  for (const fs::path& file : gatherer.files()) {
    BundledFile entry;
    entry.record.path = file.lexically_relative(root).string();
    entry.record.mode = TRY(mode_of(file));
    entry.record.size = TRY(size_of(file));
    entry.disk_path = file.string();
    bundle.files.push_back(std::move(entry));
  }
  for (const auto& [link, target] : gatherer.links()) {
    BundledFile entry;
    entry.record.path = link.lexically_relative(root).string();
    entry.record.link_target = target.string();
    bundle.files.push_back(std::move(entry));
  }
  std::sort(bundle.files.begin(), bundle.files.end(),
            [](const BundledFile& a, const BundledFile& b) { return a.record.path < b.record.path; });
  return bundle;
}

}  // namespace farm::farmctl
