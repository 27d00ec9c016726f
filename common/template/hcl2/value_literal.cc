#include "common/template/hcl2/value_literal.h"

#include <algorithm>

#include "common/template/hcl2/lexer.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Type;
using value::Value;

std::string literal_text(const Value& v) {
  if (v.is_null()) return "null";
  switch (v.type().kind()) {
    case Kind::Bool: return v.as_bool() ? "true" : "false";
    case Kind::Number:
      if (v.as_number().is_infinite()) return v.as_number().sign() < 0 ? "(-1/0)" : "(1/0)";
      return v.as_number().str();
    case Kind::String: {
      std::string text = "\"";
      const std::string& raw = v.as_string();
      for (size_t i = 0; i < raw.size(); ++i) {
        const char c = raw[i];
        if (c == '"' || c == '\\') text += '\\';
        if ((c == '$' || c == '%') && i + 1 < raw.size() && raw[i + 1] == '{') text += c;
        if (c == '\n') text += "\\n";
        else if (c == '\r') text += "\\r";
        else text += c;
      }
      return text + "\"";
    }
    case Kind::Map:
    case Kind::Object: {
      std::string text = "{";
      for (const auto& [key, element] : v.entries()) {
        text += (text.size() > 1 ? ", " : "") + literal_text(Value::string(key)) + " = " +
                literal_text(element);
      }
      return text + "}";
    }
    default: break;
  }
  std::string text = "[";
  for (const Value& element : v.elements()) {
    text += (text.size() > 1 ? ", " : "") + literal_text(element);
  }
  return text + "]";
}

// Whether a literal of this type has another one: collections read as tuples and objects.
bool loses_type(const Type& type) {
  switch (type.kind()) {
    case Kind::List:
    case Kind::Set:
    case Kind::Map: return true;
    case Kind::Tuple:
      return std::any_of(type.elements().begin(), type.elements().end(), loses_type);
    case Kind::Object:
      return std::any_of(type.attributes().begin(), type.attributes().end(),
                         [](const auto& attribute) { return loses_type(attribute.second); });
    default: return false;
  }
}

// Whether the type can be written as a constraint: attributes are identifiers there.
bool has_plain_names(const Type& type) {
  switch (type.kind()) {
    case Kind::List:
    case Kind::Set:
    case Kind::Map: return has_plain_names(type.element());
    case Kind::Tuple:
      return std::all_of(type.elements().begin(), type.elements().end(), has_plain_names);
    case Kind::Object:
      return std::all_of(type.attributes().begin(), type.attributes().end(),
                         [](const auto& attribute) {
                           return is_identifier(attribute.first) &&
                                  has_plain_names(attribute.second);
                         });
    default: return true;
  }
}

}  // namespace

std::string value_literal(const Value& v) {
  std::string literal = literal_text(v);
  if (!loses_type(v.type()) || !has_plain_names(v.type())) return literal;
  return "convert(" + literal + ", " + v.type().str() + ")";
}

}  // namespace farm::hcl2
