#include "common/net/zmq/keys.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/scope_guard.h"

namespace farm::net {
namespace {

constexpr size_t kKeyText = 40;
using KeyBuffer = std::array<char, kKeyText + 1>;

Result<CurveKeys> read_keys(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_error("stat " + path, errno);
  if ((status.st_mode & 077) != 0) {
    return denied("key file " + path + " can be read by others; fix: chmod 600 " + path);
  }
  std::array<char, 2 * kKeyText + 2> text{};
  const ssize_t got = ::read(fd, text.data(), text.size());
  const std::string lines(text.data(), got < 0 ? 0 : static_cast<size_t>(got));
  if (lines.size() < 2 * kKeyText + 1 || lines[kKeyText] != '\n') {
    return corrupt("key file " + path + " is not a key pair");
  }
  CurveKeys keys{lines.substr(0, kKeyText), Secret(lines.substr(kKeyText + 1, kKeyText))};
  Result<std::string> derived = curve_public_key(keys.secret_key);
  if (!derived || *derived != keys.public_key) {
    return corrupt("key file " + path + ": the two keys do not belong together");
  }
  return keys;
}

}  // namespace

Result<CurveKeys> generate_curve_keys() {
  KeyBuffer public_key{};
  KeyBuffer secret_key{};
  if (::zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return internal("this libzmq has no CURVE support");
  }
  return CurveKeys{public_key.data(), Secret(secret_key.data())};
}

Result<std::string> curve_public_key(const Secret& secret_key) {
  KeyBuffer public_key{};
  if (secret_key.reveal().size() != kKeyText ||
      ::zmq_curve_public(public_key.data(), secret_key.reveal().c_str()) != 0) {
    return invalid_input("not a CURVE secret key");
  }
  return std::string(public_key.data());
}

Result<CurveKeys> load_or_create_curve_keys(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    const ScopeGuard close([fd] { ::close(fd); });
    return read_keys(fd, path);
  }
  if (errno != ENOENT) return system_error("open " + path, errno);
  CurveKeys keys = TRY(generate_curve_keys());
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("create " + temporary, errno);
  const std::string text = keys.public_key + "\n" + keys.secret_key.reveal() + "\n";
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool durable = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!durable) return system_error("write " + temporary, error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("rename " + path, errno);
  return keys;
}

}  // namespace farm::net
