// LIBS: farm_agent_spool farm_agent_ledger
// The files of a lease directory, which its runner writes and a crash may tear: events, resource
// ledger, and the directory's own name.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/ledger/file_ledger.h"
#include "agent/spool/lease_directory.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  using namespace farm::agent;
  const auto events = read_event_lines(bytes, [](farm::wire::Phase, std::string_view) {});
  if (events && *events > size) std::abort();
  const auto lines = read_ledger_lines(bytes, [](const LedgerEvent&) {});
  if (lines && *lines > size) std::abort();
  if (const auto ref = lease_from_name(bytes)) {
    if (lease_from_name(lease_name(*ref)) != ref) std::abort();
  }
  const farm::fuzz::MemoryFile file(data, size);
  if (auto ledger = FileLedger::open(file.path())) {
    const size_t before = ledger->open_resources().size();
    const auto intent = ledger->intend("file", "x");
    if (intent && ledger->open_resources().size() != before + 1) std::abort();
  }
  return 0;
}
