// LIBS: farm_template_hcl2
// Foreign expressions and templates evaluated with values of every type, unknown and sensitive ones
// among them, and all functions: no crash, no hang, and every result can be stored and read back.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/unit/common/template/hcl2/evaluation.h"

namespace {

void evaluate(const farm::hcl2::ExpressionPtr& expression) {
  if (expression == nullptr) return;
  farm::hcl2::World world;
  world.budget.steps = 200'000;
  world.budget.bytes = 64 << 20;
  farm::Diagnostics diagnostics;
  const farm::value::Value v = expression->evaluate(world.context(), diagnostics);
  if (diagnostics.has_errors()) return;
  farm::value::console_text(v);
  const auto again = farm::value::decode(farm::value::encode(v));
  FARM_CHECK(again.has_value());
  FARM_CHECK(again->has_sensitive() == v.has_sensitive());
  FARM_CHECK(again->is_wholly_known() == v.is_wholly_known());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  farm::Diagnostics diagnostics;
  evaluate(farm::hcl2::parse_expression(text, "fuzz", diagnostics));
  evaluate(farm::hcl2::parse_template(text, "fuzz", diagnostics));
  return 0;
}
