// The legacy JSON half of loading.
#pragma once

#include "common/template/source/discovery.h"
#include "common/template/source/loader.h"

namespace farm::templates {

void load_legacy(const TemplateFiles& files, const LoadOptions& options, const LoadWorld& world,
                 Template& made, Diagnostics& diagnostics);

}  // namespace farm::templates
