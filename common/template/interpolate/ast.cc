#include "common/template/interpolate/ast.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

/// The base that `digits` announces; its prefix is taken off.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  int base = 8;
  if (digits[1] == 'x' || digits[1] == 'X') base = 16;
  if (digits[1] == 'b' || digits[1] == 'B') base = 2;
  const bool named = base != 8 || digits[1] == 'o' || digits[1] == 'O';
  digits.remove_prefix(named ? 2 : 1);
  return base;
}

std::optional<int64_t> read_integer(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int base = take_base(digits);
  const char* end = digits.data() + digits.size();
  uint64_t magnitude = 0;
  const auto [stop, problem] = std::from_chars(digits.data(), end, magnitude, base);
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (digits.empty() || stop != end || problem != std::errc{} || magnitude > limit) {
    return std::nullopt;
  }
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<double> read_real(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (hex) digits.remove_prefix(2);
  const char* end = digits.data() + digits.size();
  double real = 0;
  const auto [stop, problem] = std::from_chars(
      digits.data(), end, real, hex ? std::chars_format::hex : std::chars_format::general);
  if (stop != end || problem != std::errc{} || !std::isfinite(real)) return std::nullopt;
  return negative ? -real : real;
}

std::string joined_fields(const std::vector<std::string>& fields) {
  std::string text;
  for (const std::string& field : fields) text += "." + field;
  return text;
}

}  // namespace

std::optional<std::string> read_number(Operand& operand) {
  std::string digits = operand.text;
  std::erase(digits, '_');
  if (digits.ends_with('i')) return "complex numbers are not supported: " + quote(operand.text);
  if (const std::optional<int64_t> integer = read_integer(digits)) {
    operand.kind = Operand::Kind::Integer;
    operand.integer = *integer;
    return std::nullopt;
  }
  const std::optional<double> real = read_real(digits);
  if (!real) return "illegal number syntax: " + quote(operand.text);
  if (digits.find_first_of(".eEpP") == std::string::npos) {
    return "integer overflow: " + quote(operand.text);
  }
  operand.kind = Operand::Kind::Float;
  operand.real = *real;
  operand.is_integral = *real == std::trunc(*real) && std::abs(*real) < 9e18;
  if (operand.is_integral) operand.integer = static_cast<int64_t>(*real);
  return std::nullopt;
}

std::string Operand::str() const {
  if (kind == Kind::Pipe) return "(" + pipe->str() + ")" + joined_fields(fields);
  if (kind == Kind::Field) return joined_fields(fields);
  return text + joined_fields(fields);
}

std::string Command::str() const {
  std::string text;
  for (const Operand& operand : operands) {
    if (!text.empty()) text += ' ';
    text += operand.str();
  }
  return text;
}

std::string Pipe::str() const {
  std::string text;
  for (size_t i = 0; i < variables.size(); ++i) text += (i == 0 ? "" : ", ") + variables[i];
  if (!variables.empty()) text += assigns ? " = " : " := ";
  for (size_t i = 0; i < commands.size(); ++i) text += (i == 0 ? "" : " | ") + commands[i].str();
  return text;
}

std::string Statement::str() const {
  std::string shown = "{{template " + quote(text);
  if (pipe) shown += " " + pipe->str();
  return shown + "}}";
}

}  // namespace farm::interpolate
