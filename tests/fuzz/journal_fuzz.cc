// LIBS: farm_coordinator_store
// The journal of a run whose machine crashed: whole batches are read, the rest ends it; the input
// is read as it is and behind a good beginning.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/io/files.h"
#include "coordinator/store/journal_store.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace farm::coordinator;

std::string good_journal() {
  auto folder = farm::io::TempDirectory::create("/tmp", "farm-fuzz-");
  if (!folder) std::abort();
  const std::string path = folder->path() + "/journal";
  auto journal = JournalStore::open(path);
  Batch batch;
  batch.puts.push_back({"key", "value"});
  if (!journal || !(*journal)->apply(batch) || !(*journal)->close()) std::abort();
  const auto bytes = farm::io::read_file(path);
  if (!bytes) std::abort();
  return *bytes;
}

size_t batches(const std::string& bytes) {
  const farm::fuzz::MemoryFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  size_t count = 0;
  (void)replay_journal(file.path(), [&](Batch) -> farm::Result<void> {
    ++count;
    return {};
  });
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string good = good_journal();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)batches(bytes);
  if (batches(good + bytes) == 0) std::abort();
  return 0;
}
