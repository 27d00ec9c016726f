// PlaceReader: where at its provider a job's machine goes, read from the options of its builder, so
// that nodes, datastores and credentials can be limited and an open node chosen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

/// Nothing for builders without nodes. What is known late stays empty, and its node is not open.
JobPlace read_place(const plan::JobSpec& spec);

/// A name that the template calls sensitive, as tokens and answers have it: part of its digest.
std::string hidden_name(std::string_view name);
/// Hides what is listed in `sensitive`.
void hide_sensitive(JobPlace& place, const std::vector<std::string>& sensitive);

}  // namespace farm::coordinator
