// LIBS: farm_agent_spool
// Packets of a runner (it may have been taken over by what it built) as its supervisor reads them.
#include <cstdint>
#include <cstdlib>
#include <sys/socket.h>

#include "agent/spool/control_channel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto ends = farm::agent::ControlChannel::pair();
  if (!ends) std::abort();
  (void)::send(ends->first.fd(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)ends->second.receive();
  ends->first.close();
  (void)ends->second.receive();
  return 0;
}
