// XML of the vSphere web services: a writer for request bodies, whose members must come in the
// order of the interface description, and a read-only view of answers. pugixml stays in xml.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace pugi {
class xml_document;
struct xml_node_struct;
}  // namespace pugi

namespace farm::builders::vsphere {

/// A managed object of the server: kind and id.
struct Reference {
  std::string type;
  std::string id;
  bool empty() const { return id.empty(); }
  friend bool operator==(const Reference&, const Reference&) = default;
  friend auto operator<=>(const Reference&, const Reference&) = default;
};

class XmlWriter {
 public:
  void text(std::string_view name, std::string_view value);
  /// As text(), left out when empty.
  void text_if(std::string_view name, std::string_view value);
  void flag(std::string_view name, bool value) { text(name, value ? "true" : "false"); }
  void number(std::string_view name, int64_t value) { text(name, std::to_string(value)); }
  void reference(std::string_view name, const Reference& reference);
  void reference_if(std::string_view name, const Reference& reference);
  /// A simple value of an "any" member: its type is part of it ("xsd:string").
  void typed_text(std::string_view name, std::string_view type, std::string_view value);
  /// An element with members; `type` is its xsi:type where the declared type has subtypes.
  template <class Members>
  void element(std::string_view name, std::string_view type, Members members) {
    open(name, type);
    members();
    close(name);
  }
  template <class Members>
  void element(std::string_view name, Members members) {
    element(name, {}, members);
  }
  void empty_element(std::string_view name, std::string_view type) {
    element(name, type, [] {});
  }
  /// What another writer wrote.
  void append(const XmlWriter& other) { out_ += other.out_; }
  const std::string& str() const { return out_; }

 private:
  void open(std::string_view name, std::string_view type);
  void close(std::string_view name);
  std::string out_;
};

/// `text` with the characters that XML gives a meaning replaced.
std::string xml_escape(std::string_view text);

/// A node of an answer; absent children give empty nodes, so that chains need no checks.
class XmlNode {
 public:
  XmlNode() = default;
  /// Corrupt: not well-formed.
  static Result<XmlNode> parse(std::string_view bytes);

  explicit operator bool() const { return node_ != nullptr; }
  /// Local name, without a namespace prefix.
  std::string name() const;
  XmlNode child(std::string_view name) const;
  /// Down a dotted path: "info.error".
  XmlNode at(std::string_view path) const;
  std::vector<XmlNode> children() const;
  std::vector<XmlNode> children(std::string_view name) const;
  std::string text() const;
  std::string text(std::string_view path) const { return at(path).text(); }
  int64_t number(std::string_view path, int64_t other = 0) const;
  bool flag(std::string_view path) const { return text(path) == "true"; }
  std::string attribute(std::string_view name) const;
  /// Value of xsi:type without a prefix; empty when there is none.
  std::string type() const;
  Reference reference() const { return {attribute("type"), text()}; }

 private:
  XmlNode(std::shared_ptr<const pugi::xml_document> document, pugi::xml_node_struct* node)
      : document_(std::move(document)), node_(node) {}
  // Every node of one answer keeps the whole of it.
  std::shared_ptr<const pugi::xml_document> document_;
  pugi::xml_node_struct* node_ = nullptr;
};

}  // namespace farm::builders::vsphere
