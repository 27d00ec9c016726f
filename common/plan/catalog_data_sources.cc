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
  const size_t before = diagnostics.size();
  const hcl2::BodyPtr body = hcl2::expand_dynamic(data.body, context);
  const DecodedBody decoded = decode_body(*body, schema->options, context, nullptr, diagnostics);
  check_options(decoded, schema->options, "data \"" + data.type + "\" \"" + data.name + "\"",
                environment_, diagnostics);
  if (data.type == "null") {
    const value::Value* input = decoded.config.get("input");
    return value::Value::object(
        {{"output", input == nullptr ? value::Value::unknown(Type::string()) : *input}});
  }
  if (mode_ == Mode::Unknown) {
    unasked_.push_back("data." + data.type + "." + data.name);
    return value::Value::unknown(object_type(*schema));
  }
  if (diagnostics.size() > before) return value::Value::unknown(object_type(*schema));
  return ask(data, *schema, decoded.config, diagnostics);
}

value::Value CatalogDataSources::ask(const templates::DataSource& data,
                                     const ComponentSchema& schema, const value::Value& config,
                                     Diagnostics& diagnostics) const {
  const std::string name = "data." + data.type + "." + data.name;
  const value::Type outputs = object_type(schema);
  if (!schema.built_in || !asker_) {
    diagnostics.error("Data source cannot be asked",
                      "The data source \"" + data.type +
                          "\" is checked, but this version of farm cannot ask it: give the value "
                          "in a variable instead.",
                      data.declared);
    return value::Value::unknown(outputs);
  }
  if (!config.is_wholly_known()) {
    diagnostics.error("Data source cannot be asked",
                      name + " depends on a value that is not known while planning.",
                      data.declared);
    return value::Value::unknown(outputs);
  }
  const Result<value::Value> answer = asker_(data.type, config);
  if (!answer) {
    diagnostics.error(answer.error().message, name + " could not be asked.", data.declared);
    return value::Value::unknown(outputs);
  }
  Result<value::Value> converted = value::convert(*answer, outputs);
  if (converted) return std::move(converted).value();
  diagnostics.error("Unexpected answer of a data source",
                    name + " gave something else than it should: " + converted.error().message +
                        ".",
                    data.declared);
  return value::Value::unknown(outputs);
}

}  // namespace farm::plan
