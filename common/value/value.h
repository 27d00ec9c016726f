// Value: a value of the template language: typed, possibly null, unknown or sensitive. Immutable;
// copies share their contents. Unknown stands for what is not known yet (build.*, data sources not
// asked); every operation carries unknown and sensitive through.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/value/number.h"
#include "common/value/type.h"

namespace farm::value {

class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value>;

  Value() = default;  // null of dynamic type
  static Value null(Type type = Type::dynamic());
  static Value unknown(Type type = Type::dynamic());
  static Value boolean(bool b);
  static Value number(Number n);
  static Value string(std::string utf8);  // NFC-normalised here
  /// All elements must have type `element` (FARM_CHECK). Sets are sorted and deduplicated here.
  static Value list(Type element, List elements);
  static Value set(Type element, List elements);
  static Value map(Type element, Map elements);
  static Value tuple(List elements);
  static Value object(Map attributes);

  const Type& type() const { return type_; }
  bool is_null() const { return state_ == State::Null; }
  bool is_known() const { return state_ != State::Unknown; }
  /// No unknown anywhere inside.
  bool is_wholly_known() const;
  bool is_sensitive() const { return sensitive_; }
  /// This or anything inside is marked.
  bool has_sensitive() const;
  Value with_sensitive(bool sensitive = true) const;
  /// The value with every mark inside taken off.
  Value without_marks() const;

  // Accessors: the value must be known, not null and of the kind (FARM_CHECK).
  bool as_bool() const;
  const Number& as_number() const;
  const std::string& as_string() const;
  const List& elements() const;   // list, set (sorted), tuple
  const Map& entries() const;     // map, object

  /// Elements of any collection in iteration order: (key, element); key = index number for list
  /// and tuple, key = element for set, string for map and object.
  std::vector<std::pair<Value, Value>> iterate() const;
  /// Levels of collections and structures: 0 for primitives, null and unknown.
  size_t depth() const;
  /// Number of elements of a collection or structure.
  size_t size() const;
  /// Attribute or map element; nullptr when absent.
  const Value* get(const std::string& key) const;

  /// Equality without conversion: different types are unequal; both must be wholly known.
  friend bool operator==(const Value& a, const Value& b);
  /// A total order for sets: strings bytewise, numbers by value, false before true.
  static bool less(const Value& a, const Value& b);

 private:
  enum class State { Null, Unknown, Known };
  struct Payload;
  static Value known(Type type, Payload payload);
  static int compare(const Value& a, const Value& b);
  const Payload& payload() const;
  Type type_;
  // Shared by every copy of the value; immutable.
  std::shared_ptr<const Payload> payload_;
  State state_ = State::Null;
  bool sensitive_ = false;
};

/// cty's conversion of `v` to `type` (template-hcl2.md 7.4): primitives, tuple<->list<->set,
/// object<->map; dynamic parts take the value's own type (list(any) unifies the elements). Unknown
/// gives unknown, marks are kept. InvalidInput says why in cty's words ("a number is required").
Result<Value> convert(const Value& v, const Type& type);
/// The one type that all convert to; empty when there is none. Shared by conditionals, list(any),
/// functions (coalesce, concat...). Rules of template-hcl2.md 7.3 and 7.4.
std::optional<Type> unify(const std::vector<Type>& types);

/// JSON text of a wholly known value as jsonencode() prints it (sorted keys, compact, < > & and
/// U+2028/9 escaped). InvalidInput for unknown or infinite.
Result<std::string> to_json(const Value& v);
/// Typed encoding for the wire and the store, and back: keeps type, null, unknown and marks.
std::string encode(const Value& v);
/// Corrupt when `bytes` is no encoding; depth limit 128.
Result<Value> decode(std::string_view bytes);
/// What `packer console` prints (cli.md section 2, console): strings bare at top level.
std::string console_text(const Value& v);
/// Every string inside a sensitive part of `v`: for redaction.
void collect_sensitive_strings(const Value& v, std::vector<std::string>& into);
/// All strings inside `v`, marked or not.
void collect_strings(const Value& v, std::vector<std::string>& into);

}  // namespace farm::value
