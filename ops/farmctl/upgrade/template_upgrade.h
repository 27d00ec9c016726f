// TemplateUpgrade: a legacy JSON template written as HCL2 that validates and plans the same:
// variables, locals for what HCL2 does not allow in a default, one source per builder, one build.
#pragma once

#include <string>
#include <vector>

#include "common/plan/schema.h"
#include "common/template/template.h"

namespace farm::farmctl {

struct UpgradeOptions {
  bool annotations = false;  // a comment above each kind of block
};

struct UpgradedTemplate {
  std::string text;
  std::vector<std::string> unhandled;  // what stayed as it was, for the user to look at
};

/// `made` must be a loaded legacy template (variables may be unset).
UpgradedTemplate upgrade_template(const templates::Template& made,
                                  const plan::ComponentCatalog& catalog, Random& random,
                                  const UpgradeOptions& options);

}  // namespace farm::farmctl
