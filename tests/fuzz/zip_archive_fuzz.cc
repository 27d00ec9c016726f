// LIBS: farm_communicator_winrm farm_common_io
// Archives of a Windows guest: nothing of them may land outside the folder they are unpacked to.
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "builders/communicators/winrm/zip_file.h"
#include "common/io/files.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto outside = farm::io::TempDirectory::create("/tmp", "farm-fuzz-");
  const std::string target = outside->path() + "/target";
  if (!farm::io::make_directories(target)) std::abort();
  const farm::fuzz::MemoryFile file(data, size);
  (void)farm::builders::winrm::read_zip(file.path(), target, {"*.x"}, farm::CancelToken());
  size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(outside->path())) {
    entries += entry.exists() ? 1 : 1;
  }
  if (entries != 1) std::abort();
  return 0;
}
