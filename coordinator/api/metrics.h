// Metrics: the farm's state as Prometheus reads it (text format 0.0.4). Few labels, no ids.
#pragma once

#include <string>

#include "coordinator/api/query.h"

namespace farm::coordinator {

std::string metrics(const Farm& farm);

}  // namespace farm::coordinator
