// LIBS: farm_common_net farm_common_io
// Requests of a guest to the build's HTTP server: no path leads out of the served folder.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/io/files.h"
#include "common/net/http/static_files.h"

namespace {

struct Served {
  Served() : folder(farm::io::TempDirectory::create("/tmp", "farm-fuzz-")) {
    if (!folder || !farm::io::make_directories(folder->path() + "/root") ||
        !farm::io::write_file(folder->path() + "/secret", "outside")) {
      std::abort();
    }
  }
  farm::Result<farm::io::TempDirectory> folder;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Served served;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string clean = farm::net::clean_url_path(text);
  if (!clean.starts_with("/") || (clean + "/").find("/../") != std::string::npos) std::abort();
  farm::net::ServedRequest request;
  request.method = "GET";
  request.path = text;
  request.headers.push_back({"range", text});
  const auto answer = farm::net::serve_directory(served.folder->path() + "/root", request);
  if (answer.body.find("outside") != std::string::npos) std::abort();
  return 0;
}
