#include "common/value/value.h"

#include "common/value/set_order.h"

#include <algorithm>
#include <cstdlib>
#include <variant>

#include <utf8proc.h>

namespace farm::value {
namespace {

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Text that is not UTF-8 stays as it is: callers that must not have it check for it themselves.
std::string normalise(std::string text) {
  if (is_ascii(text)) return text;
  utf8proc_uint8_t* composed = nullptr;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length = utf8proc_map(
      bytes, static_cast<utf8proc_ssize_t>(text.size()), &composed,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return text;
  text.assign(reinterpret_cast<const char*>(composed), static_cast<size_t>(length));
  std::free(composed);  // NOLINT: utf8proc allocates with malloc
  return text;
}

}  // namespace

struct Value::Payload {
  explicit Payload(bool b) : data(b) {}
  explicit Payload(Number n) : data(std::move(n)) {}
  explicit Payload(std::string s) : data(std::move(s)) {}
  explicit Payload(List elements) : data(std::move(elements)) {
    for (const Value& element : std::get<List>(data)) contain(element);
  }
  explicit Payload(Map entries) : data(std::move(entries)) {
    for (const auto& [key, element] : std::get<Map>(data)) contain(element);
  }
  void contain(const Value& element) {
    wholly_known = wholly_known && element.is_wholly_known();
    has_sensitive = has_sensitive || element.has_sensitive();
    depth = std::max(depth, element.depth() + 1);
  }
  std::variant<bool, Number, std::string, List, Map> data;
  // Facts about everything inside, so that asking them is O(1).
  bool wholly_known = true;
  bool has_sensitive = false;
  size_t depth = std::holds_alternative<List>(data) || std::holds_alternative<Map>(data) ? 1 : 0;
};

Value Value::known(Type type, Payload payload) {
  Value v;
  v.type_ = std::move(type);
  v.payload_ = std::make_shared<const Payload>(std::move(payload));
  v.state_ = State::Known;
  return v;
}

Value Value::null(Type type) {
  Value v;
  v.type_ = std::move(type);
  return v;
}

Value Value::unknown(Type type) {
  Value v;
  v.type_ = std::move(type);
  v.state_ = State::Unknown;
  return v;
}

Value Value::boolean(bool b) {
  static const Value yes = known(Type::boolean(), Payload(true));
  static const Value no = known(Type::boolean(), Payload(false));
  return b ? yes : no;
}

Value Value::number(Number n) {
  // Small counts are most of the numbers there are: each has one payload.
  constexpr int64_t kSmall = 256;
  static const std::vector<Value> small = [] {
    std::vector<Value> values;
    for (int64_t i = 0; i < kSmall; ++i) {
      values.push_back(known(Type::number(), Payload(Number(i))));
    }
    return values;
  }();
  const std::optional<int64_t> integer = n.to_int64();
  if (integer && *integer > 0 && *integer < kSmall) return small[static_cast<size_t>(*integer)];
  return known(Type::number(), Payload(std::move(n)));
}

Value Value::string(std::string utf8) {
  return known(Type::string(), Payload(normalise(std::move(utf8))));
}

Value Value::list(Type element, List elements) {
  for (const Value& v : elements) FARM_CHECK(v.type() == element);
  return known(Type::list(std::move(element)), Payload(std::move(elements)));
}

namespace {

// Null comes last; primitives by their own order, anything else by a text of its contents.
void sort_for_set(const Type& element, Value::List& elements) {
  const auto null_last = [](const Value& a, const Value& b) {
    return a.is_null() != b.is_null() ? b.is_null() : Value::less(a, b);
  };
  if (element.is_primitive() || elements.size() < 2) {
    std::sort(elements.begin(), elements.end(), null_last);
    return;
  }
  std::vector<std::pair<std::string, Value>> keyed;
  keyed.reserve(elements.size());
  for (Value& v : elements) keyed.emplace_back(set_order_key(v), std::move(v));
  std::sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    if (a.second.is_null() != b.second.is_null()) return b.second.is_null();
    return a.first != b.first ? a.first < b.first : Value::less(a.second, b.second);
  });
  for (size_t i = 0; i < keyed.size(); ++i) elements[i] = std::move(keyed[i].second);
}

}  // namespace

Value Value::set(Type element, List elements) {
  bool sensitive = false;
  for (Value& v : elements) {
    FARM_CHECK(v.type() == element);
    if (!v.has_sensitive()) continue;
    sensitive = true;  // a mark on one element could be told from the order: mark the whole
    v = v.without_marks();
  }
  sort_for_set(element, elements);
  const auto same = [](const Value& a, const Value& b) {
    return a.is_wholly_known() && b.is_wholly_known() && compare(a, b) == 0;
  };
  elements.erase(std::unique(elements.begin(), elements.end(), same), elements.end());
  return known(Type::set(std::move(element)), Payload(std::move(elements)))
      .with_sensitive(sensitive);
}

Value Value::map(Type element, Map elements) {
  for (const auto& [key, v] : elements) FARM_CHECK(v.type() == element);
  return known(Type::map(std::move(element)), Payload(std::move(elements)));
}

Value Value::tuple(List elements) {
  std::vector<Type> types;
  types.reserve(elements.size());
  for (const Value& v : elements) types.push_back(v.type());
  return known(Type::tuple(std::move(types)), Payload(std::move(elements)));
}

Value Value::object(Map attributes) {
  std::map<std::string, Type> types;
  for (const auto& [name, v] : attributes) types.emplace_hint(types.end(), name, v.type());
  return known(Type::object(std::move(types)), Payload(std::move(attributes)));
}

const Value::Payload& Value::payload() const {
  FARM_CHECK(state_ == State::Known);
  return *payload_;
}

bool Value::is_wholly_known() const {
  return state_ == State::Null || (state_ == State::Known && payload_->wholly_known);
}

bool Value::has_sensitive() const {
  return sensitive_ || (state_ == State::Known && payload_->has_sensitive);
}

Value Value::with_sensitive(bool sensitive) const {
  Value v = *this;
  v.sensitive_ = sensitive;
  return v;
}

Value Value::without_marks() const {
  if (!has_sensitive()) return *this;
  Value v = with_sensitive(false);
  if (state_ != State::Known || !payload_->has_sensitive) return v;
  if (const auto* list = std::get_if<List>(&payload_->data)) {
    List plain;
    plain.reserve(list->size());
    for (const Value& element : *list) plain.push_back(element.without_marks());
    return known(type_, Payload(std::move(plain)));
  }
  Map plain;
  for (const auto& [key, element] : std::get<Map>(payload_->data)) {
    plain.emplace_hint(plain.end(), key, element.without_marks());
  }
  return known(type_, Payload(std::move(plain)));
}

bool Value::as_bool() const {
  const bool* b = std::get_if<bool>(&payload().data);
  FARM_CHECK(b != nullptr);
  return *b;
}

const Number& Value::as_number() const {
  const Number* n = std::get_if<Number>(&payload().data);
  FARM_CHECK(n != nullptr);
  return *n;
}

const std::string& Value::as_string() const {
  const std::string* s = std::get_if<std::string>(&payload().data);
  FARM_CHECK(s != nullptr);
  return *s;
}

const Value::List& Value::elements() const {
  const List* list = std::get_if<List>(&payload().data);
  FARM_CHECK(list != nullptr);
  return *list;
}

const Value::Map& Value::entries() const {
  const Map* map = std::get_if<Map>(&payload().data);
  FARM_CHECK(map != nullptr);
  return *map;
}

std::vector<std::pair<Value, Value>> Value::iterate() const {
  std::vector<std::pair<Value, Value>> pairs;
  pairs.reserve(size());
  if (const auto* map = std::get_if<Map>(&payload().data)) {
    for (const auto& [key, element] : *map) pairs.emplace_back(string(key), element);
    return pairs;
  }
  int64_t index = 0;
  for (const Value& element : elements()) {
    pairs.emplace_back(type_.kind() == Kind::Set ? element : number(index++), element);
  }
  return pairs;
}

size_t Value::depth() const { return state_ == State::Known ? payload_->depth : 0; }

size_t Value::size() const {
  if (const auto* map = std::get_if<Map>(&payload().data)) return map->size();
  return elements().size();
}

const Value* Value::get(const std::string& key) const {
  const Map& map = entries();
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// Null before known before unknown; then by kind; then by content.
int Value::compare(const Value& a, const Value& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  const auto rank = [](const Value& v) {
    return v.state_ == State::Null ? 0 : (v.state_ == State::Known ? 1 : 2);
  };
  if (const int by_state = order(rank(a), rank(b)); by_state != 0) return by_state;
  if (a.state_ != State::Known || a.payload_ == b.payload_) return 0;
  if (const int by_kind = order(a.type_.kind(), b.type_.kind()); by_kind != 0) return by_kind;
  switch (a.type_.kind()) {
    case Kind::Bool: return order(a.as_bool(), b.as_bool());
    case Kind::Number: return order(a.as_number(), b.as_number());
    case Kind::String: return a.as_string().compare(b.as_string());
    case Kind::Map:
    case Kind::Object: {
      auto left = a.entries().begin();
      auto right = b.entries().begin();
      for (; left != a.entries().end() && right != b.entries().end(); ++left, ++right) {
        if (const int by_key = left->first.compare(right->first); by_key != 0) return by_key;
        if (const int by_value = compare(left->second, right->second); by_value != 0) {
          return by_value;
        }
      }
      return order(a.size(), b.size());
    }
    default: break;
  }
  const List& left = a.elements();
  const List& right = b.elements();
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (const int by_value = compare(left[i], right[i]); by_value != 0) return by_value;
  }
  return order(left.size(), right.size());
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.type_.kind() != b.type_.kind()) return false;
  // Null parts make types differ that are equal to a reader; those are compared by content alone.
  const bool typed = a.type_.is_collection() && !a.type_.has_dynamic() && !b.type_.has_dynamic();
  if (typed && !(a.type_ == b.type_)) return false;
  return Value::compare(a, b) == 0;
}

bool Value::less(const Value& a, const Value& b) { return compare(a, b) < 0; }

void collect_strings(const Value& v, std::vector<std::string>& into) {
  if (v.is_null() || !v.is_known()) return;
  switch (v.type().kind()) {
    case Kind::String: into.push_back(v.as_string()); break;
    case Kind::Number: {
      const Result<Value> text = convert(v, Type::string());  // as scripts are handed it
      if (text) into.push_back(text->as_string());
      break;
    }
    case Kind::Map:
    case Kind::Object:
      for (const auto& [key, element] : v.entries()) collect_strings(element, into);
      break;
    case Kind::List:
    case Kind::Set:
    case Kind::Tuple:
      for (const Value& element : v.elements()) collect_strings(element, into);
      break;
    default: break;
  }
}

void collect_sensitive_strings(const Value& v, std::vector<std::string>& into) {
  if (!v.has_sensitive()) return;
  if (v.is_sensitive()) {
    collect_strings(v, into);
    return;
  }
  if (v.type().kind() == Kind::Map || v.type().kind() == Kind::Object) {
    for (const auto& [key, element] : v.entries()) collect_sensitive_strings(element, into);
    return;
  }
  for (const Value& element : v.elements()) collect_sensitive_strings(element, into);
}

}  // namespace farm::value
