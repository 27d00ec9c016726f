// Body: attributes and blocks of a file or block, read through a schema so that native syntax and
// HCL JSON (where only the schema tells a block from an attribute) look the same to the loader.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

struct Attribute {
  std::string name;
  ExpressionPtr expression;
  SourceRange range;       // the whole `name = expression`
  SourceRange name_range;
};

class Body;
// Shared by merged bodies (source + build source) and by dynamic blocks' contents.
using BodyPtr = std::shared_ptr<const Body>;

struct Block {
  std::string type;
  std::vector<std::string> labels;
  std::vector<SourceRange> label_ranges;
  BodyPtr body;
  SourceRange header_range;  // type and labels
  SourceRange type_range;
};

struct BlockSchema {
  std::string type;
  std::vector<std::string> labels;  // names of the labels, for messages
};
struct AttributeSchema {
  std::string name;
  bool required = false;
};
struct BodySchema {
  std::vector<AttributeSchema> attributes;
  std::vector<BlockSchema> blocks;
};

struct BodyContent {
  std::vector<Attribute> attributes;  // in source order
  std::vector<Block> blocks;          // in source order
  SourceRange missing_item_range;     // where a missing attribute would be reported
  const Attribute* find(const std::string& name) const;
};

class Body {
 public:
  virtual ~Body() = default;
  /// Exactly what the schema names; anything else is reported (`Unsupported argument`,
  /// `Unsupported block type`, `Missing required argument`, label errors) with did-you-mean.
  virtual BodyContent content(const BodySchema& schema, Diagnostics& diagnostics) const = 0;
  /// What the schema names; the rest is left for `rest`.
  virtual BodyContent partial_content(const BodySchema& schema, BodyPtr& rest,
                                      Diagnostics& diagnostics) const = 0;
  /// All attributes; blocks are reported.
  virtual std::vector<Attribute> just_attributes(Diagnostics& diagnostics) const = 0;
  /// Names of the blocks and attributes present, as far as the syntax can tell.
  virtual std::vector<std::string> item_names() const = 0;
  virtual SourceRange missing_item_range() const = 0;
  /// The text of this body with its place, for shipping it to where build.* values are known.
  virtual std::string source_text() const = 0;
  virtual SourceRange range() const = 0;
  virtual bool is_json() const = 0;
};

/// Parses a native-syntax file. Syntax errors are reported; the body then holds what was readable.
BodyPtr parse_native(const std::string& text, const std::string& file, Diagnostics& diagnostics,
                     SourcePosition start = {});
/// Parses one expression (console, -var text, JSON strings' templates use parse_template).
ExpressionPtr parse_expression(const std::string& text, const std::string& file,
                               Diagnostics& diagnostics, SourcePosition start = {});
/// Parses a string template without quotes, e.g. "a ${b} c" (JSON strings, templatefile).
ExpressionPtr parse_template(const std::string& text, const std::string& file,
                             Diagnostics& diagnostics, SourcePosition start = {});
/// Two bodies as one (source + `source` block in build): an attribute in both is reported as
/// `Duplicate argument`, blocks add up.
BodyPtr merge_bodies(BodyPtr base, BodyPtr over);
/// `body` with its `dynamic` blocks expanded in `context` while it is read.
BodyPtr expand_dynamic(BodyPtr body, const EvalContext& context);
/// HCL JSON file (`.pkr.json`, `.pkrvars.json`). In common/template/json.
BodyPtr parse_json_body(const std::string& text, const std::string& file,
                        Diagnostics& diagnostics);

}  // namespace farm::hcl2
