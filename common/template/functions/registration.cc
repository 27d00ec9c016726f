#include "common/template/functions/registration.h"

#include "common/template/functions/text.h"

#include <fmt/format.h>

namespace farm::functions {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const Rune& rune : runes(text)) {
    switch (rune.code) {
      case '"':
      case '\\':
        out += '\\';
        out += static_cast<char>(rune.code);
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (rune.code < 0x20 || rune.code == 0x7f) {
          out += fmt::format("\\x{:02x}", rune.code);
        } else {
          out += rune.bytes;
        }
    }
  }
  return out += '"';
}

Value string_list(const std::vector<std::string>& texts) {
  Value::List elements;
  elements.reserve(texts.size());
  for (const std::string& text : texts) elements.push_back(Value::string(text));
  return Value::list(Type::string(), std::move(elements));
}

const std::map<std::string, Function>& function_table() {
  static const Table table = [] {
    Table all;
    add_numeric_functions(all);
    add_format_functions(all);
    add_string_functions(all);
    add_regex_functions(all);
    add_sequence_functions(all);
    add_mapping_functions(all);
    add_set_functions(all);
    add_encoding_functions(all);
    add_filesystem_functions(all);
    add_datetime_functions(all);
    add_crypto_functions(all);
    add_ip_functions(all);
    add_external_functions(all);
    add_template_functions(all);
    return all;
  }();
  return table;
}

}  // namespace farm::functions
