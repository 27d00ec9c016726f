#include "common/plan/core_attributes.h"

#include <algorithm>

#include "common/plan/duration_text.h"
#include "common/plan/late_body.h"
#include "common/template/source/literals.h"

namespace farm::plan {
namespace {

using templates::evaluate_as;

const hcl2::BodySchema& core_schema(CoreKind kind) {
  static const hcl2::BodySchema provisioner{{{"name", false},
                                             {"only", false},
                                             {"except", false},
                                             {"pause_before", false},
                                             {"timeout", false},
                                             {"max_retries", false},
                                             {"continue_on_error", false},
                                             {"override", false}},
                                            {}};
  static const hcl2::BodySchema post_processor{
      {{"name", false}, {"only", false}, {"except", false}, {"keep_input_artifact", false}}, {}};
  return kind == CoreKind::Provisioner ? provisioner : post_processor;
}

std::vector<std::string> read_names(const hcl2::Attribute& attribute,
                                    const hcl2::EvalContext& context, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  const auto list = evaluate_as(attribute, value::Type::list(value::Type::string()), context,
                                diagnostics);
  if (!list) return names;
  for (const value::Value& item : list->elements()) {
    if (item.is_known() && !item.is_null()) names.push_back(item.as_string());
  }
  return names;
}

Duration read_duration(const hcl2::Attribute& attribute, const hcl2::EvalContext& context,
                       Diagnostics& diagnostics) {
  const auto text = templates::evaluate_string(attribute, context, diagnostics);
  if (!text || text->empty()) return Duration(0);
  const Result<Duration> duration = parse_duration(*text);
  if (duration) return *duration;
  diagnostics.error("Failed to parse " + attribute.name + " duration",
                    "time: " + duration.error().message + ".", attribute.expression->range(),
                    "Durations have a unit: \"30s\", \"5m\", \"1h30m\".");
  return Duration(0);
}

/// Everything but `override` decides what the plan is: only build.name is known by then.
bool waits_for_the_build(const hcl2::Attribute& attribute, Diagnostics& diagnostics) {
  std::vector<hcl2::Traversal> references;
  attribute.expression->references(references);
  if (!needs_build_values(references)) return false;
  diagnostics.error("Unsuitable value type",
                    "\"" + attribute.name +
                        "\" must be known before the build runs: of build.* only build.name may "
                        "be used here.",
                    attribute.expression->range());
  return true;
}

int read_retries(const hcl2::Attribute& attribute, const hcl2::EvalContext& context,
                 Diagnostics& diagnostics) {
  const auto number = evaluate_as(attribute, value::Type::number(), context, diagnostics);
  if (!number) return 0;
  const std::optional<int64_t> count = number->as_number().to_int64();
  if (count && *count >= 0 && *count <= 1'000'000) return static_cast<int>(*count);
  diagnostics.error("Incorrect attribute value type",
                    "max_retries must be a whole number from 0.", attribute.expression->range());
  return 0;
}

}  // namespace

bool CoreAttributes::runs_on(const std::string& source) const {
  if (!only.empty()) return std::find(only.begin(), only.end(), source) != only.end();
  return std::find(except.begin(), except.end(), source) == except.end();
}

CoreAttributes read_core_attributes(const hcl2::Body& body, CoreKind kind,
                                    const hcl2::EvalContext& context, hcl2::BodyPtr& rest,
                                    Diagnostics& diagnostics) {
  CoreAttributes core;
  const hcl2::BodyContent content = body.partial_content(core_schema(kind), rest, diagnostics);
  for (const hcl2::Attribute& attribute : content.attributes) {
    const std::string& name = attribute.name;
    if (name != "override" && waits_for_the_build(attribute, diagnostics)) continue;
    if (name == "name") {
      core.name = templates::evaluate_string(attribute, context, diagnostics).value_or("");
    } else if (name == "only") {
      core.only = read_names(attribute, context, diagnostics);
    } else if (name == "except") {
      core.except = read_names(attribute, context, diagnostics);
    } else if (name == "pause_before") {
      core.pause_before = read_duration(attribute, context, diagnostics);
    } else if (name == "timeout") {
      core.timeout = read_duration(attribute, context, diagnostics);
    } else if (name == "max_retries") {
      core.max_retries = read_retries(attribute, context, diagnostics);
    } else if (name == "continue_on_error") {
      core.continue_on_error =
          templates::evaluate_bool(attribute, context, diagnostics).value_or(false);
    } else if (name == "keep_input_artifact") {
      core.keep_input_artifact = templates::evaluate_bool(attribute, context, diagnostics);
    } else if (name == "override") {
      attribute.expression->references(core.references);
      core.override_options = attribute.expression->evaluate(context, diagnostics);
    }
  }
  if (!core.only.empty() && !core.except.empty()) {
    diagnostics.error("only one of 'only' or 'except' may be specified",
                      "Keep the list that is shorter.", content.find("except")->range);
  }
  return core;
}

}  // namespace farm::plan
