// Intake: from a Submit message to the event the core applies: everything a submitter sent is
// checked here, so that the core sees only what can be run. Ids are made here as well.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/artifact/bundle_manifest.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/core/event.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

/// What an agent must offer to run the job whose encoded spec this is; labels are not in a spec.
/// InvalidInput: it cannot be read.
using SpecReader = std::function<Result<JobNeeds>(std::string_view spec)>;

/// Reads specs as common/plan encodes them.
SpecReader plan_spec_reader();

/// The files of the bundle as its manifest lists them.
std::vector<artifact::BundleEntry> bundle_entries(const wire::Submit& submit);

/// The bundle's list alone: InvalidInput names a path that is none; Denied: too much of it.
Result<void> check_files(const wire::Submit& submit);

/// InvalidInput names what is wrong and with which job or file. `submitter` is who is known to have
/// sent it; what the message claims is not looked at. `bundle` stays empty here.
Result<Submitted> take_in(const wire::Submit& submit, const std::string& submitter,
                          const SpecReader& read, Random& random);

}  // namespace farm::coordinator
