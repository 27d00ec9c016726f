// LegacyReader: the small readings that every part of a legacy template is made of, with Packer's
// words when the type is wrong. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/template/json/document.h"
#include "common/template/json/legacy_template.h"

namespace farm::json {

/// The name of Go's type for `node`, as decoding errors have it: "float64", "slice", "map".
const char* go_type(const Node& node);
/// "unconvertible type 'float64', value: '1'".
std::string unconvertible(const Node& node);
/// ASCII lower case: keys match fields without regard to case.
std::string lower(std::string_view text);

class LegacyReader {
 public:
  LegacyReader(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  void error(std::string summary, const Node& at);
  void string(const Node& node, const char* name, std::string& into);
  /// A list of strings; one string counts as a list of one. `what` begins the message.
  std::vector<std::string> strings(const Node& node, const std::string& what);
  std::optional<bool> boolean(const Node& node, const std::string& where, const char* name);
  bool is_array(const Node& node, const char* name);
  bool is_object(const Node& node, const char* name);
  /// An object, or the error "<where>'' expected a map, got 'slice'".
  bool is_map(const Node& node, const std::string& where);
  /// Type, name and configuration of an object; options named in `core` stay out of the latter.
  LegacyComponent component(const Node& node, const std::string& where,
                            std::initializer_list<std::string_view> core);
  /// A post-processor written as its bare type.
  LegacyComponent bare_component(const Node& node);
  value::Value value(const Node& node);

 private:
  const Document& document_;
  Diagnostics& diagnostics_;
};

}  // namespace farm::json
