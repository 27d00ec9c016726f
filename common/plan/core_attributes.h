// The attributes of provisioners and post-processors that the core handles itself: name, only,
// except, pause_before, timeout, max_retries, continue_on_error, override, keep_input_artifact.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/template/hcl2/body.h"

namespace farm::plan {

struct CoreAttributes {
  std::string name;
  std::vector<std::string> only;
  std::vector<std::string> except;
  Duration pause_before{0};
  Duration timeout{0};
  int max_retries = 0;
  bool continue_on_error = false;
  std::optional<bool> keep_input_artifact;
  value::Value override_options;  // object: source name -> object of options; null: none
  std::vector<hcl2::Traversal> references;  // of override, which a late body evaluates again

  /// Whether the component is for `source` ("TYPE.NAME").
  bool runs_on(const std::string& source) const;
};

enum class CoreKind { Provisioner, PostProcessor };

/// Reads the core's attributes; `rest` receives the body without them.
CoreAttributes read_core_attributes(const hcl2::Body& body, CoreKind kind,
                                    const hcl2::EvalContext& context, hcl2::BodyPtr& rest,
                                    Diagnostics& diagnostics);

}  // namespace farm::plan
