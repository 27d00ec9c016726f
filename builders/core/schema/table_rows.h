// Rows of the generated option tables. Offsets instead of pointers keep them free of relocations,
// so that a program that never looks a component up pays nothing for them at start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace farm::builders::schema {

/// A piece of kText.
struct TextRow {
  uint32_t offset = 0;
  uint32_t length = 0;
};
/// `count` rows from `first` of the table that the field's comment names.
struct RowRange {
  uint32_t first = 0;
  uint32_t count = 0;
};

enum OptionFlag : uint8_t {
  kBlock = 1,
  kRequired = 2,
  kDeprecated = 4,
  kLateTemplate = 8,
  kJsonOnly = 16,
};

struct OptionRow {
  TextRow name;
  TextRow default_text;
  uint8_t type = 0;  // plan::OptionType
  uint8_t flags = 0;
  RowRange enumeration;      // kTextRows
  RowRange exclusive_with;   // kTextRows
  RowRange requires_one_of;  // kTextRows
  RowRange environment;      // kTextRows
  RowRange options;          // kOptionRows
};

/// A shared set of options; sets may include others.
struct SetRow {
  RowRange options;   // kOptionRows
  RowRange includes;  // kIncludes, then kSetRows
};

struct OutputRow {
  TextRow name;
  TextRow type;
};

struct ComponentRow {
  TextRow name;
  TextRow builder_id;
  uint8_t kind = 0;  // plan::ComponentKind
  SetRow own;
  RowRange aliases;    // kTextRows
  RowRange json_only;  // kTextRows: names of included options that HCL2 does not have
  RowRange outputs;    // kOutputRows
};

extern const char kText[];
extern const TextRow kTextRows[];
extern const OptionRow kOptionRows[];
extern const uint32_t kIncludes[];
extern const SetRow kSetRows[];
extern const OutputRow kOutputRows[];
extern const ComponentRow kComponentRows[];  // sorted by kind, then name
extern const size_t kComponentCount;

}  // namespace farm::builders::schema
