#include "common/value/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <mpfr.h>

namespace farm::value {
namespace {

constexpr mpfr_prec_t kPrecision = 512;
// Magnitudes past 2^±4194304 (about a million digits) become infinity or zero, so that printing a
// number stays bounded whatever a template multiplies.
constexpr mpfr_exp_t kMaxBinaryExponent = 1 << 22;
constexpr long kMaxDecimalExponent = 1'000'000;
constexpr size_t kMaxLiteral = 1'000'000;
// 512 bits are at most 156 significant decimal digits.
constexpr size_t kMaxSignificant = 156;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct MpfrText {
  explicit MpfrText(char* owned) : text(owned) {}
  MpfrText(const MpfrText&) = delete;
  MpfrText& operator=(const MpfrText&) = delete;
  ~MpfrText() { mpfr_free_str(text); }
  char* text;
};

// Length of a well-formed decimal literal, 0 when `text` is none.
bool well_formed(std::string_view text, long& exponent) {
  size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  size_t digits = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == '.') {
    ++i;
    for (; i < text.size() && is_digit(text[i]); ++i) ++digits;
  }
  if (digits == 0) return false;
  exponent = 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), exponent);
    if (parsed.ec == std::errc::result_out_of_range) exponent = kMaxDecimalExponent + 1;
    else if (parsed.ec != std::errc()) return false;
    i = static_cast<size_t>(parsed.ptr - text.data());
  }
  return i == text.size();
}

int digit_value(char c, int base) {
  int value = 99;
  if (is_digit(c)) value = c - '0';
  else if (c >= 'a' && c <= 'z') value = c - 'a' + 10;
  else if (c >= 'A' && c <= 'Z') value = c - 'A' + (base > 36 ? 36 : 10);
  return value < base ? value : -1;
}

// All decimals less than half a unit in the last place away from a number; half a unit away, too,
// when that rounds to it (its last bit is 0).
class Neighbourhood {
 public:
  explicit Neighbourhood(mpfr_srcptr number) : number_(number) {
    mpfr_init2(decimal_, 2 * kPrecision + 64);
    mpfr_init2(half_unit_, 2);
    mpfr_set_ui_2exp(half_unit_, 1, mpfr_get_exp(number) - mpfr_get_prec(number) - 1, MPFR_RNDN);
  }
  Neighbourhood(const Neighbourhood&) = delete;
  Neighbourhood& operator=(const Neighbourhood&) = delete;
  ~Neighbourhood() {
    mpfr_clear(decimal_);
    mpfr_clear(half_unit_);
  }
  bool holds(const std::string& decimal) const {
    mpfr_set_str(decimal_, decimal.c_str(), 10, MPFR_RNDN);
    mpfr_sub(decimal_, decimal_, number_, MPFR_RNDN);
    const int distance = mpfr_cmpabs(decimal_, half_unit_);
    return distance < 0 || (distance == 0 && mpfr_min_prec(number_) < mpfr_get_prec(number_));
  }

 private:
  mpfr_srcptr number_;
  mutable mpfr_t decimal_;
  mpfr_t half_unit_;
};

// Whole numbers have no -0.
Number without_sign_of_zero(const Number& n) { return n.sign() == 0 ? Number(0) : n; }

std::string plain_decimal(const char* digits, mpfr_exp_t point) {
  std::string text;
  if (*digits == '-') {
    text += '-';
    ++digits;
  }
  std::string significant(digits);
  while (significant.size() > 1 && significant.back() == '0') significant.pop_back();
  const auto count = static_cast<mpfr_exp_t>(significant.size());
  if (point <= 0) {
    text += "0.";
    text.append(static_cast<size_t>(-point), '0');
    return text + significant;
  }
  if (point >= count) {
    text += significant;
    text.append(static_cast<size_t>(point - count), '0');
    return text;
  }
  text.append(significant, 0, static_cast<size_t>(point));
  text += '.';
  return text.append(significant, static_cast<size_t>(point));
}

}  // namespace

struct Number::Big {
  explicit Big(mpfr_prec_t precision = kPrecision) { mpfr_init2(number, precision); }
  Big(const Big&) = delete;
  Big& operator=(const Big&) = delete;
  ~Big() { mpfr_clear(number); }
  mpfr_t number;
};

// A Number as an mpfr operand, whichever path it is on.
struct Number::View {
  explicit View(const Number& n) {
    if (n.big_ != nullptr) {
      pointer = n.big_->number;
      return;
    }
    // A 64-bit significand on the stack: the fast path allocates nothing.
    mpfr_custom_init(limbs, 64);
    mpfr_custom_init_set(local, MPFR_ZERO_KIND, 0, 64, limbs);
    mpfr_set_sj(local, n.integer_, MPFR_RNDN);
    pointer = local;
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// A result is as precise as the more precise operand.
  static mpfr_prec_t common_precision(const Number& a, const Number& b) {
    if (a.big_ == nullptr || b.big_ == nullptr) return kPrecision;
    return std::max(mpfr_get_prec(a.big_->number), mpfr_get_prec(b.big_->number));
  }

  mp_limb_t limbs[1] = {0};
  mpfr_t local;
  mpfr_srcptr pointer;
};

Number::Number(std::shared_ptr<const Big> big) : big_(std::move(big)) {}

Number Number::of(std::shared_ptr<Big> big) {
  mpfr_ptr n = big->number;
  if (mpfr_nan_p(n)) return Number(0);
  if (mpfr_zero_p(n)) {
    // Zero has a sign: -0 is kept.
    return mpfr_signbit(n) != 0 ? Number(std::shared_ptr<const Big>(std::move(big))) : Number(0);
  }
  if (mpfr_regular_p(n)) {
    const mpfr_exp_t exponent = mpfr_get_exp(n);
    if (exponent > kMaxBinaryExponent) return infinity(mpfr_sgn(n) < 0);
    if (exponent < -kMaxBinaryExponent) return Number(0);
    if (exponent <= 64 && mpfr_integer_p(n) && mpfr_fits_intmax_p(n, MPFR_RNDN)) {
      return Number(mpfr_get_sj(n, MPFR_RNDN));
    }
  }
  return Number(std::shared_ptr<const Big>(std::move(big)));
}

Number Number::from_double(double number) {
  if (std::isnan(number)) return Number(0);
  if (std::isinf(number)) return infinity(number < 0);
  constexpr double kExactIntegers = 9007199254740992;  // 2^53
  if (std::abs(number) < kExactIntegers && number == std::trunc(number) &&
      !(number == 0 && std::signbit(number))) {
    return Number(static_cast<int64_t>(number));
  }
  auto big = std::make_shared<Big>(std::numeric_limits<double>::digits);
  mpfr_set_d(big->number, number, MPFR_RNDN);
  return Number(std::shared_ptr<const Big>(std::move(big)));
}

Result<Number> Number::parse(std::string_view text) {
  int64_t integer = 0;
  const bool plus = !text.empty() && text[0] == '+';
  const auto fast = std::from_chars(text.data() + (plus ? 1 : 0), text.data() + text.size(),
                                    integer);
  if (fast.ec == std::errc() && fast.ptr == text.data() + text.size() &&
      !(plus && text.size() > 1 && text[1] == '-') && !(integer == 0 && text[0] == '-')) {
    return Number(integer);
  }
  long exponent = 0;
  if (!well_formed(text, exponent)) return invalid_input("a number is required");
  if (std::abs(exponent) > kMaxDecimalExponent || text.size() > kMaxLiteral) {
    return invalid_input("the number is too large");
  }
  auto big = std::make_shared<Big>();
  const std::string terminated(text);
  if (mpfr_set_str(big->number, terminated.c_str(), 10, MPFR_RNDN) != 0) {
    return invalid_input("a number is required");
  }
  return of(std::move(big));
}

Number Number::infinity(bool negative) {
  auto big = std::make_shared<Big>();
  mpfr_set_inf(big->number, negative ? -1 : 1);
  return Number(std::shared_ptr<const Big>(std::move(big)));
}

std::string Number::str() const {
  if (big_ == nullptr) return std::to_string(integer_);
  if (is_infinite()) return sign() < 0 ? "-Inf" : "Inf";
  if (mpfr_zero_p(big_->number)) return "-0";
  // The fewest digits that stand for the same number: if n digits do, n + 1 do too.
  size_t low = 1;
  size_t high = kMaxSignificant;
  const Neighbourhood near(big_->number);
  mpfr_exp_t point = 0;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    // mpfr wants two digits at least; the trailing zero of a one-digit number is cut below.
    const MpfrText digits(
        mpfr_get_str(nullptr, &point, 10, std::max<size_t>(middle, 2), big_->number, MPFR_RNDN));
    const bool negative = digits.text[0] == '-';
    const std::string scientific = std::string(negative ? "-0." : "0.") +
                                   (digits.text + (negative ? 1 : 0)) + "e" +
                                   std::to_string(point);
    if (near.holds(scientific)) high = middle;
    else low = middle + 1;
  }
  const MpfrText digits(
      mpfr_get_str(nullptr, &point, 10, std::max<size_t>(low, 2), big_->number, MPFR_RNDN));
  return plain_decimal(digits.text, point);
}

double Number::to_double() const {
  if (big_ == nullptr) return static_cast<double>(integer_);
  return mpfr_get_d(big_->number, MPFR_RNDN);
}

std::optional<int64_t> Number::to_int64() const {
  if (big_ == nullptr) return integer_;
  if (mpfr_zero_p(big_->number)) return 0;
  return std::nullopt;
}

bool Number::is_integer() const { return big_ == nullptr || mpfr_integer_p(big_->number) != 0; }

bool Number::is_infinite() const { return big_ != nullptr && mpfr_inf_p(big_->number) != 0; }

int Number::sign() const {
  if (big_ != nullptr) return (mpfr_sgn(big_->number) > 0) - (mpfr_sgn(big_->number) < 0);
  return integer_ < 0 ? -1 : (integer_ > 0 ? 1 : 0);
}

Number operator+(const Number& a, const Number& b) {
  int64_t sum = 0;
  if (a.big_ == nullptr && b.big_ == nullptr &&
      !__builtin_add_overflow(a.integer_, b.integer_, &sum)) {
    return Number(sum);
  }
  const Number::View left(a);
  const Number::View right(b);
  auto big = std::make_shared<Number::Big>(Number::View::common_precision(a, b));
  mpfr_add(big->number, left.pointer, right.pointer, MPFR_RNDN);
  return Number::of(std::move(big));
}

Number operator-(const Number& a, const Number& b) {
  int64_t difference = 0;
  if (a.big_ == nullptr && b.big_ == nullptr &&
      !__builtin_sub_overflow(a.integer_, b.integer_, &difference)) {
    return Number(difference);
  }
  const Number::View left(a);
  const Number::View right(b);
  auto big = std::make_shared<Number::Big>(Number::View::common_precision(a, b));
  mpfr_sub(big->number, left.pointer, right.pointer, MPFR_RNDN);
  return Number::of(std::move(big));
}

Number operator*(const Number& a, const Number& b) {
  int64_t product = 0;
  const bool minus_zero = (a.integer_ < 0 && b.integer_ == 0) ||
                          (b.integer_ < 0 && a.integer_ == 0);
  if (a.big_ == nullptr && b.big_ == nullptr && !minus_zero &&
      !__builtin_mul_overflow(a.integer_, b.integer_, &product)) {
    return Number(product);
  }
  const Number::View left(a);
  const Number::View right(b);
  auto big = std::make_shared<Number::Big>(Number::View::common_precision(a, b));
  mpfr_mul(big->number, left.pointer, right.pointer, MPFR_RNDN);
  return Number::of(std::move(big));
}

Number Number::operator-() const {
  if (big_ == nullptr && integer_ != 0) return Number(0) - *this;
  const View view(*this);
  auto big = std::make_shared<Big>(View::common_precision(*this, *this));
  mpfr_neg(big->number, view.pointer, MPFR_RNDN);
  return of(std::move(big));
}

Result<Number> Number::divide(const Number& a, const Number& b) {
  const bool exact = a.big_ == nullptr && b.big_ == nullptr && a.integer_ != 0 &&
                     b.integer_ != 0 && b.integer_ != -1 && a.integer_ % b.integer_ == 0;
  if (exact) return Number(a.integer_ / b.integer_);
  if (b.sign() == 0) {
    if (a.sign() == 0) return invalid_input("can't divide zero by zero");
    return infinity(a.sign() < 0);
  }
  if (a.is_infinite() && b.is_infinite()) return invalid_input("can't divide infinity by infinity");
  const View left(a);
  const View right(b);
  auto big = std::make_shared<Big>(View::common_precision(a, b));
  mpfr_div(big->number, left.pointer, right.pointer, MPFR_RNDN);
  return of(std::move(big));
}

Result<Number> Number::remainder(const Number& a, const Number& b) {
  if (a.is_infinite() || b.is_infinite()) {
    return invalid_input("can't use modulo with zero and infinity");
  }
  if (b.sign() == 0) return a;
  if (a.big_ == nullptr && b.big_ == nullptr) {
    return Number(b.integer_ == -1 ? 0 : a.integer_ % b.integer_);
  }
  const View left(a);
  const View right(b);
  auto big = std::make_shared<Big>(View::common_precision(a, b));
  mpfr_div(big->number, left.pointer, right.pointer, MPFR_RNDN);
  mpfr_trunc(big->number, big->number);
  mpfr_mul(big->number, big->number, right.pointer, MPFR_RNDN);
  mpfr_sub(big->number, left.pointer, big->number, MPFR_RNDN);
  return of(std::move(big));
}

Number Number::floor() const {
  if (big_ == nullptr || is_infinite()) return *this;
  auto big = std::make_shared<Big>();
  mpfr_floor(big->number, big_->number);
  return without_sign_of_zero(of(std::move(big)));
}

Number Number::ceil() const {
  if (big_ == nullptr || is_infinite()) return *this;
  auto big = std::make_shared<Big>();
  mpfr_ceil(big->number, big_->number);
  return without_sign_of_zero(of(std::move(big)));
}

Number Number::truncate() const { return sign() < 0 ? ceil() : floor(); }

std::string Number::integer_digits(int base) const {
  FARM_CHECK(base >= 2 && base <= 36);
  if (is_infinite()) return str();
  const View view(*this);
  mpz_t whole;
  mpz_init(whole);
  mpfr_get_z(whole, view.pointer, MPFR_RNDZ);
  std::string digits(mpz_sizeinbase(whole, base) + 2, '\0');
  mpz_get_str(digits.data(), base, whole);
  mpz_clear(whole);
  digits.resize(std::strlen(digits.c_str()));
  return digits;
}

Result<Number> Number::parse_digits(std::string_view digits, int base) {
  if (base < 2 || base > 62) return invalid_input("the base must be between 2 and 62");
  const bool negative = !digits.empty() && digits[0] == '-';
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty()) return invalid_input("there are no digits");
  if (digits.size() > kMaxLiteral) return invalid_input("the number is too large");
  std::string gmp_digits;  // GMP has upper case before lower case in bases past 36
  gmp_digits.reserve(digits.size());
  for (const char c : digits) {
    const int value = digit_value(c, base);
    if (value < 0) return invalid_input(std::string("\"") + c + "\" is no digit of that base");
    if (value < 10) gmp_digits += static_cast<char>('0' + value);
    else if (value < 36) gmp_digits += static_cast<char>('A' + value - 10);
    else gmp_digits += static_cast<char>('a' + value - 36);
  }
  mpz_t whole;
  mpz_init_set_str(whole, gmp_digits.c_str(), base);
  auto big = std::make_shared<Big>();
  mpfr_set_z(big->number, whole, MPFR_RNDN);
  mpz_clear(whole);
  if (negative) mpfr_neg(big->number, big->number, MPFR_RNDN);
  return without_sign_of_zero(of(std::move(big)));
}

std::string Number::pack() const {
  if (big_ == nullptr) return integer_digits(16);
  if (is_infinite()) return sign() < 0 ? "-inf" : "inf";
  if (sign() == 0) return "-0";
  mpfr_exp_t exponent = 0;
  const MpfrText digits(mpfr_get_str(nullptr, &exponent, 16, 0, big_->number, MPFR_RNDN));
  std::string text(digits.text);
  while (text.back() == '0') text.pop_back();
  return text + "@" + std::to_string(exponent);
}

Result<Number> Number::unpack(std::string_view text) {
  if (text == "inf") return infinity();
  if (text == "-inf") return infinity(true);
  if (text == "-0") return -Number(0);
  const size_t at = text.find('@');
  const std::string_view digits = text.substr(0, at);
  if (digits.size() > 140) return corrupt("number has too many digits");
  const auto whole = parse_digits(digits, 16);
  if (!whole) return corrupt("number has bad digits");
  if (at == std::string_view::npos) return *whole;
  long exponent = 0;
  const std::string_view tail = text.substr(at + 1);
  const auto parsed = std::from_chars(tail.data(), tail.data() + tail.size(), exponent);
  if (parsed.ec != std::errc() || parsed.ptr != tail.data() + tail.size() ||
      std::abs(exponent) > kMaxBinaryExponent) {
    return corrupt("number has a bad exponent");
  }
  const bool negative = !digits.empty() && digits[0] == '-';
  const long scale = exponent - static_cast<long>(digits.size() - (negative ? 1 : 0));
  const View view(*whole);
  auto big = std::make_shared<Big>();
  mpfr_mul_2si(big->number, view.pointer, 4 * scale, MPFR_RNDN);
  return of(std::move(big));
}

bool operator==(const Number& a, const Number& b) { return (a <=> b) == 0; }

std::strong_ordering operator<=>(const Number& a, const Number& b) {
  if (a.big_ == nullptr && b.big_ == nullptr) return a.integer_ <=> b.integer_;
  const Number::View left(a);
  const Number::View right(b);
  return mpfr_cmp(left.pointer, right.pointer) <=> 0;
}

}  // namespace farm::value
