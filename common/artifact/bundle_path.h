// The rule for paths inside a bundle: relative, no way out of the directory it is unpacked to.
// Checked where a bundle is accepted and again where it is unpacked.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace farm::artifact {

/// InvalidInput: empty, absolute, longer than 4096 bytes, with an empty, "." or ".." component or a
/// NUL byte.
Result<void> check_bundle_path(std::string_view path);

}  // namespace farm::artifact
