// The compact typed encoding of values: version byte, type, then the value against that type.
// Integers are LEB128, texts are length and bytes, numbers Number::pack().
#include <cstdint>

#include "common/value/value.h"

namespace farm::value {
namespace {

constexpr char kVersion = 1;
constexpr size_t kMaxDepth = 128;
constexpr unsigned kUnknownBit = 1;
constexpr unsigned kKnownBit = 2;
constexpr unsigned kSensitiveBit = 4;

void put_count(uint64_t n, std::string& out) {
  for (; n >= 0x80; n >>= 7U) out += static_cast<char>((n & 0x7fU) | 0x80U);
  out += static_cast<char>(n);
}

void put_text(const std::string& text, std::string& out) {
  put_count(text.size(), out);
  out += text;
}

void put_type(const Type& type, std::string& out) {
  out += static_cast<char>(type.kind());
  switch (type.kind()) {
    case Kind::List:
    case Kind::Set:
    case Kind::Map: put_type(type.element(), out); break;
    case Kind::Tuple:
      put_count(type.elements().size(), out);
      for (const Type& element : type.elements()) put_type(element, out);
      break;
    case Kind::Object:
      put_count(type.attributes().size(), out);
      for (const auto& [name, attribute] : type.attributes()) {
        put_text(name, out);
        out += type.attribute_optional(name) ? '\1' : '\0';
        put_type(attribute, out);
      }
      break;
    default: break;
  }
}

void put_value(const Value& v, std::string& out) {
  unsigned flags = v.is_sensitive() ? kSensitiveBit : 0;
  if (!v.is_known()) flags |= kUnknownBit;
  else if (!v.is_null()) flags |= kKnownBit;
  out += static_cast<char>(flags);
  if (!v.is_known() || v.is_null()) return;
  switch (v.type().kind()) {
    case Kind::Bool: out += v.as_bool() ? '\1' : '\0'; return;
    case Kind::Number: put_text(v.as_number().pack(), out); return;
    case Kind::String: put_text(v.as_string(), out); return;
    case Kind::Map:
      put_count(v.size(), out);
      for (const auto& [key, element] : v.entries()) {
        put_text(key, out);
        put_value(element, out);
      }
      return;
    case Kind::Object:  // the keys are the type's
      for (const auto& [key, element] : v.entries()) put_value(element, out);
      return;
    case Kind::Tuple:
      for (const Value& element : v.elements()) put_value(element, out);
      return;
    default:
      put_count(v.size(), out);
      for (const Value& element : v.elements()) put_value(element, out);
  }
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes)
      : bytes_(bytes), memory_((size_t{16} << 20U) + 64 * bytes.size()) {}

  Result<Value> decode() {
    if (bytes_.empty() || bytes_[0] != kVersion) return corrupt("value: unknown version");
    bytes_.remove_prefix(1);
    const Type type = TRY(take_type(0));
    Value v = TRY(take_value(type));
    if (!bytes_.empty()) return corrupt("value: trailing bytes");
    return v;
  }

 private:
  Result<unsigned char> take_byte() {
    if (bytes_.empty()) return corrupt("value: ends early");
    const auto byte = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }

  Result<size_t> take_count() {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const unsigned char byte = TRY(take_byte());
      n |= static_cast<uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) {
        // Whatever is counted takes a byte at least, so a larger count is a lie.
        if (n > bytes_.size()) return corrupt("value: count past the end");
        return static_cast<size_t>(n);
      }
    }
    return corrupt("value: count too large");
  }

  Result<std::string> take_text() {
    const size_t size = TRY(take_count());
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }

  // A few bytes can name a type whose attribute names are copied into every value of a list.
  Result<void> charge(size_t bytes) {
    if (bytes > memory_) return corrupt("value: too large for its encoding");
    memory_ -= bytes;
    return {};
  }

  Result<Type> take_type(size_t depth) {
    if (depth > kMaxDepth) return corrupt("value: type nested too deeply");
    const unsigned char tag = TRY(take_byte());
    switch (static_cast<Kind>(tag)) {
      case Kind::Dynamic: return Type::dynamic();
      case Kind::Bool: return Type::boolean();
      case Kind::Number: return Type::number();
      case Kind::String: return Type::string();
      case Kind::List:
      case Kind::Set:
      case Kind::Map: {
        Type element = TRY(take_type(depth + 1));
        if (static_cast<Kind>(tag) == Kind::List) return Type::list(std::move(element));
        if (static_cast<Kind>(tag) == Kind::Set) return Type::set(std::move(element));
        return Type::map(std::move(element));
      }
      case Kind::Tuple: return take_tuple_type(depth);
      case Kind::Object: return take_object_type(depth);
    }
    return corrupt("value: unknown type");
  }

  Result<Type> take_tuple_type(size_t depth) {
    const size_t count = TRY(take_count());
    std::vector<Type> elements;
    for (size_t i = 0; i < count; ++i) {
      Type element = TRY(take_type(depth + 1));
      elements.push_back(std::move(element));
    }
    return Type::tuple(std::move(elements));
  }

  Result<Type> take_object_type(size_t depth) {
    const size_t count = TRY(take_count());
    std::map<std::string, Type> attributes;
    std::map<std::string, bool> optional;
    for (size_t i = 0; i < count; ++i) {
      const std::string name = TRY(take_text());
      const unsigned char is_optional = TRY(take_byte());
      if (is_optional > 1) return corrupt("value: bad optional mark");
      Type attribute = TRY(take_type(depth + 1));
      if (!attributes.emplace(name, std::move(attribute)).second) {
        return corrupt("value: attribute twice");
      }
      if (is_optional == 1) optional[name] = true;
    }
    return Type::object(std::move(attributes), std::move(optional));
  }

  Result<Value> take_value(const Type& type) {
    const unsigned char flags = TRY(take_byte());
    TRY(charge(128));
    const bool sensitive = (flags & kSensitiveBit) != 0;
    switch (flags & ~kSensitiveBit) {
      case 0: return Value::null(type).with_sensitive(sensitive);
      case kUnknownBit: return Value::unknown(type).with_sensitive(sensitive);
      case kKnownBit: {
        const Value v = TRY(take_known(type));
        return sensitive ? v.with_sensitive() : v;
      }
      default: return corrupt("value: bad flags");
    }
  }

  Result<Value> take_known(const Type& type) {
    switch (type.kind()) {
      case Kind::Bool: {
        const unsigned char b = TRY(take_byte());
        if (b > 1) return corrupt("value: bad bool");
        return Value::boolean(b == 1);
      }
      case Kind::Number: {
        const std::string text = TRY(take_text());
        Number n = TRY(Number::unpack(text));
        return Value::number(std::move(n));
      }
      case Kind::String: {
        std::string text = TRY(take_text());
        return Value::string(std::move(text));
      }
      case Kind::Map: return take_map(type);
      case Kind::Object: return take_object(type);
      case Kind::Tuple: return take_tuple(type);
      case Kind::List:
      case Kind::Set: return take_sequence(type);
      default: return corrupt("value: known value without a type");
    }
  }

  Result<Value> take_map(const Type& type) {
    const size_t count = TRY(take_count());
    Value::Map entries;
    for (size_t i = 0; i < count; ++i) {
      std::string key = TRY(take_text());
      Value element = TRY(take_value(type.element()));
      if (!(element.type() == type.element())) return corrupt("value: element of another type");
      if (!entries.emplace(std::move(key), std::move(element)).second) {
        return corrupt("value: key twice");
      }
    }
    return Value::map(type.element(), std::move(entries));
  }

  Result<Value> take_object(const Type& type) {
    Value::Map attributes;
    for (const auto& [name, attribute] : type.attributes()) {
      TRY(charge(name.size()));
      Value v = TRY(take_value(attribute));
      attributes.emplace_hint(attributes.end(), name, std::move(v));
    }
    return Value::object(std::move(attributes));
  }

  Result<Value> take_tuple(const Type& type) {
    Value::List elements;
    for (const Type& element : type.elements()) {
      Value v = TRY(take_value(element));
      elements.push_back(std::move(v));
    }
    return Value::tuple(std::move(elements));
  }

  Result<Value> take_sequence(const Type& type) {
    const size_t count = TRY(take_count());
    Value::List elements;
    for (size_t i = 0; i < count; ++i) {
      Value v = TRY(take_value(type.element()));
      if (!(v.type() == type.element())) return corrupt("value: element of another type");
      elements.push_back(std::move(v));
    }
    if (type.kind() == Kind::Set) return Value::set(type.element(), std::move(elements));
    return Value::list(type.element(), std::move(elements));
  }

  std::string_view bytes_;
  size_t memory_;
};

}  // namespace

std::string encode(const Value& v) {
  std::string out(1, kVersion);
  put_type(v.type(), out);
  put_value(v, out);
  return out;
}

Result<Value> decode(std::string_view bytes) { return Decoder(bytes).decode(); }

}  // namespace farm::value
