#include "builders/provisioners/ansible/scp_service.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <vector>

#include "builders/staging/guest.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_ansible {
namespace {

constexpr size_t kLineLimit = 8192;
constexpr size_t kFilePiece = 256U << 10;

// Words as a POSIX shell makes them; empty when quotes are not closed or something would be
// expanded.
std::optional<std::vector<std::string>> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t') {
      if (open) words.push_back(std::exchange(word, {}));
      open = false;
      continue;
    }
    open = true;
    if (c == '\'') {
      const size_t end = text.find('\'', i + 1);
      if (end == std::string::npos) return std::nullopt;
      word += text.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '$' || text[i] == '`') return std::nullopt;
        if (text[i] == '\\' && i + 1 < text.size() &&
            std::string_view("\"\\$`").find(text[i + 1]) != std::string_view::npos) {
          ++i;
        }
        word += text[i];
      }
      if (i == text.size()) return std::nullopt;
    } else if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      word += text[i];
    } else if (std::string_view("$`;|&<>()\n*?[").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      word += c;
    }
  }
  if (open) words.push_back(std::move(word));
  return words;
}

struct DirectoryClose {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

class ScpService {
 public:
  ScpService(const ScpCommand& command, staging::GuestOs os, BuildContext& context,
             ChannelPipe& pipe)
      : command_(command), os_(os), context_(context), pipe_(pipe) {}

  Result<void> receive() {
    const io::TempDirectory directory =
        TRY(io::TempDirectory::create(context_.temp_directory, "scp-"));
    acknowledge();
    for (;;) {
      const std::string line = TRY(read_line());
      if (line.empty()) return {};  // the client is done
      if (line[0] == 'T') {
        acknowledge();
        continue;
      }
      TRY(receive_entry(line, directory.path(), Depth::Top));
    }
  }

  Result<void> send() {
    const io::TempDirectory directory =
        TRY(io::TempDirectory::create(context_.temp_directory, "scp-"));
    TRY(await_acknowledgement());
    std::string path = command_.path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const std::string local = directory.path() + "/" + io::base_name(path);
    const CancelToken& cancel = pipe_.cancel();
    if (command_.recursive && is_remote_directory(path)) {
      TRY(io::make_directories(local));
      TRY(context_.communicator->download_directory(path + "/", local, {}, cancel));
    } else {
      TRY(context_.communicator->download(path, local, {}, cancel));
    }
    return send_entry(local);
  }

 private:
  enum class Depth { Top, Inner };

  void acknowledge() { pipe_.write(PipeStream::Output, std::string_view("\0", 1)); }

  Result<char> read_byte() {
    char byte = 0;
    if (TRY(pipe_.read(&byte, 1)) == 0) return unavailable("scp: the client ended early");
    return byte;
  }

  /// Without its line end; empty when the client has nothing more to say.
  Result<std::string> read_line() {
    std::string line;
    for (;;) {
      char byte = 0;
      if (TRY(pipe_.read(&byte, 1)) == 0) {
        if (line.empty()) return line;
        return unavailable("scp: the client ended early");
      }
      if (byte == '\n') return line;
      line += byte;
      if (line.size() > kLineLimit) return invalid_input("scp: a line of the client is too long");
    }
  }

  Result<void> await_acknowledgement() {
    const char code = TRY(read_byte());
    if (code == 0) return {};
    const std::string text = TRY(read_line());
    return unavailable("scp: the client says: " + text);
  }

  // "C0644 12 name" and "D0755 0 name".
  Result<void> receive_entry(const std::string& line, const std::string& into, Depth depth) {
    if (line[0] == '\1' || line[0] == '\2') return unavailable("scp: " + line.substr(1));
    const size_t first = line.find(' ');
    const size_t second = first == std::string::npos ? first : line.find(' ', first + 1);
    const bool file = line[0] == 'C';
    if ((!file && line[0] != 'D') || second == std::string::npos) {
      return invalid_input("scp: the client sent a line that is none of the protocol");
    }
    const auto mode = static_cast<uint32_t>(std::strtoul(line.c_str() + 1, nullptr, 8)) & 07777U;
    const uint64_t size = std::strtoull(line.c_str() + first + 1, nullptr, 10);
    const std::string name = line.substr(second + 1);
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
      return invalid_input("scp: the client sent a bad file name");
    }
    const std::string local = into + "/" + name;
    if (file) {
      TRY(receive_bytes(local, mode, size));
      if (depth == Depth::Top) return upload_file(local, name, mode);
      acknowledge();
      return {};
    }
    if (!command_.recursive) return invalid_input("scp: a folder without -r");
    TRY(io::make_directories(local, mode | 0700U));
    acknowledge();
    for (;;) {
      const std::string inner = TRY(read_line());
      if (inner.empty()) return unavailable("scp: the client ended early");
      if (inner[0] == 'T') {
        acknowledge();
        continue;
      }
      if (inner[0] == 'E') break;
      TRY(receive_entry(inner, local, Depth::Inner));
    }
    if (depth == Depth::Top) TRY(upload_directory(local, name));
    acknowledge();
    return {};
  }

  Result<void> receive_bytes(const std::string& local, uint32_t mode, uint64_t size) {
    acknowledge();
    const io::Fd file = TRY(io::open_file(local, O_WRONLY | O_CREAT | O_TRUNC, mode | 0600U));
    std::vector<char> piece(kFilePiece);
    while (size > 0) {
      const size_t count = TRY(pipe_.read(piece.data(), std::min<uint64_t>(size, piece.size())));
      if (count == 0) return unavailable("scp: the client ended early");
      TRY(io::write_all(file.get(), std::string_view(piece.data(), count)));
      size -= count;
    }
    return await_acknowledgement();
  }

  Result<void> upload_file(const std::string& local, const std::string& name, uint32_t mode) {
    std::string remote = command_.path;
    if (command_.directory || is_remote_directory(remote)) remote = joined(remote, name);
    TRY(context_.communicator->upload(local, remote, mode, {}, pipe_.cancel()));
    TRY(io::remove_file(local));
    acknowledge();
    return {};
  }

  // As scp does: into the folder when it is there, else the folder becomes the target.
  Result<void> upload_directory(const std::string& local, const std::string& name) {
    std::string remote = command_.path;
    if (is_remote_directory(remote)) remote = joined(remote, name);
    return context_.communicator->upload_directory(local + "/", remote, {}, pipe_.cancel());
  }

  static std::string joined(const std::string& folder, const std::string& name) {
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
  }

  bool is_remote_directory(const std::string& path) {
    if (path.ends_with('/') || path == ".") return true;
    if (os_ == staging::GuestOs::Windows) return false;
    const Result<staging::Guest> guest = staging::Guest::of(context_, {});
    if (!guest) return false;
    RemoteCommand test;
    test.command = "test -d " + guest->quote(path);
    const Result<int> status = context_.communicator->run(test, pipe_.cancel());
    return status && *status == 0;
  }

  Result<void> send_entry(const std::string& local) {
    struct stat status {};
    if (::stat(local.c_str(), &status) != 0) return system_error("stat " + local, errno);
    const std::string name = io::base_name(local);
    if (S_ISDIR(status.st_mode)) {
      TRY(tell(fmt::format("D{:04o} 0 {}\n", status.st_mode & 07777U, name)));
      const std::unique_ptr<DIR, DirectoryClose> directory(::opendir(local.c_str()));
      if (!directory) return system_error("open " + local, errno);
      while (const dirent* entry = ::readdir(directory.get())) {
        const std::string inner = entry->d_name;
        if (inner != "." && inner != "..") TRY(send_entry(local + "/" + inner));
      }
      return tell("E\n");
    }
    const auto size = static_cast<uint64_t>(status.st_size);
    TRY(tell(fmt::format("C{:04o} {} {}\n", status.st_mode & 07777U, size, name)));
    const io::Fd file = TRY(io::open_file(local, O_RDONLY));
    std::vector<char> piece(kFilePiece);
    for (uint64_t left = size; left > 0;) {
      const size_t count =
          TRY(io::read_some(file.get(), piece.data(), std::min<uint64_t>(left, piece.size())));
      if (count == 0) return internal(local + " became shorter");
      pipe_.write(PipeStream::Output, std::string_view(piece.data(), count));
      left -= count;
    }
    acknowledge();
    return await_acknowledgement();
  }

  Result<void> tell(const std::string& line) {
    pipe_.write(PipeStream::Output, line);
    return await_acknowledgement();
  }

  const ScpCommand& command_;
  const staging::GuestOs os_;
  BuildContext& context_;
  ChannelPipe& pipe_;
};

}  // namespace

std::optional<ScpCommand> parse_scp_command(const std::string& command) {
  const std::optional<std::vector<std::string>> words = shell_words(command);
  if (!words || words->size() < 3 || io::base_name((*words)[0]) != "scp") return std::nullopt;
  ScpCommand parsed;
  bool send = false;
  size_t at = 1;
  for (; at < words->size() && (*words)[at].starts_with('-'); ++at) {
    if ((*words)[at] == "--") {
      ++at;
      break;
    }
    for (const char flag : (*words)[at].substr(1)) {
      if (flag == 't') parsed.receive = true;
      if (flag == 'f') send = true;
      if (flag == 'r') parsed.recursive = true;
      if (flag == 'd') parsed.directory = true;
    }
  }
  if (parsed.receive == send || at + 1 != words->size()) return std::nullopt;
  parsed.path = (*words)[at];
  // The communicator's own start is the login directory.
  if (parsed.path == "~") parsed.path = ".";
  if (parsed.path.starts_with("~/")) parsed.path.erase(0, 2);
  return parsed;
}

int serve_scp(const ScpCommand& command, staging::GuestOs os, BuildContext& context,
              ChannelPipe& pipe) {
  ScpService service(command, os, context, pipe);
  const Result<void> done = command.receive ? service.receive() : service.send();
  if (done) return 0;
  std::string message = done.error().message;
  std::replace(message.begin(), message.end(), '\n', ' ');
  pipe.write(PipeStream::Output, "\1scp: " + message + "\n");
  return 1;
}

}  // namespace farm::builders::provisioner_ansible
