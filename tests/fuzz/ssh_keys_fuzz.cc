// LIBS: farm_communicator_keys
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "builders/communicators/ssh/certificate.h"
#include "builders/communicators/ssh/private_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto key = farm::builders::ssh::PrivateKey::parse(text);
  if (key) static_cast<void>(key->sign(key->type_name(), "data").has_value());
  static_cast<void>(farm::builders::ssh::Certificate::parse(text).has_value());
  return 0;
}
