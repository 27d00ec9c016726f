#include "builders/communicators/ssh/scp.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "builders/communicators/ssh/channel.h"

namespace farm::builders::ssh {
namespace {

// Several of the channel's packets at once, so that libssh2's bookkeeping is paid once for many.
constexpr size_t kPiece = 1U << 20;
constexpr size_t kLongestLine = 4096;

/// "dir/name" -> "dir" and "name", where both separators of Windows count.
struct RemoteName {
  std::string directory;
  std::string name;
};

Result<RemoteName> split(const std::string& remote) {
  const bool windows = remote.size() > 1 && remote[1] == ':';
  const size_t slash = remote.find_last_of(windows ? "/\\" : "/");
  RemoteName split;
  if (slash == std::string::npos) {
    split = {".", remote};
  } else {
    split = {slash == 0 ? "/" : remote.substr(0, slash), remote.substr(slash + 1)};
  }
  if (split.name.empty()) return invalid_input("upload: no file name in " + remote);
  return split;
}

/// The command's side of the protocol: header lines, answers, and its complaints.
class ScpChannel {
 public:
  ScpChannel(Channel channel, const Wait& wait) : channel_(std::move(channel)), wait_(wait) {}
  Channel& channel() { return channel_; }

  Result<void> answer_ok() { return channel_.write_all(std::string_view("\0", 1), wait_); }

  /// One answer byte: 0, or 1/2 with a complaint.
  Result<void> expect_ok() {
    char code = 0;
    const size_t got = TRY(channel_.read_some(&code, 1, wait_));
    if (got == 0) return command_failed();
    if (code == 0) return {};
    const std::string text = TRY(line());
    if (code == 1 || code == 2) return unavailable_for_good(text);
    return unavailable_for_good("unexpected answer " + std::string(1, code) + text);
  }

  /// The rest of a line, without its end.
  Result<std::string> line() {
    std::string text;
    for (char c = 0; text.size() < kLongestLine; text.push_back(c)) {
      const size_t got = TRY(channel_.read_some(&c, 1, wait_));
      if (got == 0) return command_failed();
      if (c == '\n') return text;
    }
    return corrupt("scp: a header line without an end");
  }

  /// The command ended early: what it said on stderr explains it.
  Error command_failed() {
    std::string text;
    char buffer[1024];
    for (;;) {
      auto got = channel_.try_read(ChannelStream::ErrorOutput, buffer, sizeof buffer);
      if (!got || got->moved != Moved::Some) break;
      text.append(buffer, got->count);
      if (text.size() > kLongestLine) break;
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const auto status = channel_.finish(wait_);
    if (status && *status == kDisconnected) return unavailable("scp: the connection was lost");
    if (text.empty() && status) text = fmt::format("ended with status {}", *status);
    return unavailable_for_good(text);
  }

  static Error unavailable_for_good(const std::string& text) {
    return Error{ErrorCode::Unavailable, "scp: " + text, false};
  }

  Result<void> finish() {
    TRY(channel_.send_end(wait_));
    char rest = 0;
    for (size_t got = 1; got > 0;) got = TRY(channel_.read_some(&rest, 1, wait_));
    const int status = TRY(channel_.finish(wait_));
    if (status == kDisconnected) return unavailable("scp: the connection was lost");
    if (status != 0) return unavailable_for_good(fmt::format("ended with status {}", status));
    return {};
  }

 private:
  Channel channel_;
  const Wait& wait_;
};

Result<ScpChannel> start(Session& session, const std::string& command, const Wait& wait) {
  Channel channel = TRY(Channel::open_command(session, wait));
  TRY(channel.exec(command, wait));
  return ScpChannel(std::move(channel), wait);
}

struct Header {
  uint32_t mode = 0;
  uint64_t size = 0;
};

/// "0644 1234 name" after the leading C.
Result<Header> parse_header(std::string_view line) {
  Header header;
  const char* const end = line.data() + line.size();
  const auto mode = std::from_chars(line.data(), end, header.mode, 8);
  if (mode.ec == std::errc() && mode.ptr < end && *mode.ptr == ' ') {
    const auto size = std::from_chars(mode.ptr + 1, end, header.size);
    if (size.ec == std::errc() && size.ptr < end && *size.ptr == ' ') return header;
  }
  return corrupt("scp: a damaged file header: " + std::string(line));
}

}  // namespace

Result<void> ScpTransfer::upload_from(ResumePoint& point, const UploadSource& source,
                                      const std::string& remote, uint32_t mode,
                                      const ProgressSink& progress, const Wait& wait) {
  point.done = 0;  // the protocol knows no offset
  const RemoteName name = TRY(split(remote));
  const std::string directory = TRY(remote_word(name.directory));
  ScpChannel scp = TRY(start(session_, "scp -t " + directory, wait));
  TRY(scp.expect_ok());
  TRY(scp.channel().write_all(
      fmt::format("C{:04o} {} {}\n", mode & 07777, source.size(), name.name), wait));
  TRY(scp.expect_ok());
  std::vector<char> piece(std::min<uint64_t>(kPiece, std::max<uint64_t>(source.size(), 1)));
  for (uint64_t done = 0; done < source.size();) {
    const size_t count = std::min<uint64_t>(piece.size(), source.size() - done);
    TRY(source.read(done, piece.data(), count));
    const auto sent = scp.channel().write_all(std::string_view(piece.data(), count), wait);
    if (!sent) {
      // A full disk there shows as a complaint, not as a failed write.
      if (sent.error().code != ErrorCode::Unavailable || session_.lost()) return sent.error();
      TRY(scp.expect_ok());
      return sent.error();
    }
    done += count;
    point.done = done;
    if (progress) progress(done, source.size());
  }
  TRY(scp.answer_ok());
  TRY(scp.expect_ok());
  return scp.finish();
}

Result<void> ScpTransfer::download_from(ResumePoint& point, const std::string& remote,
                                        const std::string& local, const ProgressSink& progress,
                                        const Wait& wait) {
  point.done = 0;
  const std::string word = TRY(remote_word(remote));
  ScpChannel scp = TRY(start(session_, "scp -f " + word, wait));
  TRY(scp.answer_ok());
  char kind = 0;
  const size_t got = TRY(scp.channel().read_some(&kind, 1, wait));
  if (got == 0) return scp.command_failed();
  const std::string line = TRY(scp.line());
  if (kind != 'C') return ScpChannel::unavailable_for_good(line);
  const Header header = TRY(parse_header(line));
  DownloadSink sink = TRY(DownloadSink::create(local, header.mode));
  TRY(scp.answer_ok());
  std::vector<char> piece(kPiece);
  for (uint64_t done = 0; done < header.size;) {
    const size_t want = std::min<uint64_t>(piece.size(), header.size - done);
    const size_t count = TRY(scp.channel().read_some(piece.data(), want, wait));
    if (count == 0) return scp.command_failed();
    TRY(sink.write(done, std::string_view(piece.data(), count)));
    done += count;
    point.done = done;
    if (progress) progress(done, header.size);
  }
  TRY(scp.expect_ok());
  TRY(sink.close(header.size));
  TRY(scp.answer_ok());
  return scp.finish();
}

}  // namespace farm::builders::ssh
