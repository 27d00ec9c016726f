// Features: what one side of a session understands beyond protocol 1.0, as flags in Hello and Welcome.
// Nobody sends what the other has not said to understand.
#pragma once

#include <cstdint>

namespace farm::wire::features {

/// SurveyOrder at an agent, Survey at a coordinator.
inline constexpr uint64_t kSurveys = 1;

}  // namespace farm::wire::features
