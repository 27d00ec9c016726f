// NativeBody: a body in native syntax. The parsed items are shared by every view of the body;
// a view hides what partial_content() has handed out already.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"

namespace farm::hcl2 {

/// What the parser reads between braces or from a file.
struct BodySyntax {
  std::vector<Attribute> attributes;
  std::map<std::string, size_t> attribute_index;  // by name, into `attributes`
  std::vector<Block> blocks;
  std::vector<SourceRange> block_ranges;  // whole blocks, beside `blocks`
  SourceRange range;                      // braces included, or the whole file
  std::string text;                       // without the braces
  uint32_t text_start = 0;                // byte of the file where `text` begins
  std::string header;                     // `source "qemu" "base"`; empty for a file
};

class NativeBody : public Body {
 public:
  explicit NativeBody(std::shared_ptr<const BodySyntax> syntax) : syntax_(std::move(syntax)) {}

  BodyContent content(const BodySchema& schema, Diagnostics& diagnostics) const override;
  BodyContent partial_content(const BodySchema& schema, BodyPtr& rest,
                              Diagnostics& diagnostics) const override;
  std::vector<Attribute> just_attributes(Diagnostics& diagnostics) const override;
  std::vector<std::string> item_names() const override;
  SourceRange missing_item_range() const override;
  std::string source_text() const override;
  SourceRange range() const override { return syntax_->range; }
  bool is_json() const override { return false; }

 private:
  BodyContent matching(const BodySchema& schema, Diagnostics& diagnostics) const;
  void report_rest(const BodySchema& schema, Diagnostics& diagnostics) const;
  void report(Diagnostics& diagnostics, Diagnostic diagnostic) const;

  // Shared by all views of this body (rest of partial_content, dynamic expansion).
  std::shared_ptr<const BodySyntax> syntax_;
  std::set<std::string> hidden_attributes_;
  std::set<std::string> hidden_blocks_;
};

}  // namespace farm::hcl2
