// LIBS: farm_template_json
// `farmctl fix` on foreign text: what it wrote is a template that can be read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/template/json/fixers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto fixed = farm::json::fix_document(text, "fuzz");
  if (!fixed) return 0;
  if (!farm::json::fix_document(*fixed, "fuzz")) std::abort();
  return 0;
}
