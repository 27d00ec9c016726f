#include "common/template/json/variable_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/template/json/hcl_expression.h"
#include "common/template/json/node_value.h"

namespace farm::json {

std::optional<std::vector<FileValue>> read_variable_file(const std::string& text,
                                                         const std::string& file,
                                                         Diagnostics& diagnostics) {
  std::optional<Node> root = parse_node(text, file, diagnostics);
  if (!root) return std::nullopt;
  std::vector<FileValue> values;
  if (!root->is_object()) {
    diagnostics.error("Incorrect JSON value type",
                      "A JSON object is required here, setting the values of variables.",
                      SourceRange{file, root->span.start, root->span.end});
    return values;
  }
  for (Member& member : root->members) {
    if (member.key == kBodyComment) continue;
    const SourceRange name_range{file, member.key_span.start, member.key_span.end};
    const auto same = std::find_if(values.begin(), values.end(),
                                   [&](const FileValue& v) { return v.name == member.key; });
    if (same != values.end()) {
      diagnostics.error("Duplicate attribute definition",
                        fmt::format("The argument \"{}\" was already set at {}:{},{}.",
                                    member.key, file, same->name_range.start.line,
                                    same->name_range.start.column),
                        name_range);
      diagnostics.items().back().context = same->name_range;
      continue;
    }
    const SourceRange value_range{file, member.value.span.start, member.value.span.end};
    values.push_back({std::move(member.key),
                      {file, name_range.start, value_range.end},
                      name_range,
                      value_range,
                      std::move(member.value)});
  }
  return values;
}

value::Value take_value(FileValue& from, Diagnostics& diagnostics) {
  return NodeEvaluator(from.range.file, nullptr, diagnostics).take(from.node);
}

std::optional<value::Value> literal_value(const hcl2::Expression& expression,
                                          Diagnostics& diagnostics) {
  const auto* json = dynamic_cast<const JsonExpression*>(&expression);
  if (json == nullptr) return std::nullopt;
  return NodeEvaluator(json->range().file, nullptr, diagnostics).value_of(json->node());
}

void each_template(const hcl2::Expression& expression,
                   const std::function<void(const std::string&, SourcePosition)>& visit) {
  if (const auto* json = dynamic_cast<const JsonExpression*>(&expression)) {
    each_template(json->node(), visit);
  }
}

}  // namespace farm::json
