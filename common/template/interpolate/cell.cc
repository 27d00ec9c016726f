#include "common/template/interpolate/cell.h"

#include <array>
#include <charconv>
#include <cmath>

namespace farm::interpolate {

Cell Cell::list(List elements) {
  Cell cell;
  cell.value_ = std::make_shared<const List>(std::move(elements));
  return cell;
}

Cell Cell::map(Map entries) {
  Cell cell;
  cell.value_ = std::make_shared<const Map>(std::move(entries));
  return cell;
}

Cell Cell::from(const value::Value& value) {
  if (!value.is_known() || value.is_null()) return {};
  switch (value.type().kind()) {
    case value::Kind::Bool:
      return value.as_bool();
    case value::Kind::String:
      return value.as_string();
    case value::Kind::Number: {
      const std::optional<int64_t> integer = value.as_number().to_int64();
      if (integer) return *integer;
      return value.as_number().to_double();
    }
    case value::Kind::List:
    case value::Kind::Set:
    case value::Kind::Tuple: {
      List elements;
      for (const value::Value& element : value.elements()) elements.push_back(from(element));
      return list(std::move(elements));
    }
    case value::Kind::Map:
    case value::Kind::Object: {
      Map entries;
      for (const auto& [key, element] : value.entries()) entries.emplace(key, from(element));
      return map(std::move(entries));
    }
    case value::Kind::Dynamic:
      break;
  }
  return {};
}

const Cell::List* Cell::elements() const {
  const auto* shared = std::get_if<std::shared_ptr<const List>>(&value_);
  return shared == nullptr ? nullptr : shared->get();
}

const Cell::Map* Cell::entries() const {
  const auto* shared = std::get_if<std::shared_ptr<const Map>>(&value_);
  return shared == nullptr ? nullptr : shared->get();
}

const char* Cell::type_name() const {
  constexpr std::array<const char*, 7> kNames = {
      "<nil>", "bool", "int", "float64", "string", "[]interface {}", "map[string]interface {}"};
  return kNames[value_.index()];
}

bool Cell::truth() const {
  if (const bool* b = boolean()) return *b;
  if (const int64_t* i = integer()) return *i != 0;
  if (const double* d = real()) return *d != 0;
  if (const std::string* s = string()) return !s->empty();
  if (const List* list = elements()) return !list->empty();
  if (const Map* map = entries()) return !map->empty();
  return false;
}

std::string Cell::str() const {
  if (const bool* b = boolean()) return *b ? "true" : "false";
  if (const int64_t* i = integer()) return std::to_string(*i);
  if (const double* d = real()) return format_real(*d, 'g', -1);
  if (const std::string* s = string()) return *s;
  std::string text;
  if (const List* list = elements()) {
    for (const Cell& element : *list) text += (text.empty() ? "[" : " ") + element.str();
    return (text.empty() ? "[" : text) + "]";
  }
  if (const Map* map = entries()) {
    text = "map[";
    for (const auto& [key, element] : *map) {
      text += (text.size() == 4 ? "" : " ") + key + ":" + element.str();
    }
    return text + "]";
  }
  return "<nil>";
}

std::string format_real(double number, char verb, int precision) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
  // 309 digits before the point, the largest precision that printf lets through behind it.
  std::array<char, 1600> buffer{};
  char* end = buffer.data() + buffer.size();
  const auto text = [&](std::to_chars_result result) {
    return std::string(buffer.data(), result.ptr);
  };
  if (verb == 'e' || verb == 'f') {
    const auto format = verb == 'e' ? std::chars_format::scientific : std::chars_format::fixed;
    return text(precision < 0 ? std::to_chars(buffer.data(), end, number, format)
                              : std::to_chars(buffer.data(), end, number, format, precision));
  }
  if (precision >= 0) {
    return text(std::to_chars(buffer.data(), end, number, std::chars_format::general, precision));
  }
  const std::string scientific =
      text(std::to_chars(buffer.data(), end, number, std::chars_format::scientific));
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  // Where Go's shortest %g turns to exponents.
  if (exponent < -4 || exponent >= 6) return scientific;
  return text(std::to_chars(buffer.data(), end, number, std::chars_format::fixed));
}

}  // namespace farm::interpolate
