#include "common/template/hcl2/budget.h"

namespace farm::hcl2 {
namespace {

constexpr size_t kMaxValueDepth = 100;

bool report_used_up(const char* what, const SourceRange& range, Diagnostics& diagnostics) {
  diagnostics.error("Template too expensive",
                    std::string("Evaluating the template needs more ") + what +
                        " than one template may use.",
                    range);
  return false;
}

}  // namespace

EvaluationLevel::EvaluationLevel(const EvalContext& context, const SourceRange& range,
                                 Diagnostics& diagnostics)
    : budget_(context.budget) {
  if (++budget_.depth > Budget::kMaxDepth) {
    good_ = report_used_up("levels of nesting", range, diagnostics);
  } else {
    good_ = charge(context, 0, range, diagnostics);
  }
}

bool charge(const EvalContext& context, size_t bytes, const SourceRange& range,
            Diagnostics& diagnostics) {
  Budget& budget = context.budget;
  if (budget.steps == 0) return report_used_up("steps", range, diagnostics);
  --budget.steps;
  if (budget.bytes < bytes) {
    budget.bytes = 0;
    return report_used_up("memory", range, diagnostics);
  }
  budget.bytes -= bytes;
  return true;
}

bool charge_steps(const EvalContext& context, uint64_t steps, const SourceRange& range,
                  Diagnostics& diagnostics) {
  Budget& budget = context.budget;
  if (budget.steps < steps) {
    budget.steps = 0;
    return report_used_up("steps", range, diagnostics);
  }
  budget.steps -= steps;
  return true;
}

bool shallow_enough(const value::Value& v, const SourceRange& range, Diagnostics& diagnostics) {
  if (v.depth() <= kMaxValueDepth) return true;
  diagnostics.error("Value nested too deeply",
                    "Lists and objects may be nested " + std::to_string(kMaxValueDepth) +
                        " levels deep.",
                    range);
  return false;
}

}  // namespace farm::hcl2
