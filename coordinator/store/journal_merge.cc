#include "coordinator/store/journal_merge.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

#include "common/io/fd.h"
#include "common/io/files.h"
#include "coordinator/core/state.h"
#include "coordinator/store/journal_store.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/record.h"

namespace farm::coordinator {
namespace {

constexpr std::string_view kSuffix = ".journal";

/// Jobs of a killed run end as failed; nobody will go on with them.
void end_unfinished(State& state, WallTime now, Batch& batch) {
  std::vector<JobId> open;
  for (const auto& [id, job] : state.queue.jobs()) {
    if (!is_terminal(job.state)) open.push_back(id);
  }
  for (const JobId& id : open) {
    Job& job = *state.queue.job(id);
    const Error error = unavailable("the run was ended before the job");
    if (Attempt* attempt = job.current()) {
      attempt->end = AttemptEnd::AgentLost;
      attempt->ended = now;
      attempt->error = error;
    }
    if (!job.error) job.error = error;
    job.ended = now;
    state.queue.set_state(job, JobState::Failed);
    state.queue.build(job.build)->ended = now;
    batch.puts.push_back({keys::job(id), encode_job_record(job)});
    const Build& build = *state.queue.build(job.build);
    batch.puts.push_back({keys::build(build.id), encode_build_record(build)});
  }
}

}  // namespace

Result<bool> journal_is_live(const std::string& journal) {
  const io::Fd file = TRY(io::open_file(journal, O_RDONLY));
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return system_error("flock " + journal, errno);
}

Result<void> merge_journal(const std::string& journal, Store& store, WallTime now) {
  const bool live = TRY(journal_is_live(journal));
  if (live) return conflict("the run of " + journal + " is still alive");
  MemoryStore records;
  Batch batch;
  const auto collect = [&](Batch piece) -> Result<void> {
    TRY(records.apply(piece));
    for (Batch::LogAppend& log : piece.logs) batch.logs.push_back(std::move(log));
    return {};
  };
  TRY(replay_journal(journal, collect));
  const std::string log_table = keys::prefix(keys::Table::LogChunk);
  for (const auto& [key, value] : records.records()) {
    if (key.compare(0, log_table.size(), log_table) != 0) batch.puts.push_back({key, value});
  }
  State state;
  TRY(load_state(records, state));
  end_unfinished(state, now, batch);
  return store.apply(batch);
}

Result<size_t> merge_journals(const std::string& directory, Store& store, WallTime now,
                              std::vector<std::string>& problems) {
  if (!io::is_directory(directory)) return size_t{0};
  const std::vector<std::string> files = TRY(io::list_files(directory));
  size_t merged = 0;
  for (const std::string& file : files) {
    if (!file.ends_with(kSuffix)) continue;
    const Result<void> done = merge_journal(file, store, now);
    if (done) {
      TRY(io::remove_file(file));
      ++merged;
    } else if (done.error().code == ErrorCode::Unavailable) {
      return done.error();
    } else if (done.error().code != ErrorCode::Conflict) {
      problems.push_back(file + ": " + done.error().message);
    }
  }
  return merged;
}

}  // namespace farm::coordinator
