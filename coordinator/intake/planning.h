// Planning: the coordinator's own plan of a submission, made from the bundle and the record of what
// farmctl read. Takes its time elsewhere; the outcome comes back as a message.
#pragma once

#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/plan/plan_record.h"
#include "common/wire/message.h"

namespace farm::coordinator {

struct PlanOrder {
  RequestId request;
  std::string record;  // encode_plan_record()
  std::vector<wire::BundleFile> bundle;
};

struct PlanOutcome {
  RequestId request;
  Result<plan::PlanReply> reply;  // a reply here has no error in it
};

class Planning {
 public:
  virtual ~Planning() = default;
  /// Never blocks. False: too much is being planned already.
  virtual bool start(PlanOrder order) = 0;
};

}  // namespace farm::coordinator
