#include "ops/farmctl/common/flags.h"

#include <algorithm>
#include <charconv>

#include "common/base/diagnostic.h"

namespace farm::farmctl {
namespace {

const Flag* find_flag(const std::vector<Flag>& table, std::string_view name) {
  for (const Flag& flag : table) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

bool is_boolean(FlagKind kind) { return kind == FlagKind::Switch || kind == FlagKind::Setting; }

/// The spellings that Go's flag package takes.
Result<std::string> boolean_text(std::string_view name, const std::string& text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return std::string("true");
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return std::string("false");
  }
  return invalid_input("invalid boolean value \"" + text + "\" for -" + std::string(name));
}

Result<void> check_value(const Flag& flag, const std::string& text) {
  if (flag.kind != FlagKind::Number) return {};
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return invalid_input("invalid value \"" + text + "\" for flag -" + std::string(flag.name) +
                       ": not a whole number");
}

Error unknown_flag(const std::vector<Flag>& table, const std::string& name) {
  std::vector<std::string> names;
  for (const Flag& flag : table) names.emplace_back(flag.name);
  std::string message = "flag provided but not defined: -" + name;
  const std::string near = nearest_name(name, names);
  if (!near.empty()) message += ". Did you mean -" + near + "?";
  return invalid_input(std::move(message));
}

}  // namespace

bool ParsedFlags::on(std::string_view name) const { return text(name) == "true"; }

bool ParsedFlags::setting(std::string_view name) const { return text(name) != "false"; }

std::string ParsedFlags::text(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::string() : found->second.back();
}

int64_t ParsedFlags::number(std::string_view name) const {
  const std::string digits = text(name);
  int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::vector<std::string> ParsedFlags::list(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::vector<std::string> ParsedFlags::comma_list(std::string_view name) const {
  std::vector<std::string> parts;
  for (const std::string& value : list(name)) {
    size_t start = 0;
    while (start <= value.size()) {
      const size_t comma = std::min(value.find(',', start), value.size());
      if (comma > start) parts.push_back(value.substr(start, comma - start));
      start = comma + 1;
    }
  }
  return parts;
}

Result<ParsedFlags> parse_flags(const std::vector<Flag>& table,
                                const std::vector<std::string>& arguments) {
  ParsedFlags parsed;
  size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    if (word.size() < 2 || word[0] != '-') break;  // "-" alone is standard input
    if (word == "--") {
      ++at;
      break;
    }
    std::string name = word.substr(word[1] == '-' ? 2 : 1);
    std::string value;
    const size_t equals = name.find('=');
    const bool given = equals != std::string::npos;
    if (given) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const Flag* flag = find_flag(table, name);
    if (flag == nullptr && (name == "h" || name == "help")) {
      parsed.values_["help"].push_back("true");
      continue;
    }
    if (flag == nullptr) return unknown_flag(table, name);
    if (is_boolean(flag->kind)) {
      value = TRY(boolean_text(name, given ? value : "true"));
    } else if (!given) {
      if (at + 1 == arguments.size()) return invalid_input("flag needs an argument: -" + name);
      value = arguments[++at];
    }
    TRY(check_value(*flag, value));
    parsed.values_[name].push_back(std::move(value));
  }
  parsed.arguments_.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
  return parsed;
}

const std::vector<Flag>& template_flags() {
  static const std::vector<Flag> flags = {
      {"var", FlagKind::List, "NAME=VALUE  set an input variable; may be repeated"},
      {"var-file", FlagKind::List, "FILE  read input variables from a file; may be repeated"},
      {"only", FlagKind::List, "GLOB,...  only the builds that match"},
      {"except", FlagKind::List, "GLOB,...  all builds but those that match"},
      {"config-type", FlagKind::Text, "json|hcl2  read the template as this whatever its name"},
  };
  return flags;
}

std::vector<Flag> with_template_flags(std::vector<Flag> own) {
  own.insert(own.end(), template_flags().begin(), template_flags().end());
  return own;
}

std::string usage(std::string_view verb, std::string_view arguments, std::string_view purpose,
                  const std::vector<Flag>& table) {
  std::string text = "Usage: farmctl " + std::string(verb) + " [options] ";
  text.append(arguments).append("\n\n  ").append(purpose).append("\n");
  if (!table.empty()) text += "\nOptions:\n\n";
  for (const Flag& flag : table) {
    std::string left = "  -" + std::string(flag.name);
    if (flag.kind == FlagKind::Setting) left += "=false";
    if (left.size() < 32) left.resize(32, ' ');
    text.append(left).append(" ").append(flag.help).append("\n");
  }
  return text;
}

}  // namespace farm::farmctl
