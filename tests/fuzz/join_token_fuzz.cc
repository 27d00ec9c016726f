// LIBS: farm_common_wire
// The word that people paste to join a farm.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/wire/join_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& word : {text, "farm1-" + text}) {
    const auto token = farm::wire::parse_join_token(word);
    if (!token) continue;
    const auto again = farm::wire::parse_join_token(farm::wire::format_join_token(*token));
    if (!again || again->secret != token->secret || again->control != token->control) std::abort();
  }
  return 0;
}
