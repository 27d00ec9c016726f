#include "builders/steps/download_cache.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <vector>

#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

struct Cached {
  std::string path;
  uint64_t size = 0;
  int64_t used = 0;  // nanoseconds
};

// "<40 hex digits>" and an extension: what download_target() names.
bool is_download(const std::string& path) {
  const std::string name = io::base_name(path);
  const size_t digits = std::min(name.find_first_not_of("0123456789abcdef"), name.size());
  return digits == 40 && !name.ends_with(".lock") && !name.ends_with(".part");
}

std::vector<Cached> downloads_in(const std::vector<std::string>& files) {
  std::vector<Cached> found;
  for (const std::string& path : files) {
    struct stat info {};
    if (!is_download(path) || ::stat(path.c_str(), &info) != 0) continue;
    found.push_back({path, static_cast<uint64_t>(info.st_size),
                     info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
  }
  std::sort(found.begin(), found.end(),
            [](const Cached& a, const Cached& b) { return a.used < b.used; });
  return found;
}

// False when somebody holds it.
Result<bool> remove_unheld(const std::string& path) {
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  TRY(io::remove_file(path));
  TRY(io::remove_file(path + ".lock"));
  return true;
}

}  // namespace

Result<std::optional<uint64_t>> cache_limit(const Environment& environment) {
  const std::string text = environment.get_or("FARM_CACHE_LIMIT", "");
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  const std::string_view unit(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  const size_t power = std::string_view("KMGT").find(unit.empty() ? '-' : unit[0]);
  const bool good = parsed.ec == std::errc() &&
                    (unit.empty() || (unit.size() == 1 && power != std::string_view::npos));
  if (!good || value > (1ULL << 22) * (unit.empty() ? 1ULL << 40 : 1ULL)) {
    return invalid_input("FARM_CACHE_LIMIT: \"" + text +
                         "\" is no size (a number, perhaps with K, M, G or T)");
  }
  return std::optional(unit.empty() ? value : value << (10 * (power + 1)));
}

Result<io::Fd> hold_cached(const std::string& path) {
  io::Fd file = TRY(io::open_file(path, O_RDONLY));
  if (::flock(file.get(), LOCK_SH) != 0) return system_error("lock " + path, errno);
  // Not owned by this user: then its age stays as it is.
  static_cast<void>(::futimens(file.get(), nullptr));
  return file;
}

Result<uint64_t> evict_downloads(const std::string& directory, uint64_t limit) {
  const std::vector<std::string> files = TRY(io::list_files(directory));
  const std::vector<Cached> cached = downloads_in(files);
  uint64_t held = 0;
  for (const Cached& file : cached) held += file.size;
  uint64_t removed = 0;
  for (const Cached& file : cached) {
    if (held - removed <= limit) break;
    const Result<bool> gone = remove_unheld(file.path);
    if (!gone && gone.error().code != ErrorCode::NotFound) return gone.error();
    if (gone && *gone) removed += file.size;
  }
  return removed;
}

}  // namespace farm::builders::steps
