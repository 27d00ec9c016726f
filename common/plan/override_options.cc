#include "common/plan/override_options.h"

#include "common/plan/body_decode.h"

namespace farm::plan {
namespace {

bool is_object(const value::Value& v) {
  return v.is_known() && !v.is_null() &&
         (v.type().kind() == value::Kind::Object || v.type().kind() == value::Kind::Map);
}

}  // namespace

value::Value apply_override(const value::Value& config, const value::Value& overrides,
                            const std::string& source_name, const ComponentSchema& schema,
                            const SourceRange& place, Diagnostics& diagnostics) {
  if (overrides.is_null() || !overrides.is_known()) return config;
  if (!is_object(overrides)) {
    diagnostics.error("Incorrect attribute value type",
                      "override must be an object: source name -> options.", place);
    return config;
  }
  const value::Value* options = overrides.get(source_name);
  if (options == nullptr || options->is_null()) return config;
  if (!is_object(*options)) {
    diagnostics.error("Incorrect attribute value type",
                      "override for \"" + source_name + "\" must be an object of options.", place);
    return config;
  }
  value::Value::Map merged = config.entries();
  for (const auto& [name, v] : options->entries()) {
    const Option* option = schema.find(name);
    if (option == nullptr) {
      std::vector<std::string> names;
      for (const Option& known : schema.options) names.emplace_back(known.name);
      const std::string near = nearest_name(name, names);
      diagnostics.error("Unsupported argument",
                        "An argument named \"" + name + "\" is not expected in override of " +
                            std::string(schema.name) + ".",
                        place, near.empty() ? "" : "Did you mean \"" + near + "\"?");
      continue;
    }
    Result<value::Value> converted = value::convert(v, option_value_type(option->type));
    if (!converted) {
      diagnostics.error("Incorrect attribute value type",
                        "Inappropriate value for attribute \"" + name + "\" in override: " +
                            converted.error().message + ".",
                        place);
      continue;
    }
    if (converted->is_null()) {
      merged.erase(name);
    } else {
      merged.insert_or_assign(name, std::move(converted).value());
    }
  }
  return value::Value::object(std::move(merged));
}

}  // namespace farm::plan
