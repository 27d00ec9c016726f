#include "common/template/functions/glob.h"

#include "common/template/functions/text.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace farm::functions {
namespace {

constexpr size_t kMostAlternatives = 1000;

// The end of the escaped pair, class or single byte at `at`; npos when it is not closed.
size_t atom_end(std::string_view pattern, size_t at) {
  if (pattern[at] == '\\') return at + 1 < pattern.size() ? at + 2 : std::string_view::npos;
  if (pattern[at] != '[') return at + 1;
  size_t i = at + 1;
  if (i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!')) ++i;
  const size_t first = i;
  for (; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) return i + 1;
    if (pattern[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

struct Braces {
  size_t open = 0;
  size_t close = 0;
  std::vector<std::string_view> choices;
};

// The first group of braces; its close is npos when it is not closed.
std::optional<Braces> first_braces(std::string_view pattern) {
  Braces braces;
  int depth = 0;
  size_t choice = 0;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '{' && depth++ == 0) {
      braces.open = i;
      choice = i + 1;
    } else if (depth > 0 && ((c == ',' && depth == 1) || (c == '}' && --depth == 0))) {
      braces.choices.push_back(pattern.substr(choice, i - choice));
      choice = i + 1;
      if (c == '}') {
        braces.close = i;
        return braces;
      }
    }
    i = atom_end(pattern, i);
  }
  if (depth == 0) return std::nullopt;
  braces.close = std::string_view::npos;
  return braces;
}

bool atoms_closed(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size();) {
    i = atom_end(pattern, i);
    if (i == std::string_view::npos) return false;
  }
  return true;
}

// All patterns without braces that `pattern` stands for; false when it is malformed.
bool expand(std::string pattern, std::vector<std::string>& expanded) {
  std::vector<std::string> pending = {std::move(pattern)};
  while (!pending.empty()) {
    const std::string next = std::move(pending.back());
    pending.pop_back();
    if (!atoms_closed(next)) return false;
    const std::optional<Braces> braces = first_braces(next);
    if (!braces) {
      expanded.push_back(next);
    } else {
      if (braces->close == std::string_view::npos) return false;
      for (const std::string_view choice : braces->choices) {
        std::string chosen = next.substr(0, braces->open);
        chosen.append(choice).append(next, braces->close + 1);
        pending.push_back(std::move(chosen));
      }
    }
    if (expanded.size() + pending.size() > kMostAlternatives) return false;
  }
  return true;
}

// One code of a class, with its escape taken off.
int32_t class_code(const std::vector<Rune>& members, size_t& i) {
  if (members[i].code == '\\' && i + 1 < members.size()) ++i;
  return members[i++].code;
}

// `members` is what stands between the brackets.
bool in_class(std::string_view members, int32_t code) {
  const bool negated = members.starts_with('^') || members.starts_with('!');
  if (negated) members.remove_prefix(1);
  const std::vector<Rune> all = runes(members);
  bool found = false;
  for (size_t i = 0; i < all.size();) {
    const int32_t low = class_code(all, i);
    int32_t high = low;
    if (i + 1 < all.size() && all[i].code == '-') high = class_code(all, ++i);
    found = found || (low <= code && code <= high);
  }
  return found != negated;
}

bool atom_matches(std::string_view atom, const Rune& rune) {
  if (atom == "?") return true;
  if (atom[0] == '[') return in_class(atom.substr(1, atom.size() - 2), rune.code);
  if (atom[0] == '\\') atom.remove_prefix(1);
  return atom == rune.bytes;
}

std::vector<std::string_view> atoms(std::string_view segment) {
  std::vector<std::string_view> found;
  for (size_t i = 0; i < segment.size();) {
    size_t end = atom_end(segment, i);
    if (segment[i] != '[' && segment[i] != '\\') {
      end = i + runes(segment.substr(i, 4))[0].bytes.size();
    } else if (segment[i] == '\\') {
      end = i + 1 + runes(segment.substr(i + 1, 4))[0].bytes.size();
    }
    found.push_back(segment.substr(i, end - i));
    i = end;
  }
  return found;
}

// Matches two sequences where some pattern items are stars that take any number of items. The
// last star alone needs to be reconsidered, so time is the product of the lengths.
template <class Pattern, class Subject, class IsStar, class Matches>
bool match_with_stars(const Pattern& pattern, const Subject& subject, IsStar is_star,
                      Matches matches) {
  size_t p = 0;
  size_t s = 0;
  std::optional<size_t> star;
  size_t star_subject = 0;
  while (s < subject.size()) {
    if (p < pattern.size() && is_star(pattern[p])) {
      star = p++;
      star_subject = s;
    } else if (p < pattern.size() && matches(pattern[p], subject[s])) {
      ++p;
      ++s;
    } else if (star) {
      p = *star + 1;
      s = ++star_subject;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && is_star(pattern[p])) ++p;
  return p == pattern.size();
}

bool segment_matches(std::string_view pattern, std::string_view segment) {
  return match_with_stars(
      atoms(pattern), runes(segment), [](std::string_view atom) { return atom == "*"; },
      atom_matches);
}

// Parts between slashes; a slash inside brackets or behind a backslash does not count.
std::vector<std::string_view> segments(std::string_view path, bool is_pattern) {
  std::vector<std::string_view> found;
  size_t start = 0;
  for (size_t i = 0; i < path.size();) {
    if (path[i] == '/') {
      found.push_back(path.substr(start, i - start));
      start = i + 1;
    }
    i = is_pattern ? atom_end(path, i) : i + 1;
  }
  found.push_back(path.substr(start));
  return found;
}

}  // namespace

Result<void> check_glob(std::string_view pattern) {
  std::vector<std::string> expanded;
  if (!expand(std::string(pattern), expanded)) return invalid_input("syntax error in pattern");
  return {};
}

bool glob_match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> expanded;
  if (!expand(std::string(pattern), expanded)) return false;
  const std::vector<std::string_view> subject = segments(path, false);
  return std::any_of(expanded.begin(), expanded.end(), [&subject](const std::string& plain) {
    return match_with_stars(
        segments(plain, true), subject, [](std::string_view segment) { return segment == "**"; },
        segment_matches);
  });
}

}  // namespace farm::functions
