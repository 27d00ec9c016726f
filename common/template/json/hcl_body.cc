// hcl2::Body over a JSON document: an object whose properties are arguments or blocks as the schema
// says. An array of objects is one body; a label is one level of nesting; "//" is a comment.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "common/template/json/hcl_expression.h"
#include "common/template/json/node_value.h"

namespace farm::json {
namespace {

using hcl2::Attribute;
using hcl2::Block;
using hcl2::BlockSchema;
using hcl2::BodyContent;
using hcl2::BodyPtr;
using hcl2::BodySchema;

Span key_to_value(const Member& member) { return {member.key_span.start, member.value.span.end}; }

class JsonBody final : public hcl2::Body {
 public:
  /// `node` lies in `document`; members named in `hidden` were taken by partial_content.
  JsonBody(DocumentPtr document, const Node& node, std::set<std::string> hidden = {})
      : document_(std::move(document)), node_(node), hidden_(std::move(hidden)) {}

  BodyContent content(const BodySchema& schema, Diagnostics& diagnostics) const override {
    std::set<std::string> taken;
    BodyContent content = read(schema, taken, diagnostics);
    for (const Member* member : members(node_, diagnostics)) {
      if (!taken.contains(member->key)) report_extraneous(*member, schema, diagnostics);
    }
    return content;
  }

  BodyContent partial_content(const BodySchema& schema, BodyPtr& rest,
                              Diagnostics& diagnostics) const override {
    std::set<std::string> taken = hidden_;
    BodyContent content = read(schema, taken, diagnostics);
    rest = std::make_shared<JsonBody>(document_, node_, std::move(taken));
    return content;
  }

  std::vector<Attribute> just_attributes(Diagnostics& diagnostics) const override {
    if (!node_.is_object()) {
      diagnostics.error("Incorrect JSON value type",
                        "A JSON object is required here, setting the arguments for this block.",
                        document_->range(node_.span));
      return {};
    }
    std::vector<Attribute> attributes;
    for (const Member* member : members(node_, diagnostics)) {
      add_attribute(*member, "Duplicate attribute definition", attributes, diagnostics);
    }
    return attributes;
  }

  std::vector<std::string> item_names() const override {
    Diagnostics ignored;
    std::vector<std::string> names;
    for (const Member* member : members(node_, ignored)) {
      if (std::find(names.begin(), names.end(), member->key) == names.end()) {
        names.push_back(member->key);
      }
    }
    return names;
  }

  SourceRange missing_item_range() const override {
    SourceRange range = document_->range({node_.span.start, node_.span.start});
    ++range.end.byte;
    ++range.end.column;
    return range;
  }

  std::string source_text() const override {
    if (hidden_.empty()) return std::string(document_->slice(node_.span));
    Diagnostics ignored;
    std::string text = "{";
    for (const Member* member : members(node_, ignored)) {
      if (text.size() > 1) text += ", ";
      text += document_->slice(key_to_value(*member));
    }
    return text + "}";
  }

  SourceRange range() const override { return document_->range(node_.span); }
  bool is_json() const override { return true; }

 private:
  /// The properties of `node` that are still there, an array's objects one after the other.
  std::vector<const Member*> members(const Node& node, Diagnostics& diagnostics) const {
    std::vector<const Member*> found;
    for (const Member* member : properties(node, {}, diagnostics)) {
      if (member->key != kBodyComment && !hidden_.contains(member->key)) found.push_back(member);
    }
    return found;
  }

  /// Properties of an object or of an array of objects. `label` names what the properties stand
  /// for, empty in a body.
  std::vector<const Member*> properties(const Node& node, const std::string& label,
                                        Diagnostics& diagnostics) const {
    std::vector<const Member*> found;
    const auto take = [&](const Node& object) {
      for (const Member& member : object.members) found.push_back(&member);
    };
    const std::string purpose =
        label.empty() ? "representing a block body"
                      : fmt::format("specifying the {} of one or more blocks as property names",
                                    label);
    if (node.is_object()) {
      take(node);
    } else if (node.is_array()) {
      for (const Node& element : node.elements) {
        if (element.is_object()) {
          take(element);
        } else {
          diagnostics.error("Incorrect JSON value type",
                            fmt::format("A JSON object is required here, {}, but this is {}.",
                                        purpose, node_kind_name(element.kind)),
                            document_->range(element.span));
        }
      }
    } else if (!node.is_null()) {
      diagnostics.error(
          "Incorrect JSON value type",
          fmt::format("Either a JSON object or JSON array of objects is required here, {}.",
                      purpose),
          document_->range(node.span));
    }
    return found;
  }

  void add_attribute(const Member& member, const char* summary, std::vector<Attribute>& into,
                     Diagnostics& diagnostics) const {
    const auto same = std::find_if(into.begin(), into.end(),
                                   [&](const Attribute& a) { return a.name == member.key; });
    if (same != into.end()) {
      diagnostics.error(summary,
                        fmt::format("The argument \"{}\" was already set at {}:{},{}.", member.key,
                                    document_->file, same->name_range.start.line,
                                    same->name_range.start.column),
                        document_->range(member.key_span));
      diagnostics.items().back().context = same->name_range;
      return;
    }
    Attribute attribute;
    attribute.name = member.key;
    attribute.expression = std::make_shared<JsonExpression>(document_, member.value);
    attribute.range = document_->range(key_to_value(member));
    attribute.name_range = document_->range(member.key_span);
    into.push_back(std::move(attribute));
  }

  BodyContent read(const BodySchema& schema, std::set<std::string>& taken,
                   Diagnostics& diagnostics) const {
    BodyContent content;
    content.missing_item_range = missing_item_range();
    for (const Member* member : members(node_, diagnostics)) {
      if (is_attribute(schema, member->key)) {
        taken.insert(member->key);
        add_attribute(*member, "Duplicate argument", content.attributes, diagnostics);
      } else if (const BlockSchema* block = find_block(schema, member->key)) {
        taken.insert(member->key);
        Block header;
        header.type = block->type;
        header.type_range = document_->range(member->key_span);
        header.header_range = header.type_range;
        add_blocks(member->value, *block, header, content.blocks, diagnostics);
      }
    }
    for (const hcl2::AttributeSchema& attribute : schema.attributes) {
      if (!attribute.required || content.find(attribute.name) != nullptr) continue;
      diagnostics.error("Missing required argument",
                        fmt::format("The argument \"{}\" is required, but no definition was found.",
                                    attribute.name),
                        missing_item_range());
    }
    return content;
  }

  static bool is_attribute(const BodySchema& schema, const std::string& name) {
    return std::any_of(schema.attributes.begin(), schema.attributes.end(),
                       [&](const hcl2::AttributeSchema& a) { return a.name == name; });
  }
  static const BlockSchema* find_block(const BodySchema& schema, const std::string& name) {
    const auto found = std::find_if(schema.blocks.begin(), schema.blocks.end(),
                                    [&](const BlockSchema& b) { return b.type == name; });
    return found == schema.blocks.end() ? nullptr : &*found;
  }

  /// The blocks below `node`, whose outer labels `header` holds already.
  void add_blocks(const Node& node, const BlockSchema& schema, const Block& header,
                  std::vector<Block>& into, Diagnostics& diagnostics) const {
    if (header.labels.size() < schema.labels.size()) {
      return add_labelled(node, schema, header, into, diagnostics);
    }
    if (node.is_null()) return;
    if (!node.is_object() && !node.is_array()) {
      diagnostics.error(
          "Incorrect JSON value type",
          fmt::format("Either a JSON object or a JSON array is required, representing the contents "
                      "of one or more \"{}\" blocks.",
                      schema.type),
          document_->range(node.span));
      return;
    }
    if (node.is_object()) return add_block(node, header, into);
    for (const Node& element : node.elements) {
      if (element.is_null()) continue;
      if (element.is_object() || element.is_array()) {
        add_block(element, header, into);
      } else {
        diagnostics.error(
            "Incorrect JSON value type",
            fmt::format("A JSON object is required here, representing the contents of a \"{}\" "
                        "block, but this is {}.",
                        schema.type, node_kind_name(element.kind)),
            document_->range(element.span));
      }
    }
  }

  void add_block(const Node& node, const Block& header, std::vector<Block>& into) const {
    Block block = header;
    block.body = std::make_shared<JsonBody>(document_, node);
    into.push_back(std::move(block));
  }

  void add_labelled(const Node& node, const BlockSchema& schema, const Block& header,
                    std::vector<Block>& into, Diagnostics& diagnostics) const {
    const std::string& label = schema.labels[header.labels.size()];
    const size_t before = diagnostics.size();
    const std::vector<const Member*> named = properties(node, label, diagnostics);
    if (named.empty() && diagnostics.size() == before) {
      diagnostics.error(
          "Missing block label",
          fmt::format("At least one object property is required, whose name represents the {} "
                      "block's {}.",
                      schema.type, label),
          document_->range(node.span));
      return;
    }
    for (const Member* member : named) {
      if (member->key == kBodyComment) continue;
      Block inner = header;
      inner.labels.push_back(member->key);
      inner.label_ranges.push_back(document_->range(member->key_span));
      inner.header_range.end = member->key_span.end;
      add_blocks(member->value, schema, inner, into, diagnostics);
    }
  }

  void report_extraneous(const Member& member, const BodySchema& schema,
                         Diagnostics& diagnostics) const {
    std::vector<std::string> names;
    for (const hcl2::AttributeSchema& attribute : schema.attributes) {
      names.push_back(attribute.name);
    }
    for (const BlockSchema& block : schema.blocks) names.push_back(block.type);
    const std::string near = nearest_name(member.key, names);
    diagnostics.error("Extraneous JSON object property",
                      fmt::format("No argument or block type is named \"{}\".", member.key),
                      document_->range(member.key_span),
                      near.empty() ? std::string() : "Did you mean \"" + near + "\"?");
  }

  DocumentPtr document_;
  const Node& node_;
  std::set<std::string> hidden_;
};

}  // namespace
}  // namespace farm::json

namespace farm::hcl2 {

BodyPtr parse_json_body(const std::string& text, const std::string& file,
                        Diagnostics& diagnostics) {
  std::optional<json::Document> parsed = json::parse_document(text, file, diagnostics);
  if (!parsed) {
    // An empty body, so that the caller can go on.
    parsed = json::Document{file, "{}", json::Node::object()};
  } else if (!parsed->root.is_object() && !parsed->root.is_array()) {
    diagnostics.error("Root value must be object",
                      "The root value in a JSON-based configuration must be either a JSON object "
                      "or a JSON array of objects.",
                      parsed->range(parsed->root.span));
    parsed->root = json::Node::object(parsed->root.span);
  }
  const auto document = std::make_shared<const json::Document>(std::move(*parsed));
  return std::make_shared<json::JsonBody>(document, document->root);
}

}  // namespace farm::hcl2
