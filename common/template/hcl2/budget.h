// Charging the evaluation of foreign templates: every node takes a step and a level of depth,
// every string and element made takes bytes. What goes past the limits is an error, never a hang.
#pragma once

#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

/// One level of evaluation; false when the budget is used up (reported).
class EvaluationLevel {
 public:
  EvaluationLevel(const EvalContext& context, const SourceRange& range, Diagnostics& diagnostics);
  EvaluationLevel(const EvaluationLevel&) = delete;
  EvaluationLevel& operator=(const EvaluationLevel&) = delete;
  ~EvaluationLevel() { --budget_.depth; }
  explicit operator bool() const { return good_; }

 private:
  Budget& budget_;
  bool good_ = true;
};

/// Takes one step and `bytes`; false when there are none left (reported).
bool charge(const EvalContext& context, size_t bytes, const SourceRange& range,
            Diagnostics& diagnostics);
/// Takes `steps` steps; false when there are none left (reported).
bool charge_steps(const EvalContext& context, uint64_t steps, const SourceRange& range,
                  Diagnostics& diagnostics);
/// False when `v` is nested so deeply that walking it is not safe (reported).
bool shallow_enough(const value::Value& v, const SourceRange& range, Diagnostics& diagnostics);

}  // namespace farm::hcl2
