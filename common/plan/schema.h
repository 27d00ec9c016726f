// ComponentSchema: the option table of one component, as planning needs it: which names are blocks,
// their types, what is required. builders/core/schema generates the tables; this is the interface
// that lets common/plan stay below the builders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farm::plan {

enum class ComponentKind { Builder, Provisioner, PostProcessor, DataSource };
/// "builder", "provisioner", "post-processor", "data source".
const char* component_kind_name(ComponentKind kind);

enum class OptionType {
  String,
  Number,
  Bool,
  TriBool,   // bool or null
  Duration,  // Go duration text
  Bytes,
  FileMode,         // octal text
  ListString,
  ListNumber,
  ListListString,
  MapString,
  MapAny,
  Object,      // one block
  ListObject,  // repeatable block
};

struct Option {
  std::string_view name;
  OptionType type = OptionType::String;
  bool block = false;
  bool required = false;
  bool deprecated = false;
  bool late_template = false;  // rendered when used, not at plan
  bool json_only = false;      // read from JSON templates only
  std::string_view default_text;  // empty: none
  std::vector<std::string_view> enumeration;
  std::vector<std::string_view> exclusive_with;
  std::vector<std::string_view> requires_one_of;
  std::vector<std::string_view> environment;  // read when unset, in order
  std::vector<Option> options;                // nested table of Object and ListObject
};

struct ComponentSchema {
  std::string_view name;
  ComponentKind kind = ComponentKind::Builder;
  std::string_view builder_id;
  std::vector<Option> options;  // shared sets merged in, sorted by name
  struct Output {
    std::string_view name;
    std::string_view type;
  };
  std::vector<Output> outputs;  // data sources
  bool built_in = false;        // this farm can run it, not only read it
  const Option* find(std::string_view name) const;
};

/// What is known about components where a plan is made.
class ComponentCatalog {
 public:
  virtual ~ComponentCatalog() = default;
  /// nullptr when no such component is known. Aliases are resolved.
  virtual const ComponentSchema* find(ComponentKind kind, std::string_view name) const = 0;
  virtual std::vector<std::string> names(ComponentKind kind) const = 0;
  /// What to use instead of a component that is gone or foreign, as a sentence; empty: unknown.
  virtual std::string replacement(ComponentKind kind, std::string_view name) const {
    static_cast<void>(kind);
    static_cast<void>(name);
    return {};
  }
};

}  // namespace farm::plan
