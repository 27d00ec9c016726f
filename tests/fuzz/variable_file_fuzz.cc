// LIBS: farm_template_json farm_template_hcl2
// Foreign text as a JSON and as a native variable file: no crash, no hang; what a JSON file gives
// can be stored and read back.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/constant_evaluation.h"
#include "common/template/json/variable_file.h"

namespace {

void keep(const farm::value::Value& v) {
  FARM_CHECK(farm::value::decode(farm::value::encode(v)).has_value());
}

void read_json(const std::string& text) {
  farm::Diagnostics diagnostics;
  auto values = farm::json::read_variable_file(text, "fuzz", diagnostics);
  if (!values) return;
  for (farm::json::FileValue& item : *values) {
    keep(farm::json::take_value(item, diagnostics));
  }
}

void read(const farm::hcl2::BodyPtr& body) {
  if (body == nullptr) return;
  farm::Diagnostics diagnostics;
  farm::hcl2::ConstantEvaluation constants;
  for (const auto& attribute : body->just_attributes(diagnostics)) {
    const farm::value::Value v = constants.evaluate(*attribute.expression, diagnostics);
    std::vector<farm::hcl2::Traversal> references;
    attribute.expression->references(references);
    keep(v);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  farm::Diagnostics diagnostics;
  read_json(text);
  read(farm::hcl2::parse_native(text, "fuzz", diagnostics));
  return 0;
}
