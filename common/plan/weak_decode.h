// Decoding the options of a legacy JSON component: by the same tables as HCL2, but weakly typed:
// numbers, strings and bools turn into each other, a lone text becomes a list, a lone object a
// list of blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/plan/body_decode.h"

namespace farm::plan {

struct WeakContext {
  /// Renders {{ }} where a typed value must be known now (numbers, bools, lists from a text).
  std::function<Result<std::string>(const std::string&)> render;
  /// The place of an option by its path.
  std::function<SourceRange(const std::vector<std::string>& path)> place;
};

/// Unknown keys: `unknown configuration key: '"x"'` with did-you-mean; packer_* are left out.
DecodedBody decode_weak(const value::Value& raw, const std::vector<Option>& options,
                        const WeakContext& context, Diagnostics& diagnostics);

}  // namespace farm::plan
