// Rules between and about a component's options: required, one of, exclusive, enumerations,
// deprecated. Checked on the decoded config; values that are not known yet are left alone.
#pragma once

#include <functional>
#include <optional>

#include "common/plan/body_decode.h"

namespace farm::plan {

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string&)>;

/// `block` names the component for messages: `source "qemu" "base"`.
void check_options(const DecodedBody& decoded, const std::vector<Option>& options,
                   const std::string& block, const EnvironmentLookup& environment,
                   Diagnostics& diagnostics);

}  // namespace farm::plan
