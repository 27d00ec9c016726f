// Number: the template language's number, a 512-bit binary float rounded to even, with a fast path
// for 64-bit integers. 0.1 + 0.2 == 0.3 and 30-digit integers are exact, as in cty.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::value {

class Number {
 public:
  Number() = default;
  Number(int64_t integer) : integer_(integer) {}  // NOLINT
  /// The shortest decimal that reads back as `number`, so that 0.1 is 0.1; NaN gives zero.
  static Number from_double(double number);
  /// Decimal text with optional sign, fraction and exponent (`.5`, `5.0`, `1e3`), nothing around
  /// it. InvalidInput for anything else and for exponents past one million.
  static Result<Number> parse(std::string_view text);
  static Number infinity(bool negative = false);

  /// Shortest decimal text: `1.5`, `1000000000000000000000`; never an exponent.
  std::string str() const;
  double to_double() const;
  /// The value when it is an integer that fits; empty otherwise.
  std::optional<int64_t> to_int64() const;
  bool is_integer() const;
  bool is_infinite() const;
  int sign() const;

  friend Number operator+(const Number& a, const Number& b);
  friend Number operator-(const Number& a, const Number& b);
  friend Number operator*(const Number& a, const Number& b);
  Number operator-() const;
  /// x / 0 is infinity; 0 / 0 and infinity / infinity: InvalidInput.
  static Result<Number> divide(const Number& a, const Number& b);
  /// Truncated remainder (sign of the dividend); x % 0: InvalidInput.
  static Result<Number> remainder(const Number& a, const Number& b);
  Number floor() const;
  Number ceil() const;
  Number truncate() const;
  /// Digits of the integer part in `base` 2..36, lower case, with sign.
  std::string integer_digits(int base) const;
  /// Integer from digits in base 2..62 (0-9 a-z A-Z), optional sign.
  static Result<Number> parse_digits(std::string_view digits, int base);
  /// Exact text for storage (`1a`, `-8000000@-3`, base 16), never longer than 160 bytes, and back.
  std::string pack() const;
  static Result<Number> unpack(std::string_view text);

  friend bool operator==(const Number& a, const Number& b);
  friend std::strong_ordering operator<=>(const Number& a, const Number& b);

 private:
  struct Big;  // owns one mpfr_t; immutable
  explicit Number(std::shared_ptr<const Big> big);
  static Number of(std::shared_ptr<Big> big);  // back to the fast path where possible
  struct View;

  int64_t integer_ = 0;
  // Shared by every copy of this number; null on the fast path.
  std::shared_ptr<const Big> big_;
};

}  // namespace farm::value
