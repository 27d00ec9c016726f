#include "common/plan/body_decode.h"

#include <algorithm>

namespace farm::plan {
namespace {

hcl2::BodySchema body_schema(const std::vector<Option>& options) {
  hcl2::BodySchema schema;
  for (const Option& option : options) {
    if (option.json_only) continue;
    if (option.block) {
      schema.blocks.push_back({std::string(option.name), {}});
    } else {
      // Required options are reported together with the other rules, so that all of them show.
      schema.attributes.push_back({std::string(option.name), false});
    }
  }
  return schema;
}

const Option* find_option(const std::vector<Option>& options, const std::string& name) {
  const auto found = std::lower_bound(
      options.begin(), options.end(), name,
      [](const Option& option, const std::string& text) { return option.name < text; });
  return found != options.end() && found->name == name ? &*found : nullptr;
}

class BodyDecoder {
 public:
  BodyDecoder(const hcl2::EvalContext& context, std::vector<hcl2::Traversal>* references,
              Diagnostics& diagnostics)
      : context_(context), references_(references), diagnostics_(diagnostics) {}

  value::Value decode(const hcl2::Body& body, const std::vector<Option>& options,
                      const std::string& prefix, OptionPlaces& places) {
    const hcl2::BodyContent content = body.content(body_schema(options), diagnostics_);
    value::Value::Map config;
    for (const hcl2::Attribute& attribute : content.attributes) {
      const Option* option = find_option(options, attribute.name);
      if (option == nullptr) continue;
      places[prefix + attribute.name] = attribute.range;
      value::Value v = decode_attribute(attribute, *option);
      if (!v.is_null()) config.insert_or_assign(attribute.name, std::move(v));
    }
    std::map<std::string, value::Value::List> blocks;
    for (const hcl2::Block& block : content.blocks) {
      const Option* option = find_option(options, block.type);
      if (option == nullptr) continue;
      value::Value::List& list = blocks[block.type];
      if (option->type == OptionType::Object && !list.empty()) {
        diagnostics_.error("Duplicate " + block.type + " block",
                           "Only one " + block.type + " block is allowed.", block.header_range);
        continue;
      }
      places[prefix + block.type] = block.header_range;
      list.push_back(decode(*block.body, option->options, prefix + block.type + ".", places));
    }
    for (auto& [name, list] : blocks) {
      const bool single = find_option(options, name)->type == OptionType::Object;
      config.insert_or_assign(name, single ? std::move(list.front())
                                           : value::Value::tuple(std::move(list)));
    }
    return value::Value::object(std::move(config));
  }

 private:
  value::Value decode_attribute(const hcl2::Attribute& attribute, const Option& option) {
    if (references_ != nullptr) attribute.expression->references(*references_);
    value::Value raw = attribute.expression->evaluate(context_, diagnostics_);
    if (raw.is_null()) return {};
    const value::Type type = option_value_type(option.type);
    Result<value::Value> converted = value::convert(raw, type);
    if (converted) return std::move(converted).value();
    diagnostics_.error("Incorrect attribute value type",
                       "Inappropriate value for attribute \"" + attribute.name +
                           "\": " + converted.error().message + ".",
                       attribute.expression->range());
    return value::Value::unknown(type);
  }

  const hcl2::EvalContext& context_;
  std::vector<hcl2::Traversal>* references_;
  Diagnostics& diagnostics_;
};

}  // namespace

value::Type option_value_type(OptionType type) {
  using value::Type;
  switch (type) {
    case OptionType::Number: return Type::number();
    case OptionType::Bool:
    case OptionType::TriBool: return Type::boolean();
    case OptionType::ListString: return Type::list(Type::string());
    case OptionType::ListNumber: return Type::list(Type::number());
    case OptionType::ListListString: return Type::list(Type::list(Type::string()));
    case OptionType::MapString: return Type::map(Type::string());
    case OptionType::MapAny:
    case OptionType::Object:
    case OptionType::ListObject: return Type::dynamic();
    case OptionType::String:
    case OptionType::Duration:
    case OptionType::Bytes:
    case OptionType::FileMode: return Type::string();
  }
  return Type::dynamic();
}

DecodedBody decode_body(const hcl2::Body& body, const std::vector<Option>& options,
                        const hcl2::EvalContext& context, std::vector<hcl2::Traversal>* references,
                        Diagnostics& diagnostics) {
  DecodedBody decoded;
  decoded.end = body.missing_item_range();
  decoded.config = BodyDecoder(context, references, diagnostics)
                       .decode(body, options, "", decoded.places);
  return decoded;
}

void collect_references(const hcl2::Body& body, const std::vector<Option>& options,
                        std::vector<hcl2::Traversal>& into) {
  Diagnostics ignored;  // the body is decoded, and its mistakes reported, elsewhere
  const hcl2::BodyContent content = body.content(body_schema(options), ignored);
  for (const hcl2::Attribute& attribute : content.attributes) {
    attribute.expression->references(into);
  }
  for (const hcl2::Block& block : content.blocks) {
    const Option* option = find_option(options, block.type);
    if (option != nullptr) collect_references(*block.body, option->options, into);
  }
}

}  // namespace farm::plan
