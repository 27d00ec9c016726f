#include "builders/core/schema/catalog.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "builders/core/schema/built_in.h"
#include "builders/core/schema/external_store.h"
#include "builders/core/schema/retired.h"
#include "builders/core/schema/table_rows.h"

namespace farm::builders {
namespace {

using plan::ComponentKind;
using plan::ComponentSchema;
using plan::Option;
using schema::ComponentRow;
using schema::OptionRow;
using schema::RowRange;
using schema::SetRow;
using schema::TextRow;

std::string_view text_of(const TextRow& row) {
  return std::string_view(schema::kText + row.offset, row.length);
}

std::vector<std::string_view> texts_of(const RowRange& range) {
  std::vector<std::string_view> texts;
  texts.reserve(range.count);
  for (uint32_t i = 0; i < range.count; ++i) {
    texts.push_back(text_of(schema::kTextRows[range.first + i]));
  }
  return texts;
}

bool by_name(const Option& a, const Option& b) { return a.name < b.name; }

Option make_option(const OptionRow& row) {
  Option option;
  option.name = text_of(row.name);
  option.type = static_cast<plan::OptionType>(row.type);
  option.block = (row.flags & schema::kBlock) != 0;
  option.required = (row.flags & schema::kRequired) != 0;
  option.deprecated = (row.flags & schema::kDeprecated) != 0;
  option.late_template = (row.flags & schema::kLateTemplate) != 0;
  option.json_only = (row.flags & schema::kJsonOnly) != 0;
  option.default_text = text_of(row.default_text);
  option.enumeration = texts_of(row.enumeration);
  option.exclusive_with = texts_of(row.exclusive_with);
  option.requires_one_of = texts_of(row.requires_one_of);
  option.environment = texts_of(row.environment);
  for (uint32_t i = 0; i < row.options.count; ++i) {
    option.options.push_back(make_option(schema::kOptionRows[row.options.first + i]));
  }
  std::sort(option.options.begin(), option.options.end(), by_name);
  return option;
}

/// The set's own options first: one of that name in an included set is left out.
void add_set(const SetRow& set, std::vector<Option>& into) {
  for (uint32_t i = 0; i < set.options.count; ++i) {
    const OptionRow& row = schema::kOptionRows[set.options.first + i];
    const std::string_view name = text_of(row.name);
    const bool known = std::any_of(into.begin(), into.end(),
                                   [&](const Option& option) { return option.name == name; });
    if (!known) into.push_back(make_option(row));
  }
  for (uint32_t i = 0; i < set.includes.count; ++i) {
    add_set(schema::kSetRows[schema::kIncludes[set.includes.first + i]], into);
  }
}

/// Builders that may boot something else than a downloaded ISO: for them the shared `iso` options
/// are a choice, not a must.
bool iso_is_optional(std::string_view component) {
  return component == "proxmox-iso" || component == "vsphere-iso" || component == "hyperv-vmcx";
}

ComponentSchema make_schema(const ComponentRow& row) {
  ComponentSchema made;
  made.name = text_of(row.name);
  made.kind = static_cast<ComponentKind>(row.kind);
  made.builder_id = text_of(row.builder_id);
  add_set(row.own, made.options);
  std::sort(made.options.begin(), made.options.end(), by_name);
  for (Option& option : made.options) {
    const bool iso = option.name == "iso_url" || option.name == "iso_urls";
    if (iso && iso_is_optional(made.name)) option.requires_one_of.clear();
  }
  const std::vector<std::string_view> json_only = texts_of(row.json_only);
  for (Option& option : made.options) {
    if (std::find(json_only.begin(), json_only.end(), option.name) != json_only.end()) {
      option.json_only = true;
    }
  }
  for (uint32_t i = 0; i < row.outputs.count; ++i) {
    const schema::OutputRow& output = schema::kOutputRows[row.outputs.first + i];
    made.outputs.push_back({text_of(output.name), text_of(output.type)});
  }
  made.built_in = is_built_in(made.kind, made.name);
  return made;
}

class TableCatalog final : public plan::ComponentCatalog {
 public:
  TableCatalog() : slots_(schema::kComponentCount) {}

  const ComponentSchema* find(ComponentKind kind, std::string_view name) const override {
    // Never one of our own by name; one that we can only read may be replaced.
    const ComponentSchema* external = external_store().find(kind, name);
    if (external != nullptr) return external;
    for (size_t i = 0; i < slots_.size(); ++i) {
      const ComponentRow& row = schema::kComponentRows[i];
      if (static_cast<ComponentKind>(row.kind) != kind || !names_it(row, name)) continue;
      Slot& slot = slots_[i];
      std::call_once(slot.once,
                     [&] { slot.schema = std::make_unique<ComponentSchema>(make_schema(row)); });
      return slot.schema.get();
    }
    return nullptr;
  }

  std::vector<std::string> names(ComponentKind kind) const override {
    std::vector<std::string> found;
    for (size_t i = 0; i < slots_.size(); ++i) {
      const ComponentRow& row = schema::kComponentRows[i];
      if (static_cast<ComponentKind>(row.kind) == kind) found.emplace_back(text_of(row.name));
    }
    for (const auto& schema : external_store().schemas()) {
      const std::string name(schema->name);
      const bool known = std::find(found.begin(), found.end(), name) != found.end();
      if (schema->kind == kind && !known) found.push_back(name);
    }
    return found;
  }

  std::string replacement(ComponentKind kind, std::string_view name) const override {
    return std::string(retired_advice(kind, name));
  }

 private:
  struct Slot {
    std::once_flag once;
    std::unique_ptr<ComponentSchema> schema;
  };

  static bool names_it(const ComponentRow& row, std::string_view name) {
    if (text_of(row.name) == name) return true;
    for (uint32_t i = 0; i < row.aliases.count; ++i) {
      if (text_of(schema::kTextRows[row.aliases.first + i]) == name) return true;
    }
    return false;
  }

  mutable std::vector<Slot> slots_;
};

}  // namespace

ExternalStore& external_store() {
  static ExternalStore store;
  return store;
}

const plan::ComponentCatalog& component_catalog() {
  static const TableCatalog catalog;
  return catalog;
}

}  // namespace farm::builders
