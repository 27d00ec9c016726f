// Queries: questions about the farm answered as JSON documents. Field names are a contract: fields
// are only added. Times RFC 3339 UTC with milliseconds, durations in seconds, sizes in bytes.
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/result.h"
#include "coordinator/core/state.h"

namespace farm::coordinator {

/// What a question may look at.
struct Farm {
  const State& state;
  Now now;
  std::string version;
  const Error* trouble = nullptr;  // the store cannot be written at present
  size_t damaged = 0;              // records that could not be read at start
  const std::set<std::string>* damaged_files = nullptr;  // SHA-256 of files whose bytes are bad
};

using Arguments = std::map<std::string, std::string>;

/// `what`: "builds" (limit), "build" (build), "job" (job), "agents", "artifacts" (build),
/// "manifest" (build), "why" (job), "resources", "version". NotFound: no such build or job;
/// InvalidInput: unknown question, or an argument is missing or fits several.
Result<std::string> answer(const Farm& farm, const std::string& what, const Arguments& arguments);

/// A build by id, unique prefix of one, or "@last" of `submitter`.
Result<const Build*> find_build(const State& state, const std::string& text,
                                const std::string& submitter);
/// A job by id, unique prefix, or BUILD/NAME.
Result<const Job*> find_job(const State& state, const std::string& text,
                            const std::string& submitter);

/// JSON of one job's present state for BuildEvent.detail.
std::string job_detail(const State& state, const Job& job);
/// "running", "succeeded", "failed", "cancelled".
std::string build_state(const State& state, const Build& build);
/// RFC 3339 in UTC with milliseconds.
std::string time_text(WallTime time);

}  // namespace farm::coordinator
