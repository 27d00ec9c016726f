#include "ops/farmctl/common/diagnostic_sarif.h"

#include <set>

#include "common/template/json/document.h"
#include "ops/farmctl/common/diagnostic_codes.h"

namespace farm::farmctl {
namespace {

constexpr const char* kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
constexpr const char* kNoCode = "template";

std::string rule_of(const Diagnostic& item) {
  const std::string code = code_of(item);
  return code.empty() ? kNoCode : code;
}

/// A file's name as a relative URI reference.
std::string uri_of(const std::string& file) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string uri;
  for (const char c : file) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += std::string("%") + kHex[byte >> 4U] + kHex[byte & 15U];
    }
  }
  return uri;
}

std::string rules(const Diagnostics& diagnostics) {
  std::set<std::string> used;
  for (const Diagnostic& item : diagnostics.items()) used.insert(rule_of(item));
  std::string text;
  for (const std::string& rule : used) {
    std::string about = "A mistake in a template.";
    for (const DiagnosticCode& code : diagnostic_codes()) {
      if (code.code == rule) about = std::string(code.explanation);
    }
    text += (text.empty() ? "" : ",") + std::string("{\"id\":") + json::quote(rule) +
            ",\"fullDescription\":{\"text\":" + json::quote(about) + "}}";
  }
  return text;
}

/// The value of the property `name` for one place.
std::string location(const char* name, const SourceRange& range) {
  const auto number = [](const char* key, uint32_t value) {
    return std::string("\"") + key + "\":" + std::to_string(value);
  };
  return std::string(",\"") + name + "\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":" +
         json::quote(uri_of(range.file)) + "},\"region\":{" +
         number("startLine", range.start.line) + "," + number("startColumn", range.start.column) +
         "," + number("endLine", range.end.line) + "," + number("endColumn", range.end.column) +
         "}}}]";
}

std::string result(const Diagnostic& item) {
  std::string message = item.summary;
  if (!item.detail.empty()) message += "\n" + item.detail;
  if (!item.hint.empty()) message += "\n" + item.hint;
  std::string text = "{\"ruleId\":" + json::quote(rule_of(item)) + ",\"level\":" +
                     (item.severity == Severity::Error ? "\"error\"" : "\"warning\"") +
                     ",\"message\":{\"text\":" + json::quote(message) + "}";
  if (item.subject && item.subject->known()) text += location("locations", *item.subject);
  if (item.context && item.context->known()) text += location("relatedLocations", *item.context);
  return text + "}";
}

}  // namespace

std::string diagnostics_sarif(const Diagnostics& diagnostics) {
  std::string results;
  for (const Diagnostic& item : diagnostics.items()) {
    results += (results.empty() ? "" : ",") + result(item);
  }
  return "{\"$schema\":" + json::quote(kSchema) +
         ",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"farmctl validate\","
         "\"rules\":[" +
         rules(diagnostics) + "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[" + results +
         "]}]}\n";
}

}  // namespace farm::farmctl
