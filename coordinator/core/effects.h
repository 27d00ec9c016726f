// Effects: what step() and settle() ask for: records to make durable and, only after that, messages
// to send (the outbox rule). Records are named, not copied: they are encoded once per round.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/ledger/resource_table.h"
#include "coordinator/queue/job_state.h"

namespace farm::coordinator {

struct SendToAgent {
  AgentId agent;
  wire::Message message;
};
struct JobMoved {
  BuildId build;
  JobId job;
  JobState from;
  JobState to;
};
/// For the program's own log: a fixed sentence and what it is about.
struct Note {
  std::string text;
  std::string subject;
};

struct Effects {
  std::vector<SendToAgent> sends;
  std::vector<wire::Message> replies;  // to whoever caused the event
  std::vector<JobMoved> moves;
  std::vector<Note> notes;
  std::optional<Error> refusal;  // the event itself was not possible

  // Records that changed.
  std::set<BuildId> new_builds;  // with the specs of their jobs
  std::set<BuildId> builds;
  std::set<JobId> jobs;
  std::set<AgentId> agents;
  std::set<ResourceKey> resources;

  void merge(Effects&& other);
  bool changes_records() const {
    return !new_builds.empty() || !builds.empty() || !jobs.empty() || !agents.empty() ||
           !resources.empty();
  }
};

}  // namespace farm::coordinator
