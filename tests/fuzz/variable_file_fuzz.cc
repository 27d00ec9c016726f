// LIBS: farm_template_json farm_template_hcl2
// Foreign text as a JSON and as a native variable file: no crash, no hang; what a JSON file gives
// can be stored and read back.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/constant_evaluation.h"

namespace {

void read(const farm::hcl2::BodyPtr& body) {
  if (body == nullptr) return;
  farm::Diagnostics diagnostics;
  farm::hcl2::ConstantEvaluation constants;
  for (const auto& attribute : body->just_attributes(diagnostics)) {
    const farm::value::Value v = constants.evaluate(*attribute.expression, diagnostics);
    std::vector<farm::hcl2::Traversal> references;
    attribute.expression->references(references);
    FARM_CHECK(farm::value::decode(farm::value::encode(v)).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  farm::Diagnostics diagnostics;
  read(farm::hcl2::parse_json_body(text, "fuzz", diagnostics));
  read(farm::hcl2::parse_native(text, "fuzz", diagnostics));
  return 0;
}
