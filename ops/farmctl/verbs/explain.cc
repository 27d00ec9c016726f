// farmctl explain: what an error code means, or which options a component has.

#include "builders/core/schema/catalog.h"
#include "ops/farmctl/common/diagnostic_codes.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

using plan::ComponentKind;
using plan::OptionType;

constexpr ComponentKind kKinds[] = {ComponentKind::Builder, ComponentKind::Provisioner,
                                    ComponentKind::PostProcessor, ComponentKind::DataSource};

const char* type_name(OptionType type) {
  switch (type) {
    case OptionType::String: return "string";
    case OptionType::Number: return "number";
    case OptionType::Bool: return "bool";
    case OptionType::TriBool: return "bool or null";
    case OptionType::Duration: return "duration";
    case OptionType::Bytes: return "bytes";
    case OptionType::FileMode: return "file mode";
    case OptionType::ListString: return "list(string)";
    case OptionType::ListNumber: return "list(number)";
    case OptionType::ListListString: return "list(list(string))";
    case OptionType::MapString: return "map(string)";
    case OptionType::MapAny: return "map(any)";
    case OptionType::Object: return "block";
    case OptionType::ListObject: return "block, repeatable";
  }
  return "";
}

void list_options(const std::vector<plan::Option>& options, const std::string& indent,
                  std::string& text) {
  for (const plan::Option& option : options) {
    std::string left = indent + std::string(option.name);
    left.resize(std::max<size_t>(left.size() + 1, 36), ' ');
    text += left + type_name(option.type);
    if (option.required) text += ", required";
    if (option.deprecated) text += ", deprecated";
    if (option.json_only) text += ", JSON only";
    if (!option.default_text.empty()) text += ", default " + std::string(option.default_text);
    text += "\n";
    list_options(option.options, indent + "  ", text);
  }
}

std::string explain_component(const plan::ComponentSchema& schema) {
  std::string text = std::string(plan::component_kind_name(schema.kind)) + " \"" +
                     std::string(schema.name) + "\"" +
                     (schema.built_in ? "" : " (checked only: this farm cannot run it)") + "\n\n";
  list_options(schema.options, "  ", text);
  return text;
}

}  // namespace

int run_explain(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"explain", "CODE|COMPONENT", "Explains an error code or a component."}, {},
      exit_code);
  if (!flags) return exit_code;
  const std::string& word = flags->arguments()[0];
  std::string text;
  for (const DiagnosticCode& code : diagnostic_codes()) {
    if (code.code == word) {
      text += std::string(code.code) + ": " + std::string(code.summary) + "\n\n  " +
              std::string(code.explanation) + "\n";
    }
  }
  for (const ComponentKind kind : kKinds) {
    const plan::ComponentSchema* schema = builders::component_catalog().find(kind, word);
    if (schema != nullptr) text += explain_component(*schema) + "\n";
  }
  if (text.empty()) {
    std::vector<std::string> known;
    for (const ComponentKind kind : kKinds) {
      for (std::string& name : builders::component_catalog().names(kind)) {
        known.push_back(std::move(name));
      }
    }
    const std::string near = nearest_name(word, known);
    invocation.output.error("farmctl: no error code or component `" + word + "`." +
                            (near.empty() ? "" : " Did you mean `" + near + "`?"));
    return kFailure;
  }
  text.pop_back();
  invocation.output.say(text);
  return kSuccess;
}

}  // namespace farm::farmctl
