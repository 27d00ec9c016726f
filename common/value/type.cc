#include "common/value/type.h"

#include "common/base/result.h"

namespace farm::value {

struct Type::Node {
  Kind kind = Kind::Dynamic;
  Type element;
  std::vector<Type> elements;
  std::map<std::string, Type> attributes;
  std::map<std::string, bool> optional;
  bool has_dynamic = false;
  bool has_optional = false;
};

Type Type::boolean() {
  static const Type type{std::make_shared<const Node>(Node{Kind::Bool, {}, {}, {}, {}})};
  return type;
}

Type Type::number() {
  static const Type type{std::make_shared<const Node>(Node{Kind::Number, {}, {}, {}, {}})};
  return type;
}

Type Type::string() {
  static const Type type{std::make_shared<const Node>(Node{Kind::String, {}, {}, {}, {}})};
  return type;
}

Type Type::list(Type element) {
  const bool dynamic = element.has_dynamic();
  const bool optional = element.has_optional();
  return Type(std::make_shared<const Node>(
      Node{Kind::List, std::move(element), {}, {}, {}, dynamic, optional}));
}

Type Type::set(Type element) {
  const bool dynamic = element.has_dynamic();
  const bool optional = element.has_optional();
  return Type(std::make_shared<const Node>(
      Node{Kind::Set, std::move(element), {}, {}, {}, dynamic, optional}));
}

Type Type::map(Type element) {
  const bool dynamic = element.has_dynamic();
  const bool optional = element.has_optional();
  return Type(std::make_shared<const Node>(
      Node{Kind::Map, std::move(element), {}, {}, {}, dynamic, optional}));
}

Type Type::tuple(std::vector<Type> elements) {
  Node node{Kind::Tuple, {}, std::move(elements), {}, {}};
  for (const Type& element : node.elements) {
    node.has_dynamic = node.has_dynamic || element.has_dynamic();
    node.has_optional = node.has_optional || element.has_optional();
  }
  return Type(std::make_shared<const Node>(std::move(node)));
}

Type Type::object(std::map<std::string, Type> attributes, std::map<std::string, bool> optional) {
  Node node{Kind::Object, {}, {}, std::move(attributes), {}};
  for (const auto& [name, is_optional] : optional) {
    if (is_optional && node.attributes.count(name) != 0) node.optional[name] = true;
  }
  node.has_optional = !node.optional.empty();
  for (const auto& [name, type] : node.attributes) {
    node.has_dynamic = node.has_dynamic || type.has_dynamic();
    node.has_optional = node.has_optional || type.has_optional();
  }
  return Type(std::make_shared<const Node>(std::move(node)));
}

Kind Type::kind() const { return node_ == nullptr ? Kind::Dynamic : node_->kind; }

bool Type::is_primitive() const {
  return kind() == Kind::Bool || kind() == Kind::Number || kind() == Kind::String;
}

bool Type::is_collection() const {
  return kind() == Kind::List || kind() == Kind::Set || kind() == Kind::Map;
}

bool Type::is_structural() const { return kind() == Kind::Tuple || kind() == Kind::Object; }

bool Type::has_dynamic() const { return node_ == nullptr || node_->has_dynamic; }

const Type& Type::element() const {
  FARM_CHECK(is_collection());
  return node_->element;
}

const std::vector<Type>& Type::elements() const {
  FARM_CHECK(kind() == Kind::Tuple);
  return node_->elements;
}

const std::map<std::string, Type>& Type::attributes() const {
  FARM_CHECK(kind() == Kind::Object);
  return node_->attributes;
}

bool Type::attribute_optional(const std::string& name) const {
  FARM_CHECK(kind() == Kind::Object);
  return node_->optional.count(name) != 0;
}

bool Type::has_optional() const { return node_ != nullptr && node_->has_optional; }

std::string Type::str() const {
  switch (kind()) {
    case Kind::Dynamic: return "any";
    case Kind::Bool: return "bool";
    case Kind::Number: return "number";
    case Kind::String: return "string";
    case Kind::List: return "list(" + node_->element.str() + ")";
    case Kind::Set: return "set(" + node_->element.str() + ")";
    case Kind::Map: return "map(" + node_->element.str() + ")";
    case Kind::Tuple: {
      std::string text = "tuple([";
      for (const Type& element : node_->elements) {
        if (text.back() != '[') text += ",";
        text += element.str();
      }
      return text + "])";
    }
    case Kind::Object: {
      std::string text = "object({";
      for (const auto& [name, type] : node_->attributes) {
        if (text.back() != '{') text += ",";
        text += name + "=";
        text += attribute_optional(name) ? "optional(" + type.str() + ")" : type.str();
      }
      return text + "})";
    }
  }
  return {};
}

std::string Type::friendly() const {
  const auto of = [this](const char* what) {
    const Type& element = node_->element;
    return std::string(what) + " of " +
           (element.is_dynamic() ? std::string("any single type") : element.friendly());
  };
  switch (kind()) {
    case Kind::Dynamic: return "any type";
    case Kind::Bool: return "bool";
    case Kind::Number: return "number";
    case Kind::String: return "string";
    case Kind::List: return of("list");
    case Kind::Set: return of("set");
    case Kind::Map: return of("map");
    case Kind::Tuple: return "tuple";
    case Kind::Object: return "object";
  }
  return {};
}

bool operator==(const Type& a, const Type& b) {
  if (a.node_ == b.node_) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::List:
    case Kind::Set:
    case Kind::Map: return a.node_->element == b.node_->element;
    case Kind::Tuple: return a.node_->elements == b.node_->elements;
    case Kind::Object:
      return a.node_->attributes == b.node_->attributes && a.node_->optional == b.node_->optional;
    default: return true;
  }
}

}  // namespace farm::value
