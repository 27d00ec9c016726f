#include "common/plan/catalog_data_sources.h"

#include "common/plan/body_decode.h"

namespace farm::plan {
namespace {

using value::Type;

Type output_type(std::string_view name) {
  if (name == "number") return Type::number();
  if (name == "bool") return Type::boolean();
  if (name == "list(string)") return Type::list(Type::string());
  if (name == "map(string)") return Type::map(Type::string());
  return Type::string();
}

Type object_type(const ComponentSchema& schema) {
  std::map<std::string, Type> attributes;
  for (const ComponentSchema::Output& output : schema.outputs) {
    attributes.emplace(std::string(output.name), output_type(output.type));
  }
  return Type::object(std::move(attributes));
}

}  // namespace

void CatalogDataSources::references(const templates::DataSource& data,
                                    std::vector<hcl2::Traversal>& into) {
  const ComponentSchema* schema = catalog_.find(ComponentKind::DataSource, data.type);
  if (schema != nullptr) collect_references(*data.body, schema->options, into);
}

value::Value CatalogDataSources::evaluate(const templates::DataSource& data,
                                          const hcl2::EvalContext& context,
                                          Diagnostics& diagnostics) {
  const ComponentSchema* schema = catalog_.find(ComponentKind::DataSource, data.type);
  if (schema == nullptr) {
    const std::string near =
        nearest_name(data.type, catalog_.names(ComponentKind::DataSource));
    std::string hint = catalog_.replacement(ComponentKind::DataSource, data.type);
    if (hint.empty() && !near.empty()) hint = "Did you mean \"" + near + "\"?";
    diagnostics.error("Unknown data source type \"" + data.type + "\"",
                      "There is no data source called \"" + data.type + "\".", data.declared,
                      hint);
    return value::Value::unknown();
  }
  const hcl2::BodyPtr body = hcl2::expand_dynamic(data.body, context);
  const DecodedBody decoded = decode_body(*body, schema->options, context, nullptr, diagnostics);
  check_options(decoded, schema->options, "data \"" + data.type + "\" \"" + data.name + "\"",
                environment_, diagnostics);
  if (data.type == "null") {
    const value::Value* input = decoded.config.get("input");
    return value::Value::object(
        {{"output", input == nullptr ? value::Value::unknown(Type::string()) : *input}});
  }
  if (mode_ == Mode::Refuse) {
    diagnostics.error("Data source not supported",
                      "data source \"" + data.type + "\" is not supported yet: only `null` can be "
                      "asked in this version of farm.",
                      data.declared);
  }
  return value::Value::unknown(object_type(*schema));
}

}  // namespace farm::plan
