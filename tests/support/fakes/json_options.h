// Options of a component as JSON text, for tests of their decoding.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>

#include "common/value/value.h"

namespace farm::testing {

inline value::Value value_of(const nlohmann::json& json) {
  using value::Value;
  if (json.is_null()) return Value::null();
  if (json.is_boolean()) return Value::boolean(json.get<bool>());
  if (json.is_number_integer()) return Value::number(value::Number(json.get<int64_t>()));
  if (json.is_string()) return Value::string(json.get<std::string>());
  if (json.is_array()) {
    Value::List list;
    for (const auto& one : json) list.push_back(value_of(one));
    return Value::tuple(std::move(list));
  }
  Value::Map map;
  for (const auto& [key, one] : json.items()) map[key] = value_of(one);
  return Value::object(std::move(map));
}

/// `more` wins over `base`; null takes an option out.
inline value::Value options(const std::string& base, const std::string& more = "{}") {
  nlohmann::json json = nlohmann::json::parse(base);
  json.merge_patch(nlohmann::json::parse(more));
  return value_of(json);
}

}  // namespace farm::testing
