#include "builders/communicators/winrm/winrm_communicator.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "builders/communicators/winrm/file_scripts.h"
#include "builders/communicators/winrm/zip_file.h"
#include "builders/core/powershell.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"
#include "common/template/functions/base64.h"

namespace farm::builders::winrm {
namespace {

// Bytes in one line of base64: a multiple of 3, so that lines need no padding.
constexpr size_t kLineBytes = 48U << 10;
constexpr int kSendTries = 3;
constexpr size_t kKeptErrorBytes = 16U << 10;

/// A file as lines of base64, in pieces of any size.
class EncodedLines {
 public:
  EncodedLines(const ssh::UploadSource& source, const ProgressSink& progress)
      : source_(source), progress_(progress) {}

  size_t read(char* buffer, size_t capacity) {
    if (at_ == line_.size() && !next_line()) return 0;
    const size_t count = std::min(capacity, line_.size() - at_);
    std::copy_n(line_.data() + at_, count, buffer);
    at_ += count;
    return count;
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  bool next_line() {
    if (done_ == source_.size()) return false;
    std::string bytes(std::min<uint64_t>(kLineBytes, source_.size() - done_), '\0');
    const Result<void> got = source_.read(done_, bytes.data(), bytes.size());
    if (!got) {
      failure_ = got.error();
      return false;
    }
    done_ += bytes.size();
    line_ = functions::base64_encode(bytes) + "\r\n";
    at_ = 0;
    if (progress_) progress_(done_, source_.size());
    return true;
  }

  const ssh::UploadSource& source_;
  const ProgressSink& progress_;
  std::string line_;
  size_t at_ = 0;
  uint64_t done_ = 0;
  std::optional<Error> failure_;
};

/// The other way: output of send_file_script() into a local file.
class DecodedLines {
 public:
  DecodedLines(ssh::DownloadSink& sink, const ProgressSink& progress)
      : sink_(sink), progress_(progress) {}

  void feed(std::string_view bytes) {
    partial_.append(bytes);
    size_t begin = 0;
    for (size_t end; !failure_ && (end = partial_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const Result<void> taken = line(std::string_view(partial_).substr(begin, end - begin));
      if (!taken) failure_ = taken.error();
    }
    partial_.erase(0, begin);
  }

  /// The whole file came, and nothing else.
  Result<void> finish() {
    if (failure_) return *failure_;
    if (!size_ || done_ != *size_) {
      return corrupt(fmt::format("received {} of {} bytes", done_, size_.value_or(0)));
    }
    return sink_.close(done_);
  }

 private:
  Result<void> line(std::string_view text) {
    while (text.ends_with('\r')) text.remove_suffix(1);
    if (!size_) {
      uint64_t size = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
        return corrupt("the machine gave no size for the file");
      }
      size_ = size;
      return {};
    }
    const std::string bytes = TRY(functions::base64_decode(text));
    TRY(sink_.write(done_, bytes));
    done_ += bytes.size();
    if (progress_) progress_(done_, *size_);
    return {};
  }

  ssh::DownloadSink& sink_;
  const ProgressSink& progress_;
  std::string partial_;
  std::optional<uint64_t> size_;
  uint64_t done_ = 0;
  std::optional<Error> failure_;
};

std::string without_end_slashes(std::string path) {
  while (path.size() > 1 && (path.ends_with('/') || path.ends_with('\\'))) path.pop_back();
  return path;
}

std::string last_name(const std::string& path) {
  const std::string bare = without_end_slashes(path);
  return bare.substr(bare.find_last_of("/\\") + 1);
}

}  // namespace

Result<int> WinRmCommunicator::run(const RemoteCommand& command, const CancelToken& cancel) {
  Shell shell = TRY(Shell::create(*client_, cancel));
  return shell.run(command, cancel);
}

Result<void> WinRmCommunicator::run_script(const std::string& script, const InputSource& input,
                                           const OutputSink& output, const CancelToken& cancel) {
  std::string said;
  RemoteCommand command;
  command.command = powershell_command(script);
  command.input = input;
  command.on_stdout = output;
  command.on_stderr = [&said](std::string_view bytes) {
    said.append(bytes.substr(0, kKeptErrorBytes - std::min(said.size(), kKeptErrorBytes)));
  };
  const int status = TRY(run(command, cancel));
  if (status == 0) return {};
  if (status == kDisconnected) return unavailable("connection lost");
  if (status == kIncomplete) return unavailable(said);
  std::string text = powershell_error_text(said);
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return invalid_input(text.empty() ? fmt::format("PowerShell ended with exit code {}", status)
                                    : text);
}

// A connection that breaks loses or doubles a piece; the machine then says so and keeps nothing.
Result<void> WinRmCommunicator::send_file(const ssh::UploadSource& source,
                                          const std::string& remote, const ProgressSink& progress,
                                          const CancelToken& cancel) {
  for (int tries = 1;; ++tries) {
    EncodedLines lines(source, progress);
    const auto sent = run_script(
        receive_file_script(remote, source.size()),
        [&lines](char* buffer, size_t capacity) { return lines.read(buffer, capacity); }, {},
        cancel);
    if (lines.failure()) return *lines.failure();
    if (sent) return {};
    if (!sent.error().retryable || tries == kSendTries) {
      return sent.error().within("upload to " + remote);
    }
  }
}

Result<void> WinRmCommunicator::upload(const std::string& local, const std::string& remote,
                                       uint32_t, const ProgressSink& progress,
                                       const CancelToken& cancel) {
  const ssh::UploadSource source = TRY(ssh::UploadSource::open(local));
  return send_file(source, remote, progress, cancel);
}

Result<void> WinRmCommunicator::upload_bytes(std::string_view bytes, const std::string& remote,
                                             uint32_t, const CancelToken& cancel) {
  return send_file(ssh::UploadSource::of(bytes), remote, {}, cancel);
}

Result<void> WinRmCommunicator::upload_directory(const std::string& local,
                                                 const std::string& remote,
                                                 const std::vector<std::string>& exclude,
                                                 const CancelToken& cancel) {
  const std::string root = without_end_slashes(local);
  const std::vector<ssh::TreeEntry> tree = TRY(ssh::walk_tree(root, exclude));
  const std::string name = "farm-" + random_.word(12) + ".zip";
  const std::string archive = temp_directory_ + "/" + name;
  const ScopeGuard remove([&] { (void)io::remove_file(archive); });
  TRY(write_zip(tree, archive, cancel));
  const std::string remote_archive = "$env:TEMP\\" + name;
  TRY(upload(archive, remote_archive, 0600, {}, cancel));
  const std::string target = local.ends_with('/')
                                 ? remote
                                 : without_end_slashes(remote) + "/" + last_name(root);
  const auto unpacked = run_script(unpack_script(remote_archive, target), {}, {}, cancel);
  if (!unpacked) return unpacked.error().within("unpack " + target);
  return {};
}

Result<void> WinRmCommunicator::download(const std::string& remote, const std::string& local,
                                         const ProgressSink& progress, const CancelToken& cancel) {
  const std::string part = local + ".farm-part";
  ssh::DownloadSink sink = TRY(ssh::DownloadSink::create(part, 0644));
  ScopeGuard remove([&] { (void)io::remove_file(part); });
  DecodedLines lines(sink, progress);
  const auto received = run_script(
      send_file_script(remote), {}, [&lines](std::string_view bytes) { lines.feed(bytes); },
      cancel);
  if (!received) return received.error().within("download of " + remote);
  const auto whole = lines.finish();
  if (!whole) return whole.error().within("download of " + remote);
  return io::move_file(part, local, cancel);
}

Result<void> WinRmCommunicator::download_directory(const std::string& remote,
                                                   const std::string& local,
                                                   const std::vector<std::string>& exclude,
                                                   const CancelToken& cancel) {
  const bool contents = remote.ends_with('/') || remote.ends_with('\\');
  const std::string target = contents ? local : io::join_path(local, last_name(remote));
  const std::string name = "farm-" + random_.word(12) + ".zip";
  const std::string remote_archive = "$env:TEMP\\" + name;
  const std::string archive = temp_directory_ + "/" + name;
  const ScopeGuard remove([&] { (void)io::remove_file(archive); });
  const auto packed =
      run_script(pack_script(without_end_slashes(remote), remote_archive), {}, {}, cancel);
  if (!packed) return packed.error().within("pack " + remote);
  const Result<void> fetched = download(remote_archive, archive, {}, cancel);
  const auto deleted = run_script(delete_file_script(remote_archive), {}, {}, cancel);
  TRY(fetched);
  TRY(deleted);
  TRY(io::make_directories(target));
  return read_zip(archive, target, exclude, cancel);
}

}  // namespace farm::builders::winrm
