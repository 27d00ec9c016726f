// The order of a set's elements when they are no primitives: cty sorts them by a text of their
// contents, and what iterates over such a set must see the same order.
#pragma once

#include <string>

#include "common/value/value.h"

namespace farm::value {

/// The text by which `v` is ordered among the elements of a set.
std::string set_order_key(const Value& v);

}  // namespace farm::value
