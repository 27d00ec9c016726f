// LIBS: farm_common_seal farm_common_io
// Sealed bytes and key files: only what was sealed with the key, for the context, opens.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/io/files.h"
#include "common/seal/seal_key.h"
#include "common/seal/signature.h"
#include "tests/fuzz/memory_file.h"

namespace {

farm::seal::SealKey make_key() {
  auto folder = farm::io::TempDirectory::create("/tmp", "farm-fuzz-");
  if (!folder) std::abort();
  auto key = farm::seal::SealKey::load_or_create(folder->path() + "/key");
  if (!key) std::abort();
  return std::move(*key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const farm::seal::SealKey key = make_key();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (key.open(bytes, "here")) std::abort();
  if (key.open("FSL1" + bytes, "here")) std::abort();
  std::string sealed = key.seal(bytes, "here");
  const auto plain = key.open(sealed, "here");
  if (!plain || *plain != bytes || key.open(sealed, "there")) std::abort();
  if (size > 1) {
    const size_t at = (data[0] << 8 | data[1]) % sealed.size();
    sealed[at] = static_cast<char>(sealed[at] ^ 1);
    if (key.open(sealed, "here")) std::abort();
  }
  const farm::fuzz::MemoryFile file(data, size);
  (void)farm::seal::SealKey::load(file.path());
  const size_t half = size / 2;
  if (farm::seal::verify_signature("0123456789abcdef0123456789abcdef", bytes.substr(0, half),
                                   {bytes.substr(half)})) {
    std::abort();
  }
  return 0;
}
