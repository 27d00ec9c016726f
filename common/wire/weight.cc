#include "common/wire/weight.h"

#include <flatbuffers/minireflect.h>

namespace farm::wire {
namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

class Scale {
 public:
  explicit Scale(uint64_t limit) : left_(limit) {}
  bool over() const { return over_; }

  void table(const flatbuffers::Table& table, const TypeTable& types) {
    spend(sizeof(flatbuffers::soffset_t));
    for (size_t i = 0; i < types.num_elems && !over_; ++i) {
      const uint8_t* at = table.GetAddressOf(
          flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i)));
      if (at != nullptr) field(at, types, types.type_codes[i]);
    }
  }

 private:
  static const uint8_t* target(const uint8_t* at) {
    return at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at);
  }
  static uint64_t length(const uint8_t* vector) {
    return flatbuffers::ReadScalar<flatbuffers::uoffset_t>(vector);
  }

  void spend(uint64_t bytes) {
    over_ = over_ || bytes > left_;
    left_ -= over_ ? 0 : bytes;
  }

  void field(const uint8_t* at, const TypeTable& types, const flatbuffers::TypeCode& code) {
    const auto type = static_cast<ElementaryType>(code.base_type);
    const TypeTable* of = code.sequence_ref < 0 ? nullptr : types.type_refs[code.sequence_ref]();
    if (code.is_repeating != 0) {
      vector(target(at), type, of);
    } else if (type == flatbuffers::ET_STRING) {
      string(target(at));
    } else if (type == flatbuffers::ET_SEQUENCE && of->st == flatbuffers::ST_TABLE) {
      table(*reinterpret_cast<const flatbuffers::Table*>(target(at)), *of);
    }
  }

  void string(const uint8_t* at) { spend(sizeof(flatbuffers::uoffset_t) + length(at)); }

  void vector(const uint8_t* at, ElementaryType type, const TypeTable* of) {
    const uint64_t count = length(at);
    spend(sizeof(flatbuffers::uoffset_t) + count * flatbuffers::InlineSize(type, of));
    const bool tables = type == flatbuffers::ET_SEQUENCE && of->st == flatbuffers::ST_TABLE;
    if (type != flatbuffers::ET_STRING && !tables) return;
    const uint8_t* element = at + sizeof(flatbuffers::uoffset_t);
    for (uint64_t i = 0; i < count && !over_; ++i, element += sizeof(flatbuffers::uoffset_t)) {
      if (tables) {
        table(*reinterpret_cast<const flatbuffers::Table*>(target(element)), *of);
      } else {
        string(target(element));
      }
    }
  }

  uint64_t left_;
  bool over_ = false;
};

}  // namespace

bool weighs_at_most(const flatbuffers::Table& table, const TypeTable& types, uint64_t limit) {
  Scale scale(limit);
  scale.table(table, types);
  return !scale.over();
}

}  // namespace farm::wire
