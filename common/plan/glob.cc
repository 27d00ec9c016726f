#include "common/plan/glob.h"

#include <string>
#include <vector>

namespace farm::plan {
namespace {

// Alternatives multiply; a pattern that would make more than this is taken literally.
constexpr size_t kMaxAlternatives = 1024;

/// `{a,b}` written out: one pattern per choice.
bool expand_braces(std::string_view pattern, std::vector<std::string>& into) {
  const size_t open = pattern.find('{');
  if (open == std::string_view::npos) {
    into.emplace_back(pattern);
    return into.size() <= kMaxAlternatives;
  }
  std::vector<std::string_view> choices;
  int depth = 0;
  size_t start = open + 1;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == ',' && depth == 1) {
      choices.push_back(pattern.substr(start, i - start));
      start = i + 1;
    }
    if (pattern[i] == '}' && --depth == 0) {
      choices.push_back(pattern.substr(start, i - start));
      for (const std::string_view choice : choices) {
        std::string whole(pattern.substr(0, open));
        whole.append(choice).append(pattern.substr(i + 1));
        if (!expand_braces(whole, into)) return false;
      }
      return true;
    }
  }
  return false;  // no closing brace
}

/// Length of the class at the start of `pattern` ("[...]"); 0 when it is not closed.
size_t class_length(std::string_view pattern) {
  const size_t close = pattern.find(']', pattern.size() > 1 && pattern[1] == '!' ? 3 : 2);
  return close == std::string_view::npos ? 0 : close + 1;
}

bool class_holds(std::string_view body, char c) {
  const bool negated = !body.empty() && body[0] == '!';
  if (negated) body.remove_prefix(1);
  bool found = false;
  for (size_t i = 0; i < body.size(); ++i) {
    if (i + 2 < body.size() && body[i + 1] == '-') {
      found = found || (body[i] <= c && c <= body[i + 2]);
      i += 2;
    } else {
      found = found || body[i] == c;
    }
  }
  return found != negated;
}

/// Without braces; backtracks only to the last star, so it is at most quadratic.
bool match_plain(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
      continue;
    }
    size_t used = 0;
    if (p < pattern.size()) {
      if (pattern[p] == '?') {
        used = 1;
      } else if (pattern[p] == '[' && class_length(pattern.substr(p)) > 0) {
        const size_t length = class_length(pattern.substr(p));
        if (class_holds(pattern.substr(p + 1, length - 2), text[t])) used = length;
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        if (pattern[p + 1] == text[t]) used = 2;
      } else if (pattern[p] == text[t]) {
        used = 1;
      }
    }
    if (used > 0) {
      p += used;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++resume;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  std::vector<std::string> plain;
  if (!expand_braces(pattern, plain)) return pattern == text;
  for (const std::string& choice : plain) {
    if (match_plain(choice, text)) return true;
  }
  return false;
}

}  // namespace farm::plan
