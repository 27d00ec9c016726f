// LIBS: farm_template_hcl2
// Foreign text as a native file, an expression and a template: no crash and no hang; evaluation
// within a small budget; the formatter is idempotent.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/template/hcl2/constant_evaluation.h"
#include "common/template/hcl2/body.h"
#include "common/template/hcl2/format.h"

namespace {

void evaluate(const farm::hcl2::ExpressionPtr& expression) {
  if (expression == nullptr) return;
  farm::Diagnostics diagnostics;
  farm::hcl2::ConstantEvaluation constants;
  constants.evaluate(*expression, diagnostics);
  std::vector<farm::hcl2::Traversal> references;
  expression->references(references);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  farm::Diagnostics diagnostics;
  const farm::hcl2::BodyPtr body = farm::hcl2::parse_native(text, "fuzz", diagnostics);
  for (const auto& attribute : body->just_attributes(diagnostics)) evaluate(attribute.expression);
  evaluate(farm::hcl2::parse_expression(text, "fuzz", diagnostics));
  evaluate(farm::hcl2::parse_template(text, "fuzz", diagnostics));
  const std::string once = farm::hcl2::format_source(text);
  FARM_CHECK(farm::hcl2::format_source(once) == once);
  return 0;
}
