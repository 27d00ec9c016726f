// LIBS: farm_communicator_docker farm_common_io
// The archive that `docker cp` gives: only its first entry is taken, and only as the file named.
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "builders/communicators/docker/ecr.h"
#include "builders/communicators/docker/single_file_tar.h"
#include "common/io/files.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm::builders;
  const auto folder = farm::io::TempDirectory::create("/tmp", "farm-fuzz-");
  const farm::fuzz::MemoryFile file(data, size);
  (void)docker::read_first_entry(file.fd(), folder->path() + "/file", {},
                                 farm::io::steady_now() + std::chrono::minutes(1),
                                 farm::CancelToken());
  for (const auto& entry : std::filesystem::directory_iterator(folder->path())) {
    if (!entry.path().filename().string().starts_with("file")) std::abort();
  }
  (void)docker::parse_ecr_registry(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
