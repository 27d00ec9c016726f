// The functions that {{ }} templates may call: Go's own and Packer's, each with the shape of its
// arguments so that the evaluator reports wrong counts and types in Go's words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/template/interpolate/cell.h"
#include "common/template/interpolate/engine.h"

namespace farm::interpolate {

using Cells = std::span<const Cell>;

struct FunctionEntry {
  std::string_view name;
  /// One letter per parameter: s string, i int, a anything; a final * repeats the last one.
  std::string_view parameters;
  Result<Cell> (*call)(Cells arguments, const Context& context);

  bool variadic() const { return parameters.ends_with('*'); }
  /// How many arguments there must be (at least, when variadic).
  size_t fixed() const { return parameters.size() - (variadic() ? 2 : 0); }
  char parameter(size_t index) const { return parameters[index < fixed() ? index : fixed()]; }
};

/// nullptr when no such function exists. `and` and `or` are here for their shape; the evaluator
/// calls them itself because they stop early.
const FunctionEntry* find_function(std::string_view name);

/// Strings grow no longer than this in one template.
constexpr size_t kMaxBytes = 16U << 20;

// Families, each sorted into one table.
std::span<const FunctionEntry> builtin_functions();
std::span<const FunctionEntry> packer_functions();

}  // namespace farm::interpolate
