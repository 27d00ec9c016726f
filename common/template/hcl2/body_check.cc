#include "common/template/hcl2/body_check.h"

#include <algorithm>

namespace farm::hcl2 {
namespace {

Diagnostic error_at(std::string summary, std::string detail, const SourceRange& subject,
                    std::string hint = {}) {
  Diagnostic diagnostic;
  diagnostic.summary = std::move(summary);
  diagnostic.detail = std::move(detail);
  diagnostic.subject = subject;
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

std::string label_list(const BlockSchema& schema) {
  std::string text;
  for (const std::string& label : schema.labels) text += (text.empty() ? "" : ", ") + label;
  return std::to_string(schema.labels.size()) + " label" +
         (schema.labels.size() == 1 ? "" : "s") + " (" + text + ")";
}

}  // namespace

std::vector<std::string> attribute_names(const BodySchema& schema) {
  std::vector<std::string> names;
  for (const AttributeSchema& attribute : schema.attributes) names.push_back(attribute.name);
  return names;
}

std::vector<std::string> block_types(const BodySchema& schema) {
  std::vector<std::string> types;
  for (const BlockSchema& block : schema.blocks) types.push_back(block.type);
  return types;
}

const BlockSchema* find_block(const BodySchema& schema, const std::string& type) {
  const auto found = std::find_if(schema.blocks.begin(), schema.blocks.end(),
                                  [&](const BlockSchema& block) { return block.type == type; });
  return found == schema.blocks.end() ? nullptr : &*found;
}

const AttributeSchema* find_attribute(const BodySchema& schema, const std::string& name) {
  const auto found = std::find_if(schema.attributes.begin(), schema.attributes.end(),
                                  [&](const AttributeSchema& a) { return a.name == name; });
  return found == schema.attributes.end() ? nullptr : &*found;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(word, candidates);
  return near.empty() ? "" : "Did you mean \"" + near + "\"?";
}

Diagnostic unsupported_argument(const Attribute& attribute, const BodySchema& schema) {
  std::string hint;
  if (find_block(schema, attribute.name) != nullptr) {
    hint = "\"" + attribute.name + "\" is a block: write it without the equals sign, " +
           attribute.name + " { ... }.";
  } else {
    hint = did_you_mean(attribute.name, attribute_names(schema));
  }
  return error_at("Unsupported argument",
                  "An argument named \"" + attribute.name + "\" is not expected here.",
                  attribute.name_range, std::move(hint));
}

Diagnostic unsupported_block(const std::string& type, const SourceRange& type_range,
                             const BodySchema& schema) {
  std::string hint;
  if (find_attribute(schema, type) != nullptr) {
    hint = "\"" + type + "\" is an argument: write it with an equals sign, " + type + " = ...";
  } else {
    hint = did_you_mean(type, block_types(schema));
  }
  return error_at("Unsupported block type",
                  "Blocks of type \"" + type + "\" are not expected here.", type_range,
                  std::move(hint));
}

Diagnostic missing_argument(const std::string& name, const SourceRange& range) {
  return error_at("Missing required argument",
                  "The argument \"" + name + "\" is required, but no definition was found.",
                  range);
}

bool labels_fit(const BlockSchema& schema, const Block& block, Diagnostics& diagnostics) {
  const size_t wanted = schema.labels.size();
  if (block.labels.size() < wanted) {
    diagnostics.add(error_at("Missing " + schema.labels[block.labels.size()] + " for " +
                                 block.type,
                             "All " + block.type + " blocks must have " + label_list(schema) +
                                 ".",
                             block.header_range));
    return false;
  }
  if (block.labels.size() > wanted) {
    const SourceRange& subject =
        wanted < block.label_ranges.size() ? block.label_ranges[wanted] : block.header_range;
    diagnostics.add(error_at("Extraneous label for " + block.type,
                             wanted == 0
                                 ? "No labels are expected for " + block.type + " blocks."
                                 : "Only " + label_list(schema) + " are expected for " +
                                       block.type + " blocks.",
                             subject));
    return false;
  }
  return true;
}

}  // namespace farm::hcl2
