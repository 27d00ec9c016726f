#include "common/template/json/fixers.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::json {
namespace {

/// Whether `type` is in the blank-separated list `types`.
bool covers(std::string_view types, std::string_view type) {
  if (types.empty()) return true;
  while (!types.empty()) {
    const size_t blank = std::min(types.find(' '), types.size());
    const std::string_view entry = types.substr(0, blank);
    if (entry == type) return true;
    if (entry.ends_with('*') && type.starts_with(entry.substr(0, entry.size() - 1))) return true;
    types.remove_prefix(std::min(blank + 1, types.size()));
  }
  return false;
}

void rename_option(FixTarget& target, const FixRule& rule) {
  Member* old = target.object.find(rule.old_key);
  if (old == nullptr) return;
  const bool drop = rule.new_key.empty() || target.object.find(rule.new_key) != nullptr;
  target.fixes.push_back({rule.fixer, target.place, std::string(rule.old_key),
                          std::string(rule.new_key), old->key_span});
  if (drop) {  // the new spelling beside it wins
    target.object.remove(rule.old_key);
  } else {
    old->key = rule.new_key;
  }
}

std::string string_member(const Node& object, std::string_view key) {
  const Member* member = object.find(key);
  return member != nullptr && member->value.is_string() ? member->value.text : std::string();
}

void fix_component(FixKind kind, Node& root, Node& object, const FixRule& rule,
                   std::vector<Fix>& fixes) {
  if (!object.is_object() || rule.kind != kind) return;
  const std::string type = string_member(object, "type");
  if (!covers(rule.types, type)) return;
  std::string name = string_member(object, "name");
  if (name.empty()) name = type;
  const char* word = kind == FixKind::Builder       ? "builder"
                     : kind == FixKind::Provisioner ? "provisioner"
                                                    : "post-processor";
  FixTarget target{kind, object, root, type, fmt::format("{} '{}'", word, name), fixes};
  if (rule.custom != nullptr) {
    rule.custom(target, rule);
  } else {
    rename_option(target, rule);
  }
}

void fix_components(FixKind kind, const char* key, Node& root, const FixRule& rule,
                    std::vector<Fix>& fixes) {
  Member* list = root.find(key);
  if (list == nullptr || !list->value.is_array()) return;
  for (Node& element : list->value.elements) {
    fix_component(kind, root, element, rule, fixes);
    for (Node& inner : element.elements) fix_component(kind, root, inner, rule, fixes);
  }
}

}  // namespace

std::vector<Fix> apply_fixers(Document& document, FixScope scope) {
  std::vector<Fix> fixes;
  for (const FixRule& rule : fix_rules()) {
    if (scope == FixScope::Reading && !rule.on_read) continue;
    fix_components(FixKind::Builder, "builders", document.root, rule, fixes);
    fix_components(FixKind::Provisioner, "provisioners", document.root, rule, fixes);
    fix_components(FixKind::PostProcessor, "post-processors", document.root, rule, fixes);
  }
  return fixes;
}

void warn_of_fixes(const Document& document, const std::vector<Fix>& fixes,
                   Diagnostics& diagnostics) {
  for (const Fix& fix : fixes) {
    const std::string detail =
        fix.new_text.empty() ? "It has no meaning any more and is left out."
                             : fmt::format("It is read as {}.", fix.new_text);
    diagnostics.warning(fmt::format("Old spelling in {}: {}", fix.place, fix.old_text), detail,
                        document.range(fix.span),
                        fmt::format("`farmctl fix {}` prints the template in today's spelling",
                                    document.file));
  }
}

Result<std::string> fix_document(const std::string& text, const std::string& file) {
  SyntaxError error;
  std::optional<Document> document = parse_document(text, file, error);
  if (!document) return invalid_input("Error parsing JSON: " + error.describe(text));
  apply_fixers(*document, FixScope::Everything);
  std::string fixed = write_pretty(document->root);
  // packer fix writes & and the separators of lines escaped, but < and > plain; they occur in
  // strings only.
  for (size_t at = 0; (at = fixed.find('&', at)) != std::string::npos; at += 6) {
    fixed.replace(at, 1, "\\u0026");
  }
  for (const char* separator : {"\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    for (size_t at = 0; (at = fixed.find(separator, at)) != std::string::npos; at += 6) {
      fixed.replace(at, 3, separator[2] == '\xA8' ? "\\u2028" : "\\u2029");
    }
  }
  return fixed;
}

}  // namespace farm::json
