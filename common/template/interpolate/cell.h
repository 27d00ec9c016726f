// Cell: a value while a {{ }} template runs. It follows Go's dynamic types (int, float64, string,
// slices, maps, nothing) because templates see them through printf, eq and error messages.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/value/value.h"

namespace farm::interpolate {

class Cell {
 public:
  using List = std::vector<Cell>;
  using Map = std::map<std::string, Cell>;

  Cell() = default;  // nothing: a missing key, nil
  Cell(bool b) : value_(b) {}                            // NOLINT
  Cell(int64_t i) : value_(i) {}                         // NOLINT
  Cell(double d) : value_(d) {}                          // NOLINT
  Cell(std::string s) : value_(std::move(s)) {}          // NOLINT
  Cell(const char*) = delete;  // would become a bool
  static Cell list(List elements);
  static Cell map(Map entries);
  /// Sensitive marks are dropped; unknown becomes nothing.
  static Cell from(const value::Value& value);

  bool is_nothing() const { return value_.index() == 0; }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const List* elements() const;
  const Map* entries() const;

  /// Go's name of the type: "int", "string", "[]interface {}"; "<nil>" for nothing.
  const char* type_name() const;
  /// False for nothing, false, zero and everything empty.
  bool truth() const;
  /// As `{{ }}` and %v print it; nothing inside a list is "<nil>".
  std::string str() const;

 private:
  // Lists and maps are shared by copies and never change.
  std::variant<std::monostate, bool, int64_t, double, std::string, std::shared_ptr<const List>,
               std::shared_ptr<const Map>>
      value_;
};

/// `number` by Go's %e, %f or %g; `precision` < 0: shortest.
std::string format_real(double number, char verb, int precision);

}  // namespace farm::interpolate
