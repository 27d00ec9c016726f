// LIBS: farm_template_json
// Legacy templates of any shape, through fixers, model, checks and variables.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/template/json/fixers.h"
#include "common/template/json/legacy_template.h"
#include "common/template/json/legacy_variables.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<std::string> fixed = json::fix_document(text, "t.json");
  if (fixed.has_value()) {
    // Fixed JSON is JSON, and fixing it again finds nothing that breaks it.
    if (!json::fix_document(*fixed, "t.json").has_value()) __builtin_trap();
  }
  static_cast<void>(json::parse_legacy_var_file(text, "v.json"));
  const auto parsed = json::parse_legacy_template(text, "t.json");
  if (!parsed.value) return 0;
  Diagnostics diagnostics;
  json::check_legacy_template(*parsed.value, "1.16.0", diagnostics);
  SeededRandom random(1);
  const json::VariableWorld world{{}, random, {}, {}};
  static_cast<void>(json::resolve_variables(*parsed.value, {}, world));
  return 0;
}
