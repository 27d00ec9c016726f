// LIBS: farm_platform_qemu
// What qemu's monitor says: answers that are missing, cut short or nonsense end in an error.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/socket.h>

#include "builders/platforms/qemu/qmp.h"

namespace {

void converse(const std::string& answers) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  farm::io::Fd ours(ends[0]);
  const farm::io::Fd theirs(ends[1]);
  (void)::send(theirs.get(), answers.data(), answers.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)::shutdown(theirs.get(), SHUT_WR);
  auto monitor = farm::builders::platform_qemu::QmpClient::open(
      std::move(ours), std::chrono::minutes(1), farm::CancelToken());
  if (!monitor) return;
  (void)monitor->execute("query-status");
  (void)farm::builders::platform_qemu::network_device_mac(*monitor, "net0");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  converse(text);
  converse("{\"QMP\":{}}\n{\"return\":{}}\n" + text);
  return 0;
}
