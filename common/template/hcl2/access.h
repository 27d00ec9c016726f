// Attributes and elements of values: what `.name`, `[key]` and a traversal do, with the words for
// what is missing. Shared by references, splats and HCL JSON.
#pragma once

#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

value::Value get_attribute(const value::Value& v, const std::string& name,
                           const SourceRange& range, Diagnostics& diagnostics);
value::Value get_element(const value::Value& v, const value::Value& key, const SourceRange& range,
                         Diagnostics& diagnostics);
/// All steps one after the other; unknown after an error.
value::Value follow(const value::Value& v, const std::vector<TraversalStep>& steps,
                    Diagnostics& diagnostics);

}  // namespace farm::hcl2
