// DynamicBody: what expand_dynamic() of body.h makes. The contents of a `dynamic` block may use its
// iterator; whoever keeps such a body as text keeps the iterators beside it.
#pragma once

#include "common/template/hcl2/body.h"

namespace farm::hcl2 {

/// The iterators in force in `body`, by name: objects with `key` and `value`, marks and types as
/// they are. Empty for a body that no `dynamic` block made.
value::Value::Map iterators_of(const Body& body);

}  // namespace farm::hcl2
