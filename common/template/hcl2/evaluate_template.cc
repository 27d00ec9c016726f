// Evaluation of templates.
#include "common/template/hcl2/budget.h"
#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Type;
using value::Value;

constexpr size_t kLargestText = 16 << 20;

// Text being joined from values.
struct Joined {
  std::string text;
  bool known = true;
  bool sensitive = false;
};

bool append(const Value& v, const SourceRange& range, Joined& into, Diagnostics& diagnostics) {
  if (v.is_null()) {
    diagnostics.error(
        "Invalid template interpolation value",
        "The expression result is null. Cannot include a null value in a string template.",
        range);
    return false;
  }
  into.sensitive = into.sensitive || v.has_sensitive();
  const bool text_known = v.type().kind() == Kind::String && v.is_known();
  if (text_known && into.text.size() + v.as_string().size() > kLargestText) {
    diagnostics.error("Template too expensive", "The text would be too long.", range);
    return false;
  }
  if (v.type().kind() == Kind::String && v.is_known()) {
    into.text += v.as_string();
    return true;
  }
  if (!v.is_known()) {
    into.known = false;
    return true;
  }
  const auto text = value::convert(v, Type::string());
  if (!text) {
    diagnostics.error("Invalid template interpolation value",
                      "Cannot include the given value in a string template: " +
                          text.error().message + ".",
                      range);
    return false;
  }
  into.text += text->as_string();
  return true;
}

Value result_of(Joined joined) {
  Value v = joined.known ? Value::string(std::move(joined.text)) : Value::unknown(Type::string());
  return joined.sensitive ? v.with_sensitive() : v;
}

}  // namespace

Value Template::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown(Type::string());
  Joined joined;
  for (const ExpressionPtr& part : parts_) {
    const Value v = part->evaluate(context, diagnostics);
    const size_t before = joined.text.size();
    if (!append(v, part->range(), joined, diagnostics)) joined.known = false;
    if (!charge(context, joined.text.size() - before, part->range(), diagnostics)) {
      return Value::unknown(Type::string());
    }
  }
  return result_of(std::move(joined));
}

void Template::references(std::vector<Traversal>& into) const {
  for (const ExpressionPtr& part : parts_) part->references(into);
}

Value Wrapped::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  return inner_->evaluate(context, diagnostics);
}

Value TemplateJoin::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown(Type::string());
  const Value rounds = tuple_->evaluate(context, diagnostics);
  if (rounds.is_null() || !rounds.is_known()) {
    return Value::unknown(Type::string()).with_sensitive(rounds.is_sensitive());
  }
  Joined joined;
  joined.sensitive = rounds.is_sensitive();
  for (const Value& round : rounds.elements()) {
    if (!append(round, range_, joined, diagnostics)) joined.known = false;
  }
  if (!charge(context, joined.text.size(), range_, diagnostics)) {
    return Value::unknown(Type::string());
  }
  return result_of(std::move(joined));
}

}  // namespace farm::hcl2
