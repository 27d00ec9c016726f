// ConstantEvaluation: a context without variables and without an outside world, for expressions
// that must be constant (defaults of optional attributes, object keys in types, literal labels).
#pragma once

#include "common/base/random.h"
#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

class ConstantEvaluation {
 public:
  ConstantEvaluation();
  ConstantEvaluation(const ConstantEvaluation&) = delete;
  ConstantEvaluation& operator=(const ConstantEvaluation&) = delete;
  ~ConstantEvaluation();
  value::Value evaluate(const Expression& expression, Diagnostics& diagnostics);

 private:
  std::unique_ptr<functions::Outside> outside_;
  SystemRandom random_;
  Scope scope_;
  functions::CallContext functions_;
  Budget budget_;
};

}  // namespace farm::hcl2
