// LIBS: farm_farmctl_client_config farm_common_io
// What `farmctl login` wrote and people edit.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/io/files.h"
#include "ops/farmctl/client/client_config.h"
#include "tests/fuzz/memory_file.h"

namespace {

// A configuration directory whose file is one in memory.
struct Home {
  Home() : folder(farm::io::TempDirectory::create("/tmp", "farm-fuzz-")), file(nullptr, 0) {
    if (!folder || !farm::io::make_directories(folder->path() + "/farm") ||
        ::symlink(file.path().c_str(), (folder->path() + "/farm/client.json").c_str()) != 0) {
      std::abort();
    }
    environment.set("XDG_CONFIG_HOME", folder->path());
  }
  farm::Result<farm::io::TempDirectory> folder;
  farm::fuzz::MemoryFile file;
  farm::Environment environment;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Home home;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (::ftruncate(home.file.fd(), 0) != 0 || ::pwrite(home.file.fd(), data, size, 0) < 0) std::abort();
  (void)farm::farmctl::load_client_config(home.environment, "");
  (void)farm::farmctl::load_client_config(home.environment, text);
  return 0;
}
