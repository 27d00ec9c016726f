// `override` of a provisioner: options that replace its own for one source.
#pragma once

#include <string>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/plan/schema.h"
#include "common/value/value.h"

namespace farm::plan {

/// `config` with the options of `overrides[source_name]` in place of its own, converted to their
/// types. Unknown options and wrong types are reported at `place`.
value::Value apply_override(const value::Value& config, const value::Value& overrides,
                            const std::string& source_name, const ComponentSchema& schema,
                            const SourceRange& place, Diagnostics& diagnostics);

}  // namespace farm::plan
