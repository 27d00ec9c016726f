// regex, regexall and regex_replace over RE2, whose syntax is that of Go's regexp package.

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

namespace farm::functions {
namespace {

constexpr int64_t kProgramBytes = 8 << 20;  // RE2's own default, stated since it bounds our memory

// Our RE2 knows named groups as (?P<name>...) only; templates may also write (?<name>...).
std::string with_portable_groups(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with("\\Q")) {
      const size_t end = std::min(rest.find("\\E"), rest.size());
      out += rest.substr(0, end);
      i += end - 1;
      continue;
    }
    if (rest[0] == '\\' && rest.size() > 1) {
      out += rest.substr(0, 2);
      ++i;
      continue;
    }
    if (in_class) {
      in_class = rest[0] != ']';
    } else if (rest[0] == '[') {
      in_class = true;
      // A bracket right after the opening one (or its ^) is an ordinary member.
      const size_t head = rest.starts_with("[^]") ? 3 : rest.starts_with("[]") ? 2 : 1;
      out += rest.substr(0, head);
      i += head - 1;
      continue;
    } else if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      out += "(?P<";
      i += 2;
      continue;
    }
    out += rest[0];
  }
  return out;
}

// \C matches one byte of any character: what it finds may be no text.
bool matches_any_byte(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern.substr(i, 2) == "\\Q") {
      i = std::min(pattern.find("\\E", i), pattern.size());
    } else if (pattern[i] == '\\') {
      if (pattern[i + 1] == 'C') return true;
      ++i;
    }
  }
  return false;
}

std::string_view problem(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "invalid expression";
  }
}

class Pattern {
 public:
  explicit Pattern(const std::string& source)
      : any_byte_(matches_any_byte(source)),
        re_(with_portable_groups(source), options()),
        groups_(static_cast<size_t>(std::max(0, re_.NumberOfCapturingGroups()))) {}

  bool ok() const { return re_.ok() && !any_byte_; }
  std::string_view problem_text() const {
    return problem(re_.ok() ? RE2::ErrorBadEscape : re_.error_code());
  }
  std::string problem_place() const { return re_.ok() ? "\\C" : re_.error_arg(); }
  size_t groups() const { return groups_; }
  const std::map<int, std::string>& names() const { return re_.CapturingGroupNames(); }
  const std::map<std::string, int>& numbers() const { return re_.NamedCapturingGroups(); }

  /// The next match at or after `from`: whole match first, then the groups.
  bool match(std::string_view text, size_t from, std::vector<re2::StringPiece>& found) const {
    found.assign(groups_ + 1, {});
    return re_.Match(text, from, text.size(), RE2::UNANCHORED, found.data(),
                     static_cast<int>(found.size()));
  }

 private:
  static RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kProgramBytes);
    return options;
  }

  bool any_byte_;
  RE2 re_;
  size_t groups_;
};

using Match = std::vector<re2::StringPiece>;

size_t rune_length(std::string_view text) {
  return text.empty() ? 1 : runes(text.substr(0, 4))[0].bytes.size();
}

// All matches that do not overlap; an empty match right behind the one before does not count.
template <class Visit>
void each_match(const Pattern& pattern, std::string_view text, Visit visit) {
  Match found;
  size_t previous_end = std::string_view::npos;
  for (size_t at = 0; at <= text.size() && pattern.match(text, at, found);) {
    const auto start = static_cast<size_t>(found[0].data() - text.data());
    const size_t end = start + found[0].size();
    const bool empty = start == end;
    if (!empty || start != previous_end) visit(start, end, found);
    previous_end = end;
    at = empty ? end + rune_length(text.substr(end)) : end;
  }
}

Value group_value(const re2::StringPiece& group) {
  if (group.data() == nullptr) return Value::null(Type::string());
  return Value::string(std::string(group));
}

// The shape of one match: the text, a tuple of groups, or an object of named groups.
Value match_value(const Pattern& pattern, const Match& found) {
  if (pattern.groups() == 0) return Value::string(std::string(found[0]));
  if (pattern.names().empty()) {
    Value::List groups;
    for (size_t i = 1; i < found.size(); ++i) groups.push_back(group_value(found[i]));
    return Value::tuple(std::move(groups));
  }
  Value::Map groups;
  for (const auto& [number, name] : pattern.names()) {
    groups.insert_or_assign(name, group_value(found[static_cast<size_t>(number)]));
  }
  return Value::object(std::move(groups));
}

Type match_type(const Pattern& pattern) {
  if (pattern.groups() == 0) return Type::string();
  if (pattern.names().empty()) {
    return Type::tuple(std::vector<Type>(pattern.groups(), Type::string()));
  }
  std::map<std::string, Type> attributes;
  for (const auto& [number, name] : pattern.names()) attributes.emplace(name, Type::string());
  return Type::object(std::move(attributes));
}

std::optional<std::string> pattern_problem(const Pattern& pattern) {
  if (!pattern.ok()) {
    return fmt::format("invalid regexp pattern: {} in {}", pattern.problem_text(),
                       pattern.problem_place());
  }
  if (!pattern.names().empty() && pattern.names().size() != pattern.groups()) {
    return "invalid regexp pattern: cannot mix both named and unnamed capture groups";
  }
  return std::nullopt;
}

Outcome regex(Arguments arguments, CallContext&) {
  const Pattern pattern(arguments[0].as_string());
  if (std::optional<std::string> bad = pattern_problem(pattern)) {
    return fail_argument(0, std::move(*bad));
  }
  Match found;
  if (!pattern.match(arguments[1].as_string(), 0, found)) {
    return fail("pattern did not match any part of the given string");
  }
  return match_value(pattern, found);
}

Outcome regex_all(Arguments arguments, CallContext&) {
  const Pattern pattern(arguments[0].as_string());
  if (std::optional<std::string> bad = pattern_problem(pattern)) {
    return fail_argument(0, std::move(*bad));
  }
  Value::List matches;
  each_match(pattern, arguments[1].as_string(), [&](size_t, size_t, const Match& found) {
    if (matches.size() <= kLargestList) matches.push_back(match_value(pattern, found));
  });
  if (matches.size() > kLargestList) return fail_too_many();
  return Value::list(match_type(pattern), std::move(matches));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The group a `$name`, `$1` or `${name}` stands for; none such is an empty text.
std::string_view group_text(const Pattern& pattern, const Match& found, std::string_view name) {
  const bool digits = name.find_first_not_of("0123456789") == std::string_view::npos;
  constexpr size_t kMostDigits = 6;
  size_t index = found.size();
  if (digits) {
    if (name.size() <= kMostDigits) index = std::stoul(std::string(name));
  } else if (auto it = pattern.numbers().find(std::string(name)); it != pattern.numbers().end()) {
    index = static_cast<size_t>(it->second);
  }
  if (index >= found.size() || found[index].data() == nullptr) return {};
  return {found[index].data(), found[index].size()};
}

// Appends `replacement` with its $ references filled in; a $ that begins none stays.
void expand(const Pattern& pattern, const Match& found, std::string_view replacement,
            std::string& out) {
  while (!replacement.empty() && out.size() <= kLargestText) {
    const size_t dollar = std::min(replacement.find('$'), replacement.size());
    out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.empty()) return;
    if (replacement.starts_with("$$")) {
      out += '$';
      replacement.remove_prefix(2);
      continue;
    }
    const size_t open = replacement.starts_with("${") ? 2 : 1;
    size_t end = open;
    while (end < replacement.size() && is_name_character(replacement[end])) ++end;
    const bool closed = open == 1 || replacement.substr(end, 1) == "}";
    if (end == open || !closed) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    out += group_text(pattern, found, replacement.substr(open, end - open));
    replacement.remove_prefix(end + (open == 2 ? 1 : 0));
  }
}

Outcome regex_replace(Arguments arguments, CallContext&) {
  const Pattern pattern(arguments[1].as_string());
  if (!pattern.ok()) {
    return fail(fmt::format("error parsing regexp: {}: `{}`", pattern.problem_text(),
                            pattern.problem_place()));
  }
  const std::string& text = arguments[0].as_string();
  std::string out;
  size_t copied = 0;
  each_match(pattern, text, [&](size_t start, size_t end, const Match& found) {
    if (out.size() > kLargestText) return;
    out.append(text, copied, start - copied);
    expand(pattern, found, arguments[2].as_string(), out);
    copied = end;
  });
  if (out.size() > kLargestText) return fail_too_long();
  out.append(text, copied);
  return Value::string(std::move(out));
}

}  // namespace

void add_regex_functions(Table& table) {
  define(table,
         {"regex",
          {text_parameter("pattern"), text_parameter("string")},
          {},
          Type::dynamic(),
          "The first match of a pattern, or its groups."},
         regex);
  define(table,
         {"regexall",
          {text_parameter("pattern"), text_parameter("string")},
          {},
          Type::list(Type::dynamic()),
          "All matches of a pattern, or their groups."},
         regex_all);
  define(table,
         {"regex_replace",
          {text_parameter("str"), text_parameter("pattern"), text_parameter("replace")},
          {},
          Type::string(),
          "Replaces all matches of a pattern; $1 and ${name} are its groups."},
         regex_replace);
}

}  // namespace farm::functions
