// Numeric functions: abs ceil floor log pow max min signum parseint sum range.

#include "common/template/functions/registration.h"

#include <cmath>

#include <fmt/format.h>

namespace farm::functions {
namespace {

constexpr size_t kRangeLimit = 1024;

Outcome from_float(double number) {
  if (std::isnan(number)) return fail("the result is not a number");
  if (std::isinf(number)) return Value::number(Number::infinity(number < 0));
  return Value::number(Number::from_double(number));
}

Outcome logarithm(Arguments arguments, CallContext&) {
  return from_float(std::log(arguments[0].as_number().to_double()) /
                    std::log(arguments[1].as_number().to_double()));
}

// Whole powers by squaring a fraction and its exponent of two: the roundings, and with them the last
// digit of what users see, are those of the reference, which the C library's better pow() lacks.
double whole_power(double base, double exponent) {
  constexpr int kFarBeyondRange = 1 << 12;
  int scale = 0;
  double square = std::frexp(base, &scale);
  double result = 1;
  int result_scale = 0;
  for (auto bits = static_cast<int64_t>(std::abs(exponent)); bits != 0; bits >>= 1) {
    if (std::abs(scale) > kFarBeyondRange) {
      result_scale += scale;
      break;
    }
    if ((bits & 1) != 0) {
      result *= square;
      result_scale += scale;
    }
    square *= square;
    scale *= 2;
    if (square < 0.5) {
      square += square;
      --scale;
    }
  }
  return exponent < 0 ? std::ldexp(1 / result, -result_scale) : std::ldexp(result, result_scale);
}

Outcome power(Arguments arguments, CallContext&) {
  const double base = arguments[0].as_number().to_double();
  const double exponent = arguments[1].as_number().to_double();
  const bool whole = std::isfinite(base) && base != 0 && exponent == std::trunc(exponent) &&
                     std::abs(exponent) < 9e18;
  return from_float(whole ? whole_power(base, exponent) : std::pow(base, exponent));
}

template <bool kLargest>
Outcome extreme(Arguments arguments, CallContext&) {
  if (arguments.empty()) return fail("must pass at least one number");
  Number best = arguments[0].as_number();
  for (const Value& argument : arguments.subspan(1)) {
    const Number& number = argument.as_number();
    if (kLargest ? number > best : number < best) best = number;
  }
  return Value::number(best);
}

Outcome signum(Arguments arguments, CallContext&) {
  const std::optional<int64_t> number = whole_number(arguments[0]);
  if (!number) return fail(kWholeNumberMessage);
  return Value::number(int64_t{*number > 0} - int64_t{*number < 0});
}

Outcome parse_integer(Arguments arguments, CallContext&) {
  if (arguments[0].type().kind() != value::Kind::String) {
    return fail_argument(
        0, fmt::format("first argument must be a string, not {}", arguments[0].type().friendly()));
  }
  const std::optional<int64_t> base = whole_number(arguments[1]);
  if (!base || *base < 2 || *base > 62) {
    return fail_argument(1, "base must be a whole number between 2 and 62 inclusive");
  }
  const std::string& digits = arguments[0].as_string();
  Result<Number> number = Number::parse_digits(digits, static_cast<int>(*base));
  if (!number) {
    return fail_argument(
        0, fmt::format("cannot parse {} as a base {} integer", quoted(digits), *base));
  }
  return Value::number(std::move(number).value());
}

Outcome sum(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (!is_elements(type) && !is_mapping(type)) return fail_argument(0, "cannot sum noniterable");
  if (arguments[0].size() == 0) return fail_argument(0, "cannot sum an empty list");
  if (!is_elements(type)) {
    return fail_argument(
        0, fmt::format("argument must be list, set, or tuple. Received {}", type.friendly()));
  }
  Number total;
  for (const Value& element : arguments[0].elements()) {
    Result<Value> number = value::convert(element, Type::number());
    if (!number || number->is_null()) {
      return fail_argument(0, "argument must be list, set, or tuple of number values");
    }
    const Number& term = number->as_number();
    if (total.is_infinite() && term.is_infinite() && total.sign() != term.sign()) {
      return fail("can't compute sum of opposing infinities");
    }
    total = total + term;
  }
  return Value::number(total);
}

Outcome range(Arguments arguments, CallContext&) {
  if (arguments.empty() || arguments.size() > 3) {
    return fail("must have one, two, or three arguments");
  }
  const bool has_start = arguments.size() > 1;
  const Number start = has_start ? arguments[0].as_number() : Number(0);
  const Number end = arguments[has_start ? 1 : 0].as_number();
  const Number step =
      arguments.size() == 3 ? arguments[2].as_number() : Number(end < start ? -1 : 1);
  const bool down = step.sign() < 0;
  if (step.sign() > 0 && end < start) {
    return fail_argument(1, "end must be greater than start when step is positive");
  }
  if (down && end > start) {
    return fail_argument(1, "end must be less than start when step is negative");
  }
  Value::List numbers;
  for (Number at = start; down ? at > end : at < end; at = at + step) {
    if (numbers.size() >= kRangeLimit) {
      return fail(
          "more than 1024 values were generated; either decrease the difference between start "
          "and end or use a smaller step");
    }
    numbers.push_back(Value::number(at));
  }
  return Value::list(Type::number(), std::move(numbers));
}

}  // namespace

void add_numeric_functions(Table& table) {
  const Type number = Type::number();
  define(table, {"abs", {number_parameter("num")}, {}, number, "Absolute value."},
         [](Arguments arguments, CallContext&) -> Outcome {
           const Number& n = arguments[0].as_number();
           return Value::number(n.sign() < 0 ? -n : n + Number(0));
         });
  define(table, {"ceil", {number_parameter("num")}, {}, number, "Rounds up to a whole number."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::number(arguments[0].as_number().ceil());
         });
  define(table, {"floor", {number_parameter("num")}, {}, number, "Rounds down to a whole number."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::number(arguments[0].as_number().floor());
         });
  define(table,
         {"log",
          {number_parameter("num"), number_parameter("base")},
          {},
          number,
          "Logarithm of a number in a base."},
         logarithm);
  define(table,
         {"pow",
          {number_parameter("num"), number_parameter("power")},
          {},
          number,
          "A number raised to a power."},
         power);
  define(table, {"max", {}, number_parameter("numbers"), number, "The largest of the numbers."},
         extreme<true>);
  define(table, {"min", {}, number_parameter("numbers"), number, "The smallest of the numbers."},
         extreme<false>);
  define(table, {"signum", {number_parameter("num")}, {}, number, "Sign: -1, 0 or 1."}, signum);
  define(table,
         {"parseint",
          {any_parameter("number"), number_parameter("base")},
          {},
          number,
          "Integer from its digits in a base from 2 to 62."},
         parse_integer);
  define(table, {"sum", {any_parameter("list")}, {}, number, "Sum of the elements."}, sum);
  define(table,
         {"range",
          {},
          number_parameter("params"),
          Type::list(number),
          "List of numbers from start (0) to before end by step."},
         range);
}

}  // namespace farm::functions
