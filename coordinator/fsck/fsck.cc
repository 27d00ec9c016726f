#include "coordinator/fsck/fsck.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/audit/entry.h"
#include "common/io/digests.h"
#include "coordinator/artifacts/file_index.h"
#include "coordinator/core/state.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/record.h"

namespace farm::coordinator {
namespace {

using Weight = Finding::Weight;

class Check {
 public:
  Check(Store& store, ChunkStore* chunks, const FsckOptions& options)
      : store_(store), chunks_(chunks), options_(options) {}

  Result<FsckReport> run() {
    say("records");
    const std::vector<Damage> damage = TRY(load_state(store_, state_));
    for (const Damage& record : damage) error("record", "key " + record.key_hex, record.reason);
    say("files");
    TRY(files());
    say("builds and jobs");
    for (const auto& [id, build] : state_.queue.builds()) check_build(build);
    for (const auto& [id, job] : state_.queue.jobs()) check_job(job);
    check_resources();
    say("logs");
    TRY(logs());
    say("audit log");
    TRY(audit());
    return std::move(report_);
  }

 private:
  void say(const char* what) const {
    if (options_.progress) options_.progress(what);
  }
  void error(const char* invariant, std::string subject, std::string text) {
    report_.findings.push_back(
        {Weight::Error, invariant, std::move(subject), std::move(text)});
  }
  void warning(const char* invariant, std::string subject, std::string text) {
    report_.findings.push_back(
        {Weight::Warning, invariant, std::move(subject), std::move(text)});
  }

  void check_build(const Build& build) {
    ++report_.builds;
    bool all_ended = true;
    for (const JobId& id : build.jobs) {
      const Job* job = state_.queue.job(id);
      if (job == nullptr) {
        error("I2", "build " + build.id.str(), "its job " + id.str() + " is missing");
        continue;
      }
      if (job->build != build.id) {
        error("I2", "job " + id.str(), "two builds claim it");
      }
      all_ended &= is_terminal(job->state);
    }
    if (all_ended != (build.ended.nanos != 0)) {
      error("I2", "build " + build.id.str(),
            all_ended ? "every job has ended, the build has not" : "it ended before its jobs did");
    }
  }

  void check_job(const Job& job) {
    ++report_.jobs;
    report_.attempts += job.attempts.size();
    const std::string subject = "job " + job.id.str();
    const Build* build = state_.queue.build(job.build);
    if (build != nullptr &&
        std::find(build->jobs.begin(), build->jobs.end(), job.id) == build->jobs.end()) {
      error("I2", subject, "its build does not list it");
    }
    check_attempts(job, subject);
    if (job.state == JobState::Succeeded) check_artifacts(job, subject);
  }

  void check_attempts(const Job& job, const std::string& subject) {
    size_t committed = 0;
    size_t open = 0;
    Epoch last;
    for (const Attempt& attempt : job.attempts) {
      if (!(last < attempt.epoch)) error("I7", subject, "epochs do not grow");
      if (attempt.epoch.incarnation > options_.incarnation) {
        error("I7", subject, "an epoch is later than the store's incarnation");
      }
      last = attempt.epoch;
      if (attempt.end == AttemptEnd::Succeeded) ++committed;
      if (attempt.end == AttemptEnd::Open) ++open;
    }
    if (job.epoch < last) error("I7", subject, "the job's epoch is older than its last attempt");
    const bool succeeded = job.state == JobState::Succeeded;
    if (committed > 1) error("I1", subject, "more than one attempt was committed");
    if (succeeded && (job.attempts.empty() || committed != 1 ||
                      job.attempts.back().end != AttemptEnd::Succeeded)) {
      error("I1", subject, "it succeeded without a committed last attempt");
    }
    if (!succeeded && committed != 0 && is_terminal(job.state)) {
      error("I1", subject, "an attempt was committed, the job did not succeed");
    }
    if (open > 1) error("I8", subject, "more than one attempt is open");
    if (open != 0 && is_terminal(job.state)) {
      error("I8", subject, "it has ended, an attempt has not");
    }
    if (open == 0 && is_leased(job.state)) error("I8", subject, "it is leased, to nobody");
  }

  void check_artifacts(const Job& job, const std::string& subject) {
    if (chunks_ == nullptr) return;
    for (const wire::ArtifactRecord& artifact : job.artifacts) {
      for (const wire::FileRecord& file : artifact.files) {
        if (!file.stored) continue;
        const auto known = sizes_.find(file.sha256);
        if (known == sizes_.end()) {
          error("I4", subject, "its file " + file.path + " is not stored");
        } else if (known->second != file.size) {
          error("I4", subject, "its file " + file.path + " is stored with another size");
        }
      }
    }
  }

  void check_resources() {
    for (const auto& [key, resource] : state_.resources.open()) {
      ++report_.resources;
      const std::string subject =
          resource.event.resource_kind + " " +
          (resource.event.id.empty() ? resource.event.name : resource.event.id);
      const Job* job = state_.queue.job(key.job);
      if (job == nullptr) {
        warning("I5", subject, "its job " + key.job.str() + " is not known");
      } else if (const Attempt* attempt = job->current();
                 attempt == nullptr || attempt->epoch != key.epoch) {
        warning("I5", subject, "the attempt that announced it has ended (job " + key.job.str() +
                                   "); see: farmctl leaks");
      }
    }
  }

  Result<void> files() {
    return store_.scan(
        keys::prefix(keys::Table::File),
        [&](std::string_view key, std::string_view value) -> Result<void> {
          const std::string sha256(key.substr(keys::prefix(keys::Table::File).size()));
          Result<StoredFile> file = decode_file_record(value);
          if (!file) {
            error("record", "file " + sha256, file.error().message);
            return {};
          }
          ++report_.files;
          report_.file_bytes += file->size;
          sizes_[sha256] = file->size;
          if (chunks_ == nullptr) return {};
          return check_file(sha256, *file);
        });
  }

  Result<void> check_file(const std::string& sha256, const StoredFile& file) {
    const std::string subject = "file " + sha256;
    io::Digest whole(io::DigestKind::Sha256);
    if (file.chunk_count() == 0) {
      if (file.inline_bytes.size() != file.size) error("I3", subject, "its bytes are cut short");
      whole.update(file.inline_bytes);
      if (whole.finish_hex() != sha256) error("I3", subject, "its bytes do not match its name");
      return {};
    }
    uint64_t left = file.size;
    for (size_t i = 0; i < file.chunk_count(); ++i) {
      const uint64_t size = std::min<uint64_t>(left, file.chunk_size);
      left -= size;
      const std::string digest(file.chunk(i));
      const std::string where = "chunk " + std::to_string(i + 1) + " of " +
                                std::to_string(file.chunk_count());
      if (digest == zero_digest(size)) {
        if (options_.deep) whole.update(std::string(size, '\0'));
        continue;
      }
      if (!options_.deep) {
        const bool there = TRY(chunks_->has(digest));
        if (!there) error("I3", subject, where + " is missing");
        continue;
      }
      ++report_.chunks_read;
      Result<std::string> bytes = chunks_->get(digest);
      if (!bytes) {
        error("I3", subject, where + ": " + bytes.error().message);
        return {};
      }
      whole.update(*bytes);
    }
    if (left != 0) error("I3", subject, "its chunks are fewer than its size");
    if (options_.deep && whole.finish_hex() != sha256) {
      error("I3", subject, "the whole does not hash to its name");
    }
    return {};
  }

  Result<void> logs() {
    std::map<std::string, uint64_t> lengths;  // log prefix -> bytes seen
    std::set<std::string> broken;
    const size_t piece_tail = 8;
    TRY(store_.scan(keys::prefix(keys::Table::LogChunk),
                    [&](std::string_view key, std::string_view value) -> Result<void> {
                      const Result<uint64_t> offset = keys::log_offset(key);
                      if (!offset) {
                        error("I9", "a log", offset.error().message);
                        return {};
                      }
                      const std::string log(key.substr(0, key.size() - piece_tail));
                      uint64_t& length = lengths[log];
                      if (*offset != length) broken.insert(log);
                      length = *offset + value.size();
                      report_.log_bytes += value.size();
                      return {};
                    }));
    for (const auto& [id, job] : state_.queue.jobs()) {
      for (const Attempt& attempt : job.attempts) {
        const std::string prefix = keys::log_prefix({id, attempt.epoch});
        if (broken.count(prefix) != 0) {
          error("I9", "job " + id.str(),
                "the log of attempt " + std::to_string(attempt.number) + " has a gap");
        }
        lengths.erase(prefix);
      }
    }
    if (!lengths.empty()) {
      warning("I9", std::to_string(lengths.size()) + " logs", "they belong to no known attempt");
    }
    return {};
  }

  Result<void> audit() {
    audit::Verifier verifier;
    bool broken = false;
    const auto feed = [&](std::string_view, std::string_view value) -> Result<void> {
      if (broken) return {};
      const Result<audit::Entry> entry = audit::decode(value);
      const Result<void> fed = entry ? verifier.feed(*entry) : Result<void>(entry.error());
      if (!fed) {
        broken = true;
        error("I10", "audit log", fed.error().message);
      }
      return {};
    };
    TRY(store_.scan(keys::part("audit", "entry/"), feed));
    const std::optional<std::string> head = TRY(store_.get(keys::part("audit", "head")));
    if (!broken && head) {
      const Result<audit::Entry> last = audit::decode(*head);
      if (!last || last->digest != verifier.head()) {
        error("I10", "audit log", "entries are missing at its end");
      }
    }
    if (!broken && !head && verifier.entries() != 0) {
      error("I10", "audit log", "its head is missing");
    }
    report_.audit_entries = verifier.entries();
    report_.audit_head = verifier.head();
    return {};
  }

  Store& store_;
  ChunkStore* chunks_;
  const FsckOptions& options_;
  State state_;
  FsckReport report_;
  std::map<std::string, uint64_t> sizes_;  // of stored files, by SHA-256
};

}  // namespace

bool FsckReport::clean() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.weight == Weight::Error; });
}

Result<FsckReport> check_store(Store& store, ChunkStore* chunks, const FsckOptions& options) {
  return Check(store, chunks, options).run();
}

}  // namespace farm::coordinator
