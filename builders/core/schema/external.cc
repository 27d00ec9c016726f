#include "builders/core/schema/external.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "builders/core/schema/built_in.h"
#include "builders/core/schema/catalog.h"
#include "builders/core/schema/external_store.h"

namespace farm::builders {
namespace {

using nlohmann::json;
using plan::ComponentKind;
using plan::OptionType;

constexpr size_t kLargestDescription = 256U << 10;
constexpr size_t kComponents = 64;
constexpr size_t kOptions = 512;
constexpr size_t kResources = 16;
constexpr int kNesting = 8;

// In the order of plan::OptionType and plan::ComponentKind.
constexpr std::array<std::string_view, 14> kTypes = {
    "string",       "number",       "bool",               "tribool",     "duration", "bytes",
    "file-mode",    "list(string)", "list(number)",       "list(list(string))",
    "map(string)",  "map(any)",     "object",             "list(object)"};
constexpr std::array<std::string_view, 4> kKinds = {"builder", "provisioner", "post-processor",
                                                    "data-source"};

bool is_name(const std::string& text, char joint) {
  if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [joint](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == joint;
  });
}

struct Described {
  std::unique_ptr<plan::ComponentSchema> schema;
  std::vector<std::string> resources;
};

class Reader {
 public:
  explicit Reader(ExternalStore& store) : store_(store) {}

  Result<Described> component(const json& table) {
    if (!table.is_object()) return invalid_input("a component is no object");
    Described described;
    described.schema = std::make_unique<plan::ComponentSchema>();
    plan::ComponentSchema* schema = described.schema.get();
    const std::string name = TRY(text(table, "component", true));
    if (!is_name(name, '-')) return invalid_input("'" + name + "' is no name of a component");
    const std::string kind = TRY(text(table, "kind", true));
    const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
    if (found == kKinds.end()) return invalid_input("'" + kind + "' is no kind of component");
    schema->kind = static_cast<ComponentKind>(found - kKinds.begin());
    if (is_built_in(schema->kind, name)) {
      return conflict(fmt::format("{} \"{}\" is one of farm's own", kind, name));
    }
    schema->name = store_.keep(name);
    schema->builder_id = store_.keep(TRY(text(table, "builder_id", false)));
    schema->built_in = true;
    TRY(options(table, schema->options, 0));
    TRY(includes(table, schema->options));
    std::sort(schema->options.begin(), schema->options.end(),
              [](const plan::Option& a, const plan::Option& b) { return a.name < b.name; });
    TRY(outputs(table, *schema));
    described.resources = TRY(resources(table, *schema));
    return described;
  }

 private:
  static Result<std::string> text(const json& in, const char* name, bool required) {
    const auto found = in.find(name);
    if (found == in.end() || found->is_null()) {
      if (required) return invalid_input(fmt::format("a component or option without '{}'", name));
      return std::string();
    }
    if (!found->is_string()) return invalid_input(fmt::format("'{}' is no text", name));
    return found->get<std::string>();
  }

  static Result<bool> flag(const json& in, const char* name) {
    const auto found = in.find(name);
    if (found == in.end() || found->is_null()) return false;
    if (!found->is_boolean()) return invalid_input(fmt::format("'{}' is not true or false", name));
    return found->get<bool>();
  }

  Result<std::vector<std::string_view>> texts(const json& in, const char* name) {
    std::vector<std::string_view> list;
    const auto found = in.find(name);
    if (found == in.end() || found->is_null()) return list;
    if (!found->is_array()) return invalid_input(fmt::format("'{}' is no list", name));
    for (const json& element : *found) {
      if (!element.is_string()) return invalid_input(fmt::format("'{}' has no texts", name));
      list.push_back(store_.keep(element.get<std::string>()));
    }
    return list;
  }

  Result<void> options(const json& in, std::vector<plan::Option>& into, int depth) {
    const auto list = in.find("options");
    if (list == in.end()) return {};
    if (!list->is_array() || depth > kNesting) return invalid_input("'options' is no list");
    for (const json& entry : *list) {
      if (!entry.is_object() || ++count_ > kOptions) return invalid_input("too many options");
      into.push_back(TRY(option(entry, depth)));
    }
    return {};
  }

  Result<plan::Option> option(const json& entry, int depth) {
    plan::Option made;
    const std::string name = TRY(text(entry, "name", true));
    if (!is_name(name, '_')) return invalid_input("'" + name + "' is no name of an option");
    made.name = store_.keep(name);
    const std::string type = TRY(text(entry, "type", true));
    const auto found = std::find(kTypes.begin(), kTypes.end(), type);
    if (found == kTypes.end()) {
      return invalid_input(fmt::format("option '{}': '{}' is no type", name, type));
    }
    made.type = static_cast<OptionType>(found - kTypes.begin());
    made.block = TRY(flag(entry, "block"));
    made.required = TRY(flag(entry, "required"));
    made.deprecated = TRY(flag(entry, "deprecated"));
    made.late_template = TRY(flag(entry, "late_template"));
    made.default_text = store_.keep(TRY(text(entry, "default", false)));
    made.enumeration = TRY(texts(entry, "enum"));
    made.exclusive_with = TRY(texts(entry, "exclusive_with"));
    made.requires_one_of = TRY(texts(entry, "requires_one_of"));
    TRY(options(entry, made.options, depth + 1));
    std::sort(made.options.begin(), made.options.end(),
              [](const plan::Option& a, const plan::Option& b) { return a.name < b.name; });
    return made;
  }

  // "communicator": the options of every way into a machine, as the null builder has them.
  Result<void> includes(const json& table, std::vector<plan::Option>& into) {
    for (const std::string_view set : TRY(texts(table, "includes"))) {
      if (set != "communicator") {
        return invalid_input(fmt::format("there is no set of options '{}'", set));
      }
      const plan::ComponentSchema* null = component_catalog().find(ComponentKind::Builder, "null");
      for (const plan::Option& shared : null->options) {
        const bool own = std::any_of(into.begin(), into.end(), [&](const plan::Option& option) {
          return option.name == shared.name;
        });
        if (!own) into.push_back(shared);
      }
    }
    return {};
  }

  Result<std::vector<std::string>> resources(const json& table,
                                             const plan::ComponentSchema& schema) {
    std::vector<std::string> list;
    for (const std::string_view name : TRY(texts(table, "resources"))) {
      if (!is_name(std::string(name), '-') || list.size() == kResources) {
        return invalid_input(fmt::format("'{}' is no name of a resource, or one too many", name));
      }
      list.emplace_back(name);
    }
    // Only their options are at hand when a dead build's remains are removed.
    if (!list.empty() && schema.kind != ComponentKind::Builder &&
        schema.kind != ComponentKind::PostProcessor) {
      return invalid_input("'resources' is for builders and post-processors");
    }
    return list;
  }

  Result<void> outputs(const json& table, plan::ComponentSchema& schema) {
    const auto list = table.find("outputs");
    if (list == table.end() || list->is_null()) return {};
    if (!list->is_array()) return invalid_input("'outputs' is no list");
    for (const json& entry : *list) {
      if (!entry.is_object()) return invalid_input("an output is no object");
      const std::string name = TRY(text(entry, "name", true));
      if (!is_name(name, '_')) return invalid_input("'" + name + "' is no name of an output");
      const std::string type = TRY(text(entry, "type", true));
      schema.outputs.push_back({store_.keep(name), store_.keep(type)});
    }
    return {};
  }

  ExternalStore& store_;
  size_t count_ = 0;
};

Result<std::vector<Described>> read_all(const std::string& description, ExternalStore& store) {
  if (description.size() > kLargestDescription) return invalid_input("the description is too long");
  const json document = json::parse(description, nullptr, false);
  if (!document.is_object()) return invalid_input("the description is no JSON object");
  if (document.value("protocol", json()) != json(1)) {
    return invalid_input("the description is not of protocol 1");
  }
  const auto list = document.find("components");
  if (list == document.end() || !list->is_array() || list->empty() ||
      list->size() > kComponents) {
    return invalid_input("the description has no list of 1 to 64 components");
  }
  std::vector<Described> all;
  for (const json& table : *list) all.push_back(TRY(Reader(store).component(table)));
  return all;
}

std::vector<ExternalComponent> named(const std::vector<Described>& all) {
  std::vector<ExternalComponent> list;
  for (const Described& one : all) {
    list.push_back({one.schema->kind, std::string(one.schema->name), one.resources});
  }
  return list;
}

}  // namespace

Result<std::vector<ExternalComponent>> read_external_components(const std::string& description) {
  ExternalStore scratch;
  const std::vector<Described> all = TRY(read_all(description, scratch));
  return named(all);
}

Result<std::vector<ExternalComponent>> add_external_components(const std::string& description) {
  ExternalStore& store = external_store();
  std::vector<Described> all = TRY(read_all(description, store));
  std::vector<ExternalComponent> list = named(all);
  bool fresh = false;
  for (Described& one : all) {
    if (store.find(one.schema->kind, one.schema->name) != nullptr) continue;
    store.add(std::move(one.schema));
    fresh = true;
  }
  if (fresh) store.descriptions.push_back(description);
  return list;
}

const std::vector<std::string>& external_descriptions() { return external_store().descriptions; }

}  // namespace farm::builders
