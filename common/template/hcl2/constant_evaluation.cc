#include "common/template/hcl2/constant_evaluation.h"

namespace farm::hcl2 {
namespace {

class NoOutside final : public functions::Outside {
 public:
  Result<std::string> read_file(const std::string&) override { return refused(); }
  Result<bool> file_exists(const std::string&) override { return refused(); }
  Result<std::vector<std::string>> list_files(const std::string&) override { return refused(); }
  std::string working_directory() override { return "/"; }
  std::string home_directory() override { return "/"; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  Result<std::string> secret(const std::string&, const std::vector<std::string>&) override {
    return refused();
  }

 private:
  static Error refused() { return invalid_input("a constant value is required here"); }
};

}  // namespace

ConstantEvaluation::ConstantEvaluation()
    : outside_(std::make_unique<NoOutside>()),
      functions_{*outside_, random_, WallTime{}, WallTime{}, ".", false, nullptr} {}

ConstantEvaluation::~ConstantEvaluation() = default;

value::Value ConstantEvaluation::evaluate(const Expression& expression,
                                          Diagnostics& diagnostics) {
  return expression.evaluate({scope_, functions_, budget_}, diagnostics);
}

}  // namespace farm::hcl2
