#include "common/base/fault_point.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace farm {
namespace {

struct Fault {
  std::string name;
  long passage = 1;
  std::string fuse;
};

Fault asked_for() {
  const char* text = std::getenv("FARM_FAULT");
  if (text == nullptr) return {};
  Fault fault{text, 1, {}};
  if (const size_t at = fault.name.find('@'); at != std::string::npos) {
    fault.fuse = fault.name.substr(at + 1);
    fault.name.resize(at);
  }
  const size_t colon = fault.name.find(':');
  if (colon == std::string::npos) return fault;
  fault.passage = std::strtol(fault.name.c_str() + colon + 1, nullptr, 10);
  fault.name.resize(colon);
  return fault;
}

}  // namespace

void fault_point(std::string_view name) {
  static const Fault fault = asked_for();
  if (fault.name.empty() || fault.name != name) return;
  static std::atomic<long> passages{0};
  if (++passages < fault.passage) return;
  if (!fault.fuse.empty() && ::unlink(fault.fuse.c_str()) != 0) return;
  std::raise(SIGKILL);
}

}  // namespace farm
