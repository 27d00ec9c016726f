// Build: one submission: who sent what, its jobs in template order, and how they are to be run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/wire/message.h"

namespace farm::coordinator {

struct Build {
  BuildId id;
  RequestId request;
  uint64_t sequence = 0;  // order of submission
  std::string template_name;
  std::string submitter;
  std::vector<JobId> jobs;
  wire::RunOptions options;
  std::vector<std::string> sensitive;
  std::string bundle;     // digest of the bundle manifest, hex; empty: in place
  uint32_t parallel = 0;  // at most so many of its jobs at once; 0: no limit
  WallTime submitted;
  WallTime ended;  // 0: not yet
};

}  // namespace farm::coordinator
