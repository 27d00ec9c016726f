#include "common/value/type.h"

#include <algorithm>
#include <array>

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

namespace {

// Rows of data have the same few types over and over: a type equal to one of the last few shares
// its node, which saves memory and makes comparing them a comparison of pointers.
class RecentTypes {
 public:
  template <class Same>
  const Type* find(Same same) const {
    for (const Type& type : types_) {
      if (!type.is_dynamic() && same(type)) return &type;
    }
    return nullptr;
  }
  void add(const Type& type) {
    types_[next_] = type;
    next_ = (next_ + 1) % types_.size();
  }

 private:
  std::array<Type, 8> types_;
  size_t next_ = 0;
};

}  // namespace

Type Type::tuple(std::vector<Type> elements) {
  thread_local RecentTypes recent;
  const Type* same = recent.find([&elements](const Type& type) {
    const auto& others = type.node_->elements;
    return others.size() == elements.size() &&
           std::equal(others.begin(), others.end(), elements.begin(),
                      [](const Type& a, const Type& b) { return a.node_ == b.node_; });
  });
  if (same != nullptr) return *same;
  Node node{Kind::Tuple, {}, std::move(elements), {}, {}};
  for (const Type& element : node.elements) {
    node.has_dynamic = node.has_dynamic || element.has_dynamic();
    node.has_optional = node.has_optional || element.has_optional();
  }
  Type type(std::make_shared<const Node>(std::move(node)));
  recent.add(type);
  return type;
}

Type Type::object(std::map<std::string, Type> attributes, std::map<std::string, bool> optional) {
  thread_local RecentTypes recent;
  const Type* same = !optional.empty() ? nullptr : recent.find([&attributes](const Type& type) {
    const auto& others = type.node_->attributes;
    return others.size() == attributes.size() &&
           std::equal(others.begin(), others.end(), attributes.begin(),
                      [](const auto& a, const auto& b) {
                        return a.second.node_ == b.second.node_ && a.first == b.first;
                      });
  });
  if (same != nullptr) return *same;
  Node node{Kind::Object, {}, {}, std::move(attributes), {}};
  for (const auto& [name, is_optional] : optional) {
    if (is_optional && node.attributes.count(name) != 0) node.optional[name] = true;
  }
  node.has_optional = !node.optional.empty();
  for (const auto& [name, type] : node.attributes) {
    node.has_dynamic = node.has_dynamic || type.has_dynamic();
    node.has_optional = node.has_optional || type.has_optional();
  }
  Type type(std::make_shared<const Node>(std::move(node)));
  if (type.node_->optional.empty()) recent.add(type);
  return type;
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
