// Type: the types of the template language (cty's): string, number, bool, list, set, map, tuple,
// object and dynamic ("any", not known yet). Immutable and cheap to copy.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace farm::value {

enum class Kind { Dynamic, Bool, Number, String, List, Set, Map, Tuple, Object };

class Type {
 public:
  Type() = default;  // dynamic
  static Type dynamic() { return {}; }
  static Type boolean();
  static Type number();
  static Type string();
  static Type list(Type element);
  static Type set(Type element);
  static Type map(Type element);
  static Type tuple(std::vector<Type> elements);
  /// `optional` names the attributes that may be missing on conversion (constraints only).
  static Type object(std::map<std::string, Type> attributes,
                     std::map<std::string, bool> optional = {});

  Kind kind() const;
  bool is_dynamic() const { return kind() == Kind::Dynamic; }
  bool is_primitive() const;
  bool is_collection() const;  // list, set, map
  bool is_structural() const;  // tuple, object
  /// Whether dynamic occurs anywhere inside.
  bool has_dynamic() const;
  /// Element type of list, set, map.
  const Type& element() const;
  const std::vector<Type>& elements() const;                // tuple
  const std::map<std::string, Type>& attributes() const;    // object
  bool attribute_optional(const std::string& name) const;   // object
  bool has_optional() const;

  /// As users read it: "string", "list(number)", "object({a=string})"; "any" for dynamic.
  std::string str() const;
  /// In prose, as error messages have it: "string", "list of number", "object".
  std::string friendly() const;

  friend bool operator==(const Type& a, const Type& b);

 private:
  struct Node;
  explicit Type(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  // Shared by every copy of the type; null is dynamic.
  std::shared_ptr<const Node> node_;
};

}  // namespace farm::value
