#include "common/plan/render.h"

#include "common/plan/build_values.h"
#include "common/plan/resource_name.h"

namespace farm::plan {
namespace {

using value::Kind;
using value::Value;

class Renderer {
 public:
  explicit Renderer(const interpolate::Context& context) : context_(context) {}

  Value object(const Value& raw, const std::vector<Option>& options) {
    Value::Map rendered;
    for (const auto& [name, v] : raw.entries()) {
      const Option* option = find(options, name);
      const bool late = option != nullptr && option->late_template;
      field_ = name;
      if (late) check_late(v);
      rendered.emplace(name, late ? v : any(v, option));
    }
    return Value::object(std::move(rendered));
  }

  const std::string& problems() const { return problems_; }

 private:
  static const Option* find(const std::vector<Option>& options, const std::string& name) {
    for (const Option& option : options) {
      if (option.name == name) return &option;
    }
    return nullptr;
  }

  std::string text(const std::string& raw) {
    if (raw.find("{{") == std::string::npos) return raw;
    Result<std::string> rendered = interpolate::render(raw, context_);
    if (rendered) return std::move(rendered).value();
    report("render '", rendered.error());
    return raw;
  }

  void report(const char* failed, const Error& error) {
    if (!problems_.empty()) problems_ += "\n";
    problems_ += failed + field_ + "': " + error.message;
  }

  /// A late option has its values only when it is used, often long after the machine was made:
  /// at least its syntax is checked now.
  void check_late(const Value& v) {
    if (v.is_null() || !v.is_known()) return;
    switch (v.type().kind()) {
      case Kind::String: {
        const Result<void> good = interpolate::check_syntax(v.as_string());
        if (!good) report("invalid '", good.error());
        return;
      }
      case Kind::List:
      case Kind::Set:
      case Kind::Tuple:
        for (const Value& item : v.elements()) check_late(item);
        return;
      case Kind::Map:
      case Kind::Object:
        for (const auto& [key, item] : v.entries()) check_late(item);
        return;
      case Kind::Bool:
      case Kind::Number:
      case Kind::Dynamic: return;
    }
  }

  Value any(const Value& v, const Option* option) {
    if (v.is_null() || !v.is_known()) return v;
    Value made = v;
    switch (v.type().kind()) {
      case Kind::String: made = Value::string(text(v.as_string())); break;
      case Kind::List:
      case Kind::Set:
      case Kind::Tuple: made = sequence(v, option); break;
      case Kind::Map:
      case Kind::Object: made = mapping(v, option); break;
      case Kind::Bool:
      case Kind::Number:
      case Kind::Dynamic: return v;
    }
    return v.is_sensitive() ? made.with_sensitive() : made;
  }

  Value sequence(const Value& v, const Option* option) {
    Value::List items;
    for (const Value& item : v.elements()) items.push_back(any(item, option));
    if (v.type().kind() == Kind::Tuple) return Value::tuple(std::move(items));
    const value::Type element = v.type().element();
    return v.type().kind() == Kind::Set ? Value::set(element, std::move(items))
                                        : Value::list(element, std::move(items));
  }

  Value mapping(const Value& v, const Option* option) {
    // Blocks have option names as keys; in maps the keys are the user's, and are rendered too.
    const bool block = option != nullptr && !option->options.empty();
    Value::Map members;
    for (const auto& [key, item] : v.entries()) {
      const Option* inner = block ? find(option->options, key) : nullptr;
      if (inner != nullptr && inner->late_template) {
        check_late(item);
        members.insert_or_assign(key, item);
      } else {
        members.insert_or_assign(block ? key : text(key), any(item, inner));
      }
    }
    if (v.type().kind() == Kind::Object) return Value::object(std::move(members));
    const value::Type element = v.type().element();
    return Value::map(element, std::move(members));
  }

  const interpolate::Context& context_;
  std::string field_;
  std::string problems_;
};

/// {{build `X`}} before the run: a data field of that name for the next rendering, where the value
/// will exist by then. A builder's own options are read before there is any.
Value::Map fields_to_come(ComponentKind kind, const RenderInputs& inputs) {
  Value::Map fields;
  if (kind == ComponentKind::Builder) return fields;
  const Value build = placeholder_build_object(inputs.build_type, "");
  for (const auto& [name, v] : build.entries()) {
    if (name != "name") fields.emplace(name, Value::string("{{." + name + "}}"));
  }
  return fields;
}

/// The engine's words about a missing value as builders put them.
std::string for_builder(std::string problems) {
  constexpr std::string_view kMissing = "loaded data, but couldnt find ";
  constexpr std::string_view kEnd = " in it.";
  for (size_t at = 0; (at = problems.find(kMissing, at)) != std::string::npos; ++at) {
    const size_t name = at + kMissing.size();
    const size_t end = problems.find(kEnd, name);
    if (end == std::string::npos) break;
    problems.replace(at, end + kEnd.size() - at,
                     "Error validating build variable: the given variable " +
                         problems.substr(name, end - name) +
                         " will not be passed into your plugin.");
  }
  return problems;
}

}  // namespace

Result<Value> render_config(const Value& raw, const ComponentSchema& schema,
                            const RenderInputs& inputs, Random& random,
                            const std::map<std::string, Value>* generated) {
  if (raw.is_null() || !raw.is_known()) return raw;
  const Kind kind = raw.type().kind();
  if (kind != Kind::Object && kind != Kind::Map) {
    return invalid_input("the config of " + std::string(schema.name) + " is no object");
  }
  const Value::Map coming = generated == nullptr && !inputs.hcl2
                                ? fields_to_come(schema.kind, inputs)
                                : Value::Map();
  if (generated == nullptr && !inputs.hcl2) generated = &coming;
  interpolate::Context context{inputs, random, {}, generated, nullptr, nullptr, false, false, {}};
  const NameCleaner clean =
      schema.kind == ComponentKind::Builder ? name_cleaner(schema.name) : nullptr;
  if (clean != nullptr) {
    context.extra["clean_resource_name"] =
        [clean](const std::vector<std::string>& arguments) -> Result<std::string> {
      if (arguments.size() == 1) return clean(arguments[0]);
      return invalid_input("clean_resource_name takes one name");
    };
  }
  Renderer renderer(context);
  Value rendered = renderer.object(raw, schema.options);
  if (!renderer.problems().empty()) {
    return invalid_input(schema.kind == ComponentKind::Builder ? for_builder(renderer.problems())
                                                               : renderer.problems());
  }
  return rendered;
}

}  // namespace farm::plan
