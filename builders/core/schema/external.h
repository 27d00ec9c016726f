// Components that are programs of their own (builders/external): their option tables, added to the
// catalog that planning reads. The form is that of the tables in tables/.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/plan/schema.h"

namespace farm::builders {

struct ExternalComponent {
  plan::ComponentKind kind = plan::ComponentKind::Builder;
  std::string name;
  /// Kinds of things it makes at a provider and can remove again when their build was killed.
  std::vector<std::string> resources;
};

/// Reads a description, JSON {"protocol": 1, "components": [table...]}, without adding anything.
/// InvalidInput says what is wrong with it: a name farm itself has, an unknown type, too much of
/// it.
Result<std::vector<ExternalComponent>> read_external_components(const std::string& description);

/// Adds what read_external_components() finds to component_catalog(). A component that is there
/// already stays as it is. Not thread-safe: at the start of a program.
Result<std::vector<ExternalComponent>> add_external_components(const std::string& description);

/// The descriptions added so far; for agents, which announce them.
const std::vector<std::string>& external_descriptions();

}  // namespace farm::builders
