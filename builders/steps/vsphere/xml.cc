#include "builders/steps/vsphere/xml.h"

#include <charconv>
#include <pugixml.hpp>

namespace farm::builders::vsphere {
namespace {

std::string_view without_prefix(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#13;"; break;
      default: out += c;
    }
  }
  return out;
}

void XmlWriter::open(std::string_view name, std::string_view type) {
  out_.append("<").append(name);
  if (!type.empty()) out_.append(" xsi:type=\"").append(type).append("\"");
  out_ += ">";
}

void XmlWriter::close(std::string_view name) { out_.append("</").append(name).append(">"); }

void XmlWriter::text(std::string_view name, std::string_view value) {
  open(name, {});
  out_ += xml_escape(value);
  close(name);
}

void XmlWriter::text_if(std::string_view name, std::string_view value) {
  if (!value.empty()) text(name, value);
}

void XmlWriter::typed_text(std::string_view name, std::string_view type, std::string_view value) {
  open(name, type);
  out_ += xml_escape(value);
  close(name);
}

void XmlWriter::reference(std::string_view name, const Reference& reference) {
  out_.append("<").append(name).append(" type=\"").append(reference.type).append("\">");
  out_ += xml_escape(reference.id);
  close(name);
}

void XmlWriter::reference_if(std::string_view name, const Reference& reference_) {
  if (!reference_.empty()) reference(name, reference_);
}

Result<XmlNode> XmlNode::parse(std::string_view bytes) {
  auto document = std::make_shared<pugi::xml_document>();
  const pugi::xml_parse_result parsed = document->load_buffer(bytes.data(), bytes.size());
  if (!parsed) return corrupt(std::string("not XML: ") + parsed.description());
  pugi::xml_node_struct* root = document->document_element().internal_object();
  return XmlNode(std::move(document), root);
}

std::string XmlNode::name() const {
  return std::string(without_prefix(pugi::xml_node(node_).name()));
}

XmlNode XmlNode::child(std::string_view name) const {
  for (const pugi::xml_node& one : pugi::xml_node(node_).children()) {
    if (without_prefix(one.name()) == name) return XmlNode(document_, one.internal_object());
  }
  return {};
}

XmlNode XmlNode::at(std::string_view path) const {
  XmlNode node = *this;
  while (node && !path.empty()) {
    const size_t dot = path.find('.');
    node = node.child(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return node;
}

std::vector<XmlNode> XmlNode::children() const {
  std::vector<XmlNode> list;
  for (const pugi::xml_node& one : pugi::xml_node(node_).children()) {
    if (one.type() == pugi::node_element) list.push_back(XmlNode(document_, one.internal_object()));
  }
  return list;
}

std::vector<XmlNode> XmlNode::children(std::string_view name) const {
  std::vector<XmlNode> list;
  for (XmlNode& one : children()) {
    if (one.name() == name) list.push_back(std::move(one));
  }
  return list;
}

std::string XmlNode::text() const { return pugi::xml_node(node_).text().get(); }

int64_t XmlNode::number(std::string_view path, int64_t other) const {
  const std::string digits = text(path);
  int64_t value = other;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string XmlNode::attribute(std::string_view name) const {
  for (const pugi::xml_attribute& one : pugi::xml_node(node_).attributes()) {
    if (name == one.name()) return one.value();
  }
  return {};
}

std::string XmlNode::type() const {
  for (const pugi::xml_attribute& one : pugi::xml_node(node_).attributes()) {
    const std::string_view name = one.name();
    if (name.find(':') != std::string_view::npos && without_prefix(name) == "type") {
      return std::string(without_prefix(one.value()));
    }
  }
  return {};
}

}  // namespace farm::builders::vsphere
