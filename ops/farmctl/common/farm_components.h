// External components that agents of the farm have and this machine does not: their option tables,
// as the coordinator told them to the last `submit`, so that `validate` knows them too.
#pragma once

#include <string>

#include "common/base/environment.h"

namespace farm::farmctl {

/// Adds what is remembered to the catalog. What is damaged or refused is left out.
void add_farm_components(const Environment& environment);

/// Takes the coordinator's answer to the query "components", remembers it and adds it to the
/// catalog. True when the catalog has something that it did not have.
bool learn_farm_components(const Environment& environment, const std::string& answer);

}  // namespace farm::farmctl
