#include "common/template/hcl2/native_body.h"

#include <algorithm>

#include "common/template/hcl2/body_check.h"

namespace farm::hcl2 {

const Attribute* BodyContent::find(const std::string& name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& a) { return a.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

void NativeBody::report(Diagnostics& diagnostics, Diagnostic diagnostic) const {
  diagnostic.block = syntax_->header;
  diagnostics.add(std::move(diagnostic));
}

BodyContent NativeBody::matching(const BodySchema& schema, Diagnostics& diagnostics) const {
  BodyContent content;
  content.missing_item_range = missing_item_range();
  for (const Attribute& attribute : syntax_->attributes) {
    if (hidden_attributes_.count(attribute.name) != 0) continue;
    if (find_attribute(schema, attribute.name) != nullptr) content.attributes.push_back(attribute);
  }
  for (const AttributeSchema& wanted : schema.attributes) {
    if (wanted.required && content.find(wanted.name) == nullptr) {
      report(diagnostics, missing_argument(wanted.name, content.missing_item_range));
    }
  }
  for (const Block& block : syntax_->blocks) {
    const BlockSchema* wanted = find_block(schema, block.type);
    if (wanted == nullptr || hidden_blocks_.count(block.type) != 0) continue;
    if (labels_fit(*wanted, block, diagnostics)) content.blocks.push_back(block);
  }
  return content;
}

void NativeBody::report_rest(const BodySchema& schema, Diagnostics& diagnostics) const {
  for (const Attribute& attribute : syntax_->attributes) {
    if (hidden_attributes_.count(attribute.name) != 0) continue;
    if (find_attribute(schema, attribute.name) == nullptr) {
      report(diagnostics, unsupported_argument(attribute, schema));
    }
  }
  for (const Block& block : syntax_->blocks) {
    if (hidden_blocks_.count(block.type) != 0) continue;
    if (find_block(schema, block.type) == nullptr) {
      report(diagnostics, unsupported_block(block.type, block.type_range, schema));
    }
  }
}

BodyContent NativeBody::content(const BodySchema& schema, Diagnostics& diagnostics) const {
  BodyContent content = matching(schema, diagnostics);
  report_rest(schema, diagnostics);
  return content;
}

BodyContent NativeBody::partial_content(const BodySchema& schema, BodyPtr& rest,
                                        Diagnostics& diagnostics) const {
  auto view = std::make_shared<NativeBody>(*this);
  for (const AttributeSchema& attribute : schema.attributes) {
    view->hidden_attributes_.insert(attribute.name);
  }
  for (const BlockSchema& block : schema.blocks) view->hidden_blocks_.insert(block.type);
  BodyContent content = matching(schema, diagnostics);
  rest = std::move(view);
  return content;
}

std::vector<Attribute> NativeBody::just_attributes(Diagnostics& diagnostics) const {
  std::vector<Attribute> attributes;
  for (const Attribute& attribute : syntax_->attributes) {
    if (hidden_attributes_.count(attribute.name) == 0) attributes.push_back(attribute);
  }
  for (const Block& block : syntax_->blocks) {
    if (hidden_blocks_.count(block.type) != 0) continue;
    Diagnostic diagnostic;
    diagnostic.summary = "Unexpected \"" + block.type + "\" block";
    diagnostic.detail = "Blocks are not allowed here.";
    diagnostic.subject = block.type_range;
    report(diagnostics, std::move(diagnostic));
    break;  // one report is enough: the others have the same cause
  }
  return attributes;
}

std::vector<std::string> NativeBody::item_names() const {
  std::vector<std::string> names;
  for (const Attribute& attribute : syntax_->attributes) {
    if (hidden_attributes_.count(attribute.name) == 0) names.push_back(attribute.name);
  }
  for (const Block& block : syntax_->blocks) {
    if (hidden_blocks_.count(block.type) == 0) names.push_back(block.type);
  }
  return names;
}

SourceRange NativeBody::missing_item_range() const {
  return {syntax_->range.file, syntax_->range.start, syntax_->range.start};
}

// Hidden items are blanked, not cut, so that positions in the rest stay right.
std::string NativeBody::source_text() const {
  std::string text = syntax_->text;
  const auto blank = [&](const SourceRange& range) {
    const size_t from = range.start.byte - syntax_->text_start;
    const size_t to = std::min<size_t>(range.end.byte - syntax_->text_start, text.size());
    for (size_t i = from; i < to; ++i) {
      if (text[i] != '\n' && text[i] != '\r') text[i] = ' ';
    }
  };
  for (const Attribute& attribute : syntax_->attributes) {
    if (hidden_attributes_.count(attribute.name) != 0) blank(attribute.range);
  }
  for (size_t i = 0; i < syntax_->blocks.size(); ++i) {
    if (hidden_blocks_.count(syntax_->blocks[i].type) != 0) blank(syntax_->block_ranges[i]);
  }
  return text;
}

}  // namespace farm::hcl2
