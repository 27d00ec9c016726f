#include "ops/farmctl/common/diagnostic_printer.h"

#include <algorithm>
#include <map>

#include "common/template/json/document.h"
#include "ops/farmctl/common/diagnostic_codes.h"

namespace farm::farmctl {
namespace {

constexpr size_t kMaxPerFile = 20;
constexpr size_t kMaxExcerpt = 240;  // bytes of a source line shown
constexpr size_t kLeadingContext = 80;  // of them before the place, when the line begins too early
constexpr std::string_view kLeftOut = "...";

struct Palette {
  const char* error = "";
  const char* warning = "";
  const char* bold = "";
  const char* frame = "";
  const char* reset = "";
};

Palette palette_of(DiagnosticForm form) {
  if (form != DiagnosticForm::DrawnInColor) return {};
  return {"\033[1;31m", "\033[1;33m", "\033[1m", "\033[34m", "\033[0m"};
}

/// Column positions count characters; the caret line repeats tabs so that it lines up.
std::string caret_line(const std::string& line, const SourceRange& range) {
  std::string padding;
  std::string marks;
  uint32_t column = 1;
  const bool one_line = range.end.line == range.start.line;
  for (size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) continue;  // inside a character
    if (column < range.start.column) {
      padding += line[i] == '\t' ? '\t' : ' ';
    } else if (!one_line || column < range.end.column) {
      marks += '^';
    }
    ++column;
  }
  while (!marks.empty() && line.back() == ' ' && !one_line) marks.pop_back();
  return padding + (marks.empty() ? "^" : marks);
}

bool inside_character(const std::string& text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

struct Excerpt {
  std::string text;
  std::string marks;
};

/// The part of a line that shows the place: templates that a program wrote are one long line.
Excerpt excerpt(const std::string& line, const SourceRange& range) {
  if (line.size() <= kMaxExcerpt) return {line, caret_line(line, range)};
  size_t place = 0;
  for (uint32_t column = 1; column < range.start.column && place < line.size(); ++column) {
    do ++place;
    while (inside_character(line, place));
  }
  size_t begin = place + kLeadingContext <= kMaxExcerpt ? 0 : place - kLeadingContext;
  while (inside_character(line, begin)) ++begin;
  size_t end = std::min(begin + kMaxExcerpt, line.size());
  while (inside_character(line, end)) --end;
  const std::string lead(begin == 0 ? std::string_view() : kLeftOut);
  uint32_t dropped = 0;
  for (size_t i = 0; i < begin; ++i) dropped += inside_character(line, i) ? 0 : 1;
  const auto shifted = [&](uint32_t column) {
    return column - dropped + static_cast<uint32_t>(lead.size());
  };
  SourceRange shown = range;
  shown.start.column = shifted(range.start.column);
  if (range.end.line == range.start.line) shown.end.column = shifted(range.end.column);
  Excerpt made;
  made.text = lead + line.substr(begin, end - begin);
  made.marks = caret_line(made.text, shown);
  if (end < line.size()) made.text += kLeftOut;
  return made;
}

void indent_lines(const std::string& text, const std::string& first, const std::string& next,
                  std::string& into) {
  size_t start = 0;
  bool at_first = true;
  while (start <= text.size()) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    into += (at_first ? first : next) + line + "\n";
    at_first = false;
    start = end + 1;
  }
}

class Drawer {
 public:
  Drawer(const templates::SourceTexts& texts, DiagnosticForm form)
      : texts_(texts), form_(form), palette_(palette_of(form)) {}

  std::string draw(const Diagnostic& item) const {
    return form_ == DiagnosticForm::Plain ? plain(item) : drawn(item);
  }

 private:
  std::string block_of(const Diagnostic& item) const {
    if (!item.block.empty()) return item.block;
    return enclosing_block(texts_, item.subject->file, item.subject->start.line);
  }

  std::string plain(const Diagnostic& item) const {
    std::string text = item.severity == Severity::Error ? "Error: " : "Warning: ";
    text += item.summary + "\n\n";
    if (item.subject && item.subject->known()) {
      const SourceRange& place = *item.subject;
      const std::string number = std::to_string(place.start.line);
      const std::string block = block_of(item);
      text += "  on " + place.file + " line " + number + (block.empty() ? "" : ", in " + block) +
              ":\n";
      const auto line = texts_.line(place.file, place.start.line);
      if (line) {
        const Excerpt shown = excerpt(*line, place);
        text += "  " + number + ": " + shown.text + "\n";
        text += std::string(number.size() + 4, ' ') + shown.marks + "\n\n";
      } else {
        text += "  (source code not available)\n\n";
      }
    }
    text += plain_context(item);
    if (!item.detail.empty()) text += item.detail + "\n";
    if (!item.hint.empty()) text += "hint: " + item.hint + "\n";
    return text + "\n\n";
  }

  /// The other place that a problem is about, such as the first of two equal keys.
  std::string plain_context(const Diagnostic& item) const {
    if (!item.context || !item.context->known()) return {};
    const auto line = texts_.line(item.context->file, item.context->start.line);
    if (!line) return {};
    const std::string number = std::to_string(item.context->start.line);
    const Excerpt shown = excerpt(*line, *item.context);
    return "  first on " + item.context->file + " line " + number + ":\n  " + number + ": " +
           shown.text + "\n" + std::string(number.size() + 4, ' ') + shown.marks + "\n\n";
  }

  std::string drawn_context(const Diagnostic& item, size_t gutter, const std::string& bar) const {
    if (!item.context || !item.context->known()) return {};
    const auto line = texts_.line(item.context->file, item.context->start.line);
    if (!line) return {};
    const std::string number = std::to_string(item.context->start.line);
    const std::string pad(gutter > number.size() ? gutter - number.size() : 1, ' ');
    const std::string margin(gutter, ' ');
    const Excerpt shown = excerpt(*line, *item.context);
    return margin.substr(1) + palette_.frame + "::: " + palette_.reset + item.context->file + ":" +
           number + ":" + std::to_string(item.context->start.column) + " first here\n" + margin +
           bar + "\n" + palette_.frame + number + palette_.reset + pad + bar + " " + shown.text +
           "\n" + margin + bar + " " + palette_.frame + shown.marks + palette_.reset + "\n";
  }

  std::string drawn(const Diagnostic& item) const {
    const bool error = item.severity == Severity::Error;
    const std::string code = code_of(item);
    std::string text = std::string(error ? palette_.error : palette_.warning) +
                       (error ? "error" : "warning") + (code.empty() ? "" : "[" + code + "]") +
                       palette_.reset + palette_.bold + ": " + item.summary + palette_.reset + "\n";
    std::string gutter = "  ";
    const std::string bar = std::string(palette_.frame) + "|" + palette_.reset;
    if (item.subject && item.subject->known()) {
      const SourceRange& place = *item.subject;
      const std::string number = std::to_string(place.start.line);
      gutter = std::string(number.size() + 1, ' ');
      text += gutter.substr(1) + palette_.frame + "--> " + palette_.reset + place.file + ":" +
              number + ":" + std::to_string(place.start.column);
      const std::string block = block_of(item);
      text += (block.empty() ? "" : " in " + block) + "\n";
      const auto line = texts_.line(place.file, place.start.line);
      if (line) {
        const Excerpt shown = excerpt(*line, place);
        text += gutter + bar + "\n" + palette_.frame + number + palette_.reset + " " + bar + " " +
                shown.text + "\n";
        text += gutter + bar + " " + (error ? palette_.error : palette_.warning) +
                shown.marks + palette_.reset + "\n";
      }
      text += drawn_context(item, gutter.size(), bar);
    }
    if (!item.detail.empty()) indent_lines(item.detail, gutter + "= ", gutter + "  ", text);
    if (!item.hint.empty()) indent_lines(item.hint, gutter + "= hint: ", gutter + "  ", text);
    return text + "\n";
  }

  const templates::SourceTexts& texts_;
  DiagnosticForm form_;
  Palette palette_;
};

std::string json_position(const SourcePosition& position) {
  return "{\"line\":" + std::to_string(position.line - 1) +
         ",\"character\":" + std::to_string(position.column - 1) + "}";
}

std::string json_place(const SourceRange& range) {
  return "\"file\":" + json::quote(range.file) + ",\"range\":{\"start\":" +
         json_position(range.start) + ",\"end\":" + json_position(range.end) + "}";
}

}  // namespace

std::string enclosing_block(const templates::SourceTexts& texts, const std::string& file,
                            uint32_t line) {
  if (!file.ends_with(".hcl")) return {};
  for (uint32_t at = line; at > 0; --at) {
    const std::optional<std::string> text = texts.line(file, at);
    if (!text || at + 2000 < line) return {};
    if (text->empty()) continue;
    const char first = (*text)[0];
    const bool letter = (first >= 'a' && first <= 'z') || first == '_';
    const size_t brace = text->find('{');
    if (letter && brace != std::string::npos && text->find('=') > brace) {
      const size_t end = text->find_last_not_of(' ', brace - 1);
      return text->substr(0, end + 1);
    }
    if (first == '}' && at != line) return {};
  }
  return {};
}

std::string draw_diagnostics(const Diagnostics& diagnostics, const templates::SourceTexts& texts,
                             DiagnosticForm form) {
  const Drawer drawer(texts, form);
  std::string text;
  std::map<std::string, size_t> shown;
  size_t left_out = 0;
  for (const Severity severity : {Severity::Error, Severity::Warning}) {
    for (const Diagnostic& item : diagnostics.items()) {
      if (item.severity != severity) continue;
      if (item.subject && ++shown[item.subject->file] > kMaxPerFile) {
        ++left_out;
        continue;
      }
      text += drawer.draw(item);
    }
  }
  if (left_out > 0) {
    text += std::to_string(left_out) + " more not shown (20 per file are).\n\n";
  }
  return text;
}

std::string diagnostics_json(const Diagnostics& diagnostics) {
  std::string text = "{\"valid\":";
  text += diagnostics.has_errors() ? "false" : "true";
  text += ",\"diagnostics\":[";
  bool first = true;
  for (const Diagnostic& item : diagnostics.items()) {
    if (!first) text += ",";
    first = false;
    text += "{\"severity\":";
    text += item.severity == Severity::Error ? "\"error\"" : "\"warning\"";
    text += ",\"code\":" + json::quote(code_of(item)) + ",\"summary\":" + json::quote(item.summary) +
            ",\"detail\":" + json::quote(item.detail) + ",\"hint\":" + json::quote(item.hint) +
            ",\"block\":" + json::quote(item.block);
    if (item.subject && item.subject->known()) text += "," + json_place(*item.subject);
    if (item.context && item.context->known()) {
      text += ",\"first\":{" + json_place(*item.context) + "}";
    }
    text += "}";
  }
  return text + "]}\n";
}

}  // namespace farm::farmctl
