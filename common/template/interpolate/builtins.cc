// Go's own template functions: comparison, index, slice, len, printing and escaping.
#include <array>

#include <fmt/format.h>

#include "common/template/interpolate/function_table.h"
#include "common/template/interpolate/printf.h"
#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

enum class Basic { Bool, Int, Float, String, Nil, Other };

Basic basic_kind(const Cell& cell) {
  if (cell.boolean() != nullptr) return Basic::Bool;
  if (cell.integer() != nullptr) return Basic::Int;
  if (cell.real() != nullptr) return Basic::Float;
  if (cell.string() != nullptr) return Basic::String;
  return cell.is_nothing() ? Basic::Nil : Basic::Other;
}

Result<bool> equal(const Cell& a, const Cell& b) {
  const Basic kind = basic_kind(a);
  const Basic other = basic_kind(b);
  if (kind == Basic::Nil || other == Basic::Nil) return kind == other;
  if (kind == Basic::Other || other == Basic::Other) {
    const Cell& odd = kind == Basic::Other ? a : b;
    return invalid_input(fmt::format("non-comparable type {}: {}", odd.str(), odd.type_name()));
  }
  if (kind != other) return invalid_input("incompatible types for comparison");
  if (kind == Basic::Bool) return *a.boolean() == *b.boolean();
  if (kind == Basic::Int) return *a.integer() == *b.integer();
  if (kind == Basic::Float) return *a.real() == *b.real();
  return *a.string() == *b.string();
}

Result<bool> less(const Cell& a, const Cell& b) {
  const Basic kind = basic_kind(a);
  const Basic other = basic_kind(b);
  const auto ordered = [](Basic k) {
    return k == Basic::Int || k == Basic::Float || k == Basic::String;
  };
  if (kind == Basic::Nil || kind == Basic::Other || other == Basic::Nil || other == Basic::Other) {
    return invalid_input("invalid type for comparison");
  }
  if (kind != other) return invalid_input("incompatible types for comparison");
  if (!ordered(kind)) return invalid_input("invalid type for comparison");
  if (kind == Basic::Int) return *a.integer() < *b.integer();
  if (kind == Basic::Float) return *a.real() < *b.real();
  return *a.string() < *b.string();
}

Result<Cell> call_eq(Cells arguments, const Context&) {
  if (arguments.size() < 2) return invalid_input("missing argument for comparison");
  for (const Cell& candidate : arguments.subspan(1)) {
    const bool same = TRY(equal(arguments[0], candidate));
    if (same) return Cell(true);
  }
  return Cell(false);
}

Result<Cell> call_ne(Cells arguments, const Context&) {
  const bool same = TRY(equal(arguments[0], arguments[1]));
  return Cell(!same);
}

Result<Cell> call_lt(Cells arguments, const Context&) {
  const bool result = TRY(less(arguments[0], arguments[1]));
  return Cell(result);
}

Result<Cell> call_le(Cells arguments, const Context&) {
  const bool below = TRY(less(arguments[0], arguments[1]));
  if (below) return Cell(true);
  const bool same = TRY(equal(arguments[0], arguments[1]));
  return Cell(same);
}

Result<Cell> call_gt(Cells arguments, const Context& context) {
  const Cell result = TRY(call_le(arguments, context));
  return Cell(!result.truth());
}

Result<Cell> call_ge(Cells arguments, const Context& context) {
  const Cell result = TRY(call_lt(arguments, context));
  return Cell(!result.truth());
}

Result<Cell> call_not(Cells arguments, const Context&) { return Cell(!arguments[0].truth()); }

Result<Cell> call_and(Cells, const Context&) { return internal("and is the evaluator's"); }

Result<Cell> call_len(Cells arguments, const Context&) {
  const Cell& item = arguments[0];
  if (item.is_nothing()) return invalid_input("len of nil pointer");
  if (const std::string* text = item.string()) return Cell(static_cast<int64_t>(text->size()));
  if (const Cell::List* list = item.elements()) return Cell(static_cast<int64_t>(list->size()));
  if (const Cell::Map* map = item.entries()) return Cell(static_cast<int64_t>(map->size()));
  return invalid_input(fmt::format("len of type {}", item.type_name()));
}

/// `index` as a position in something of `size`; `size` itself counts when `end_allowed`.
Result<size_t> position(const Cell& index, size_t size, bool end_allowed) {
  if (index.is_nothing()) return invalid_input("cannot index slice/array with nil");
  if (index.integer() == nullptr) {
    return invalid_input(
        fmt::format("cannot index slice/array with type {}", index.type_name()));
  }
  const int64_t at = *index.integer();
  const uint64_t limit = size + (end_allowed ? 1 : 0);
  if (at < 0 || static_cast<uint64_t>(at) >= limit) {
    return invalid_input(fmt::format("index out of range: {}", at));
  }
  return static_cast<size_t>(at);
}

Result<Cell> index_one(const Cell& item, const Cell& index) {
  if (item.is_nothing()) return invalid_input("index of nil pointer");
  if (const std::string* text = item.string()) {
    const size_t at = TRY(position(index, text->size(), false));
    return Cell(static_cast<int64_t>(static_cast<unsigned char>((*text)[at])));
  }
  if (const Cell::List* list = item.elements()) {
    const size_t at = TRY(position(index, list->size(), false));
    return (*list)[at];
  }
  if (const Cell::Map* map = item.entries()) {
    if (index.string() == nullptr) {
      if (index.is_nothing()) return invalid_input("value is nil; should be of type string");
      return invalid_input(
          fmt::format("value has type {}; should be string", index.type_name()));
    }
    const auto found = map->find(*index.string());
    return found == map->end() ? Cell() : found->second;
  }
  return invalid_input(fmt::format("can't index item of type {}", item.type_name()));
}

Result<Cell> call_index(Cells arguments, const Context&) {
  Cell item = arguments[0];
  if (item.is_nothing()) return invalid_input("index of untyped nil");
  for (const Cell& index : arguments.subspan(1)) item = TRY(index_one(item, index));
  return item;
}

Result<Cell> call_slice(Cells arguments, const Context&) {
  const Cell& item = arguments[0];
  if (item.is_nothing()) return invalid_input("slice of untyped nil");
  const std::string* text = item.string();
  const Cell::List* list = item.elements();
  if (arguments.size() > 4) {
    return invalid_input(fmt::format("too many slice indexes: {}", arguments.size() - 1));
  }
  if (text == nullptr && list == nullptr) {
    return invalid_input(fmt::format("can't slice item of type {}", item.type_name()));
  }
  if (text != nullptr && arguments.size() == 4) {
    return invalid_input("cannot 3-index slice a string");
  }
  const size_t size = text != nullptr ? text->size() : list->size();
  std::array<size_t, 3> bounds = {0, size, size};
  for (size_t i = 1; i < arguments.size(); ++i) {
    bounds[i - 1] = TRY(position(arguments[i], size, true));
  }
  if (bounds[0] > bounds[1]) {
    return invalid_input(fmt::format("invalid slice index: {} > {}", bounds[0], bounds[1]));
  }
  if (bounds[1] > bounds[2]) {
    return invalid_input(fmt::format("invalid slice index: {} > {}", bounds[1], bounds[2]));
  }
  if (text != nullptr) return Cell(text->substr(bounds[0], bounds[1] - bounds[0]));
  const auto begin = list->begin();
  return Cell::list(Cell::List(begin + static_cast<std::ptrdiff_t>(bounds[0]),
                               begin + static_cast<std::ptrdiff_t>(bounds[1])));
}

Result<Cell> call_function_value(Cells arguments, const Context&) {
  if (arguments[0].is_nothing()) return invalid_input("call of nil");
  return invalid_input(fmt::format("non-function of type {}", arguments[0].type_name()));
}

Result<Cell> call_print(Cells arguments, const Context&) { return Cell(sprint(arguments)); }
Result<Cell> call_println(Cells arguments, const Context&) { return Cell(sprintln(arguments)); }
Result<Cell> call_printf(Cells arguments, const Context&) {
  return Cell(sprintf(*arguments[0].string(), arguments.subspan(1)));
}

/// The text that html, js and urlquery work on.
std::string joined(Cells arguments) {
  if (arguments.size() == 1 && arguments[0].is_nothing()) return "<no value>";
  return sprint(arguments);
}

Result<Cell> call_html(Cells arguments, const Context&) {
  std::string escaped;
  for (const char c : joined(arguments)) {
    constexpr std::string_view kSpecial = "\"'&<>";
    constexpr std::array<std::string_view, 5> kEntities = {"&#34;", "&#39;", "&amp;", "&lt;",
                                                           "&gt;"};
    if (c == '\0') {
      escaped += "\xEF\xBF\xBD";
    } else if (const size_t found = kSpecial.find(c); found != std::string_view::npos) {
      escaped += kEntities[found];
    } else {
      escaped += c;
    }
  }
  return Cell(std::move(escaped));
}

Result<Cell> call_js(Cells arguments, const Context&) {
  std::string escaped;
  const std::string text = joined(arguments);
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const char c = text[at];
    if (c == '\\' || c == '\'' || c == '"') {
      escaped += '\\';
      escaped += c;
    } else if (c == '<' || c == '>' || c == '&' || c == '=' || point.value < 0x20) {
      escaped += fmt::format("\\u{:04X}", point.value);
    } else {
      escaped += text.substr(at, point.length);
    }
    at += point.length;
  }
  return Cell(std::move(escaped));
}

Result<Cell> call_urlquery(Cells arguments, const Context&) {
  std::string escaped;
  for (const char c : joined(arguments)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else if (c == ' ') {
      escaped += '+';
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return Cell(std::move(escaped));
}

constexpr std::array<FunctionEntry, 19> kBuiltins = {{
    {"and", "aa*", call_and},
    {"call", "aa*", call_function_value},
    {"eq", "aa*", call_eq},
    {"ge", "aa", call_ge},
    {"gt", "aa", call_gt},
    {"html", "a*", call_html},
    {"index", "aa*", call_index},
    {"js", "a*", call_js},
    {"le", "aa", call_le},
    {"len", "a", call_len},
    {"lt", "aa", call_lt},
    {"ne", "aa", call_ne},
    {"not", "a", call_not},
    {"or", "aa*", call_and},
    {"print", "a*", call_print},
    {"printf", "sa*", call_printf},
    {"println", "a*", call_println},
    {"slice", "aa*", call_slice},
    {"urlquery", "a*", call_urlquery},
}};

}  // namespace

std::span<const FunctionEntry> builtin_functions() { return kBuiltins; }

const FunctionEntry* find_function(std::string_view name) {
  for (const auto& family : {builtin_functions(), packer_functions()}) {
    for (const FunctionEntry& entry : family) {
      if (entry.name == name) return &entry;
    }
  }
  return nullptr;
}

}  // namespace farm::interpolate
