// LIBS: farm_template_json farm_template_hcl2
// JSON of any shape: what parses must survive being written and parsed again unchanged.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/template/hcl2/body.h"
#include "common/template/json/document.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm;
  const std::string text(reinterpret_cast<const char*>(data), size);
  json::SyntaxError error;
  const std::optional<json::Document> document = json::parse_document(text, "t.json", error);
  if (!document) {
    static_cast<void>(error.describe(text));
    return 0;
  }
  const std::string once = json::write_pretty(document->root);
  const std::optional<json::Document> again = json::parse_document(once, "t.json", error);
  if (!again || json::write_pretty(again->root) != once) __builtin_trap();
  static_cast<void>(json::to_value(document->root));
  Diagnostics diagnostics;
  const hcl2::BodyPtr body = hcl2::parse_json_body(text, "t.pkr.json", diagnostics);
  hcl2::BodyPtr rest;
  body->partial_content({{{"a", false}}, {{"b", {"label"}}}}, rest, diagnostics);
  for (const hcl2::Attribute& attribute : rest->just_attributes(diagnostics)) {
    std::vector<hcl2::Traversal> references;
    attribute.expression->references(references);
    static_cast<void>(attribute.expression->as_call());
  }
  return 0;
}
