// String functions other than format and the regular expressions.

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::functions {
namespace {

// Far above any use; a template must not make us allocate gigabytes of blanks.
constexpr int64_t kLargestIndent = 10'000;

Outcome text(std::string value) {
  return Value::string(std::move(value));
}

// `from` replaced by `to` everywhere; an empty `from` matches before each rune and at the end.
Outcome replaced(std::string_view whole, std::string_view from, std::string_view to) {
  std::string out;
  if (from.empty()) {
    for (const Rune& rune : runes(whole)) {
      out.append(to).append(rune.bytes);
      if (out.size() > kLargestText) return fail_too_long();
    }
    return text(std::move(out.append(to)));
  }
  size_t at = 0;
  for (size_t hit = whole.find(from); hit != std::string_view::npos; hit = whole.find(from, at)) {
    out.append(whole.substr(at, hit - at)).append(to);
    if (out.size() > kLargestText) return fail_too_long();
    at = hit + from.size();
  }
  return text(std::move(out.append(whole.substr(at))));
}

template <class InSet>
std::string_view trimmed(std::string_view whole, InSet in_set) {
  const std::vector<Rune> all = runes(whole);
  size_t first = 0;
  size_t last = all.size();
  while (first < last && in_set(all[first])) ++first;
  while (last > first && in_set(all[last - 1])) --last;
  if (first == last) return {};
  const char* begin = all[first].bytes.data();
  const char* end = all[last - 1].bytes.data() + all[last - 1].bytes.size();
  return {begin, static_cast<size_t>(end - begin)};
}

Outcome chomp(Arguments arguments, CallContext&) {
  std::string value = arguments[0].as_string();
  value.erase(value.find_last_not_of("\r\n") + 1);
  return text(std::move(value));
}

Outcome indent(Arguments arguments, CallContext&) {
  const std::optional<int64_t> spaces = whole_number(arguments[0]);
  if (!spaces) return fail(kWholeNumberMessage);
  if (*spaces < 0) return fail_argument(0, "the number of spaces must not be negative");
  if (*spaces > kLargestIndent) {
    return fail_argument(0, fmt::format("the number of spaces must be at most {}", kLargestIndent));
  }
  const std::string pad(static_cast<size_t>(*spaces), ' ');
  return replaced(arguments[1].as_string(), "\n", "\n" + pad);
}

Outcome join(Arguments arguments, CallContext&) {
  const Arguments lists = arguments.subspan(1);
  if (lists.empty()) return fail("at least one list is required");
  std::string out;
  bool first = true;
  for (size_t l = 0; l < lists.size(); ++l) {
    const Value::List& elements = lists[l].elements();
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].is_null()) {
        const std::string where = lists.size() == 1 ? "" : fmt::format(" of list {}", l + 1);
        return fail_argument(
            l + 1, fmt::format("element {}{} is null; cannot concatenate null values", i, where));
      }
      if (!first) out += arguments[0].as_string();
      first = false;
      out += elements[i].as_string();
      if (out.size() > kLargestText) return fail_too_long();
    }
  }
  return text(std::move(out));
}

Outcome split(Arguments arguments, CallContext&) {
  const std::string& separator = arguments[0].as_string();
  std::string_view rest = arguments[1].as_string();
  std::vector<std::string> parts;
  if (separator.empty()) {
    for (const Rune& rune : runes(rest)) parts.emplace_back(rune.bytes);
    return parts.size() > kLargestList ? fail_too_many() : string_list(parts);
  }
  for (size_t hit = rest.find(separator); hit != std::string_view::npos;
       hit = rest.find(separator)) {
    parts.emplace_back(rest.substr(0, hit));
    if (parts.size() > kLargestList) return fail_too_many();
    rest.remove_prefix(hit + separator.size());
  }
  parts.emplace_back(rest);
  return string_list(parts);
}

Outcome reverse_text(Arguments arguments, CallContext&) {
  std::vector<std::string_view> characters = graphemes(arguments[0].as_string());
  std::string out;
  for (auto it = characters.rbegin(); it != characters.rend(); ++it) out += *it;
  return text(std::move(out));
}

Outcome substr(Arguments arguments, CallContext&) {
  const std::optional<int64_t> offset = whole_number(arguments[1]);
  const std::optional<int64_t> length = whole_number(arguments[2]);
  if (!offset || !length) return fail(kWholeNumberMessage);
  const std::string& whole = arguments[0].as_string();
  const std::vector<std::string_view> characters = graphemes(whole);
  const auto total = static_cast<int64_t>(characters.size());
  // A negative offset counts from the end; before the start it means the start.
  const int64_t from = *offset < 0 ? std::max<int64_t>(0, total + *offset) : *offset;
  if (from >= total || *length == 0) return text("");
  const int64_t to = *length < 0 || *length > total - from ? total : from + *length;
  std::string out;
  for (int64_t i = from; i < to; ++i) out += characters[static_cast<size_t>(i)];
  return text(std::move(out));
}

Outcome trim(Arguments arguments, CallContext&) {
  const std::string& cutset = arguments[1].as_string();
  return text(std::string(trimmed(arguments[0].as_string(), [&cutset](const Rune& rune) {
    return cutset.find(rune.bytes) != std::string::npos;
  })));
}

Outcome trim_space(Arguments arguments, CallContext&) {
  return text(std::string(
      trimmed(arguments[0].as_string(), [](const Rune& rune) { return is_space(rune.code); })));
}

Outcome trim_prefix(Arguments arguments, CallContext&) {
  std::string value = arguments[0].as_string();
  const std::string& prefix = arguments[1].as_string();
  if (value.starts_with(prefix)) value.erase(0, prefix.size());
  return text(std::move(value));
}

Outcome trim_suffix(Arguments arguments, CallContext&) {
  std::string value = arguments[0].as_string();
  const std::string& suffix = arguments[1].as_string();
  if (value.ends_with(suffix)) value.resize(value.size() - suffix.size());
  return text(std::move(value));
}

void add_tests(Table& table) {
  define(table,
         {"startswith",
          {text_parameter("str"), text_parameter("prefix")},
          {},
          Type::boolean(),
          "Whether a text starts with another."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::boolean(arguments[0].as_string().starts_with(arguments[1].as_string()));
         });
  define(table,
         {"endswith",
          {text_parameter("str"), text_parameter("suffix")},
          {},
          Type::boolean(),
          "Whether a text ends with another."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::boolean(arguments[0].as_string().ends_with(arguments[1].as_string()));
         });
  define(table,
         {"strcontains",
          {text_parameter("str"), text_parameter("substr")},
          {},
          Type::boolean(),
          "Whether a text contains another."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::boolean(arguments[0].as_string().find(arguments[1].as_string()) !=
                                 std::string::npos);
         });
}

void add_cases(Table& table) {
  define(
      table, {"lower", {text_parameter("str")}, {}, Type::string(), "Lower-case letters."},
      [](Arguments arguments, CallContext&) { return text(lower_case(arguments[0].as_string())); });
  define(
      table, {"upper", {text_parameter("str")}, {}, Type::string(), "Upper-case letters."},
      [](Arguments arguments, CallContext&) { return text(upper_case(arguments[0].as_string())); });
  define(
      table,
      {"title",
       {text_parameter("str")},
       {},
       Type::string(),
       "The first letter of each word in upper case."},
      [](Arguments arguments, CallContext&) { return text(title_case(arguments[0].as_string())); });
}

void add_trims(Table& table) {
  const Type string = Type::string();
  define(table,
         {"trim",
          {text_parameter("str"), text_parameter("cutset")},
          {},
          string,
          "Removes the given characters from both ends."},
         trim);
  define(table,
         {"trimprefix",
          {text_parameter("str"), text_parameter("prefix")},
          {},
          string,
          "Removes a prefix."},
         trim_prefix);
  define(table,
         {"trimsuffix",
          {text_parameter("str"), text_parameter("suffix")},
          {},
          string,
          "Removes a suffix."},
         trim_suffix);
  define(table,
         {"trimspace", {text_parameter("str")}, {}, string, "Removes white space from both ends."},
         trim_space);
}

}  // namespace

void add_string_functions(Table& table) {
  const Type string = Type::string();
  define(table, {"chomp", {text_parameter("str")}, {}, string, "Removes newlines at the end."},
         chomp);
  define(table,
         {"indent",
          {number_parameter("spaces"), text_parameter("str")},
          {},
          string,
          "Adds spaces to the start of all lines but the first."},
         indent);
  define(table,
         {"join",
          {text_parameter("separator")},
          list_parameter("lists", string),
          string,
          "The elements of lists as one text."},
         join);
  define(table,
         {"split",
          {text_parameter("separator"), text_parameter("str")},
          {},
          Type::list(string),
          "The parts of a text between separators."},
         split);
  define(table,
         {"replace",
          {text_parameter("str"), text_parameter("substr"), text_parameter("replace")},
          {},
          string,
          "Replaces each occurrence of a text."},
         [](Arguments arguments, CallContext&) {
           return replaced(arguments[0].as_string(), arguments[1].as_string(),
                                arguments[2].as_string());
         });
  define(table, {"strrev", {text_parameter("str")}, {}, string, "The characters backwards."},
         reverse_text);
  define(table,
         {"substr",
          {text_parameter("str"), number_parameter("offset"), number_parameter("length")},
          {},
          string,
          "Part of a text by offset and length in characters."},
         substr);
  add_cases(table);
  add_trims(table);
  add_tests(table);
}

}  // namespace farm::functions
