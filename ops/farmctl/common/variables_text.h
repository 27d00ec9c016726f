// VariablesText: variables and locals with their values, as `inspect` and the console list them.
#pragma once

#include <string>

#include "common/template/template.h"

namespace farm::farmctl {

/// HCL2: "> input-variables:" and "> local-variables:" with a line each; sensitive values hidden.
std::string variables_text(const templates::Template& made);

}  // namespace farm::farmctl
