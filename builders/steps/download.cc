#include "builders/steps/download.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "builders/steps/checksum_file.h"
#include "builders/steps/download_cache.h"
#include "common/io/files.h"
#include "common/net/http/client.h"

namespace farm::builders::steps {
namespace {

constexpr auto kLockPatience = std::chrono::hours(12);  // another build may fetch a large image
constexpr auto kTransferLimit = std::chrono::hours(24);
// Tries in a row that bring nothing new before a URL is given up.
constexpr int kBarrenTries = 4;
constexpr auto kFirstPause = std::chrono::milliseconds(500);

// True when the file has the wanted digest (always, without one).
Result<bool> matches(BuildContext& context, const std::string& path, const Checksum& checksum) {
  if (checksum.form == Checksum::Form::None) return true;
  const std::string hex = TRY(io::digest_file(checksum.kind, path, context.cancel));
  return hex == checksum.hex;
}

// Appends to what an earlier try left in `part`, if the server sends ranges.
Result<void> transfer(BuildContext& context, const std::string& url, const std::string& part,
                      bool resume) {
  const io::Fd file = TRY(io::open_file(part, O_WRONLY | O_CREAT | (resume ? 0 : O_TRUNC), 0644));
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  const uint64_t offset = end > 0 ? static_cast<uint64_t>(end) : 0;
  net::HttpClient client;
  net::HttpRequest request;
  request.url = url;
  request.netrc = true;
  request.deadline = kTransferLimit;
  request.resume_from = offset;
  request.on_status = [&](int status) -> Result<void> {
    // An FTP server (1xx here) goes on at the offset, or fails.
    if (status == 206 || status < 200 || offset == 0) return {};
    if (::ftruncate(file.get(), 0) != 0) return system_error("truncate " + part, errno);
    ::lseek(file.get(), 0, SEEK_SET);
    return {};
  };
  request.on_body = [&](std::string_view piece) { return io::write_all(file.get(), piece); };
  const std::string shown = url_file_name(url);
  request.on_progress = [&](uint64_t done, uint64_t total) {
    context.ui.progress(shown, done + offset, total == 0 ? 0 : total + offset);
  };
  const net::HttpResponse response = TRY(client.send(request, context.cancel));
  if (response.status == 416) return {};  // nothing is missing; the checksum decides
  if (!response.success()) {
    return Error{ErrorCode::Unavailable, fmt::format("bad response code: {}", response.status),
                 response.status >= 500};
  }
  return io::sync(file.get());
}

// Goes on where a broken connection left off: a server that drops them gets on with each try.
Result<void> transfer_whole(BuildContext& context, const std::string& url, const std::string& part,
                            bool resume, bool may_resume) {
  Duration pause = kFirstPause;
  uint64_t have = io::file_size(part).value_or(0);
  for (int barren = 0;; resume = may_resume) {
    Result<void> done = transfer(context, url, part, resume);
    if (done || !done.error().retryable) return done;
    const uint64_t now = io::file_size(part).value_or(0);
    const bool progress = may_resume && now > have;
    barren = progress ? 0 : barren + 1;
    if (barren == kBarrenTries) return done;
    if (progress) pause = kFirstPause;
    context.ui.message(fmt::format("Download interrupted after {} bytes ({}); trying again", now,
                                   done.error().message));
    have = now;
    if (!context.cancel.sleep(pause)) return cancelled("cancelled");
    pause = std::min<Duration>(pause * 2, std::chrono::seconds(10));
  }
}

}  // namespace

std::string take_url_checksum(std::string& url, const std::string& option) {
  const size_t query = url.find('?');
  if (query == std::string::npos || url_scheme(url).empty()) return option;
  std::string kept;
  std::string found = option;
  size_t begin = query + 1;
  while (begin <= url.size()) {
    const size_t end = std::min(url.find('&', begin), url.size());
    const std::string pair = url.substr(begin, end - begin);
    if (pair.starts_with("checksum=")) {
      found = net::percent_decode(pair.substr(9));
    } else if (!pair.empty()) {
      kept += (kept.empty() ? "?" : "&") + pair;
    }
    begin = end + 1;
  }
  url = url.substr(0, query) + kept;
  return found;
}

std::string download_target(const BuildContext& context, const IsoOptions& options,
                            const std::string& cache_key) {
  std::string name = io::digest_hex(io::DigestKind::Sha1, cache_key);
  if (!options.target_extension.empty()) name += "." + options.target_extension;
  if (options.target_path.empty()) return io::join_path(context.cache_directory, name);
  const std::string path = resolve_path(context, options.target_path);
  return io::extension(path).empty() ? io::join_path(path, name) : path;
}

Result<void> Download::run(BuildContext& context) {
  context.ui.say("Retrieving " + what_);
  std::vector<std::string> failures;
  for (const std::string& url : options_.urls) {
    TRY(context.cancel.check());
    const Result<std::string> path = fetch_one(context, url);
    if (path) {
      *result_ = *path;
      context.generated["SourceImageURL"] = value::Value::string(url);
      return {};
    }
    if (path.error().code == ErrorCode::Cancelled) return path.error();
    context.ui.message("Download failed " + path.error().message);
    failures.push_back(path.error().message);
  }
  return unavailable(fmt::format("error downloading {}: [{}]", what_, fmt::join(failures, " ")));
}

Result<std::string> Download::fetch_one(BuildContext& context, const std::string& given) {
  std::string url = given;
  const std::string text = take_url_checksum(url, options_.checksum);
  context.ui.say("Trying " + url);
  const auto absolute = [&](const std::string& path) { return resolve_path(context, path); };
  const Result<Checksum> checksum = resolve_checksum(text, url, absolute, context.cancel);
  if (!checksum) return checksum.error();
  const bool none = checksum->form == Checksum::Form::None;
  const std::string mark = url.find('?') == std::string::npos ? "?" : "&";
  context.ui.say("Trying " + url +
                 (none ? "" : mark + "checksum=" + net::percent_encode(checksum->text())));
  const std::string local = local_path_of(url);
  if (!local.empty()) return use_local(context, resolve_path(context, local), *checksum);
  // Of a checksum file the digest it named counts, so that a new image gets a new place.
  const std::string key = none ? url : text.starts_with("file:") ? checksum->text() : text;
  return fetch_remote(context, url, *checksum, key);
}

Result<std::string> Download::use_local(BuildContext& context, const std::string& path,
                                        const Checksum& checksum) {
  if (!io::exists(path)) return not_found(path + " does not exist");
  if (io::is_directory(path)) return invalid_input(path + " is a directory");
  const bool good = TRY(matches(context, path, checksum));
  // The user's own file is never removed, unlike a bad download.
  if (!good) return corrupt(fmt::format("Checksums did not match for {}", path));
  context.ui.say(fmt::format("{} => {}", path, path));
  return path;
}

Result<std::string> Download::fetch_remote(BuildContext& context, const std::string& url,
                                           const Checksum& checksum,
                                           const std::string& cache_key) {
  const std::string target = download_target(context, options_, cache_key);
  TRY(io::make_directories(io::parent_path(target)));
  const io::FileLock lock = TRY(io::FileLock::acquire(
      target + ".lock", io::steady_now() + kLockPatience, context.cancel));
  const bool none = checksum.form == Checksum::Form::None;
  if (io::exists(target)) {
    const bool good = TRY(matches(context, target, checksum));
    if (good) {
      context.ui.say(fmt::format("{} => {}", url, target));
      held_ = TRY(hold_cached(target));
      return target;
    }
    context.ui.message("Checksum did not match, removing " + target);
    TRY(io::remove_file(target));
  }
  const std::string part = target + ".part";
  // Without a checksum nobody could tell whether the two halves belong together.
  bool resume = !none && io::exists(part);
  while (true) {
    TRY(transfer_whole(context, url, part, resume, !none));
    const bool good = TRY(matches(context, part, checksum));
    if (good) break;
    context.ui.message("Checksum did not match, removing " + part);
    TRY(io::remove_file(part));
    if (!resume) return corrupt(fmt::format("Checksums did not match for {}", url));
    resume = false;  // the remains of the earlier try were to blame, perhaps
  }
  TRY(io::move_file(part, target, context.cancel));
  context.ui.say(fmt::format("{} => {}", url, target));
  held_ = TRY(hold_cached(target));
  if (!options_.target_path.empty()) return target;
  const auto limit = TRY(cache_limit(context.environment));
  if (!limit) return target;
  const uint64_t freed = TRY(evict_downloads(context.cache_directory, *limit));
  if (freed > 0) context.ui.message(fmt::format("Removed {} bytes from the cache", freed));
  return target;
}

}  // namespace farm::builders::steps
