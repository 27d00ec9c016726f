// Surveyor: looks at a provider with the credential of the agent's own configuration: how loaded its
// nodes are, and what there bears the mark of a build. A platform registers one per provider; the
// agent calls it in a process of its own, now and then for the load, on demand for the marks.
#pragma once

#include <functional>
#include <string>

#include "builders/core/ui.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::builders {

enum class SurveyDepth { Load, Marks };  // Marks: in addition everything that is marked

struct SurveyContext {
  Ui& ui;
  Clock& clock;
  Random& random;
  const Environment& environment;
  const CancelToken& cancel;
  SurveyDepth depth = SurveyDepth::Load;
};

struct Surveyor {
  std::string provider;  // as wire::ProviderView names it
  /// A builder of the provider: its reapers find their credential in the environment when the
  /// configuration is empty.
  std::string builder;
  /// Whether the environment has a credential; nothing is sent.
  std::function<bool(const Environment&)> configured;
  std::function<Result<wire::ProviderView>(SurveyContext&)> look;
};

}  // namespace farm::builders
