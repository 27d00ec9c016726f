#include "coordinator/planner/planner_pool.h"

#include <algorithm>
#include <csignal>
#include <map>

#include "common/base/log.h"
#include "common/io/process.h"
#include "common/wire/plan_record.h"
#include "coordinator/planner/planner_exit.h"

namespace farm::coordinator {
namespace {

// Templates, scripts and variable files that planning reads; not the images beside them.
constexpr uint64_t kMaxPlannedFile = 16U << 20;
constexpr uint64_t kMaxPlannedFiles = 64U << 20;

/// Why a planner ended without a reply, for the person who submitted.
Error ended_badly(const io::ExitStatus& status, const std::string& said) {
  if (status.code == kPlannerOutOfMemory || status.signal == SIGSEGV) {
    return denied("planning the template takes more than 1 GiB of memory");
  }
  if (status.signal == SIGXCPU || status.signal == SIGKILL) {
    return denied("planning the template takes more than 10 s of processor time");
  }
  if (status.signal == SIGSYS) {
    return denied("planning the template tried what a planner may not do, and was ended");
  }
  if (status.code == kPlannerNoSandbox) {
    return internal("the coordinator cannot lock its planner in: " + io::last_lines(said, 1));
  }
  if (status.code == kPlannerBadInput) {
    return invalid_input("the record of the planning cannot be read");
  }
  return internal("the planner failed: " + status.text());
}

}  // namespace

PlannerPool::PlannerPool(PlannerSettings settings, Store& store, ChunkStore& chunks)
    : settings_(std::move(settings)), files_(store), chunks_(chunks) {
  for (unsigned i = 0; i < settings_.children; ++i) threads_.emplace_back([this] { work(); });
}

PlannerPool::~PlannerPool() {
  cancel_.cancel();
  orders_.close();
  outcomes_.close();
  for (std::thread& thread : threads_) thread.join();
}

void PlannerPool::work() {
  while (std::optional<PlanOrder> order = orders_.wait()) {
    if (cancel_.cancelled()) return;
    Result<plan::PlanReply> reply = plan(*order);
    if (reply && reply->error) reply = *std::exchange(reply->error, std::nullopt);
    outcomes_.send({order->request, std::move(reply)});
  }
}

Result<plan::PlanReply> PlannerPool::plan(const PlanOrder& order) {
  io::RunOptions options;
  options.spawn.argv = {settings_.program};
  options.spawn.environment.emplace();
  options.spawn.directory = "/";
  options.spawn.die_with_parent = true;
  options.spawn.own_process_group = true;
  options.deadline = settings_.deadline;
  options.keep_bytes = 4096;  // of what it says beside its reply
  options.input = TRY(filled_record(order));
  std::string reply;
  bool too_long = false;
  options.on_stdout = [&](std::string_view piece) {
    too_long |= reply.size() + piece.size() > wire::kMaxPlanReply;
    if (!too_long) reply.append(piece);
  };
  const Result<io::Finished> done = io::run_program(options, cancel_);
  if (!done && done.error().code == ErrorCode::Timeout) {
    return denied("planning the template takes longer than " +
                  std::to_string(std::chrono::ceil<std::chrono::seconds>(settings_.deadline)
                                     .count()) +
                  " s");
  }
  if (!done) return done.error();
  if (!done->status.success()) return ended_badly(done->status, done->standard_error);
  if (too_long) return denied("the plan of the template is larger than a plan may be");
  return wire::decode_plan_reply(reply);
}

Result<std::string> PlannerPool::filled_record(const PlanOrder& order) {
  plan::PlanRecord record =
      TRY(wire::decode_plan_record(order.record, wire::kMaxPlanRecord));
  std::map<std::string, const wire::BundleFile*> bundle;
  for (const wire::BundleFile& file : order.bundle) bundle[file.path] = &file;
  uint64_t total = 0;
  for (plan::PlanAnswer& answer : record.answers) {
    if (answer.bundle.empty()) continue;
    const auto file = bundle.find(answer.bundle);
    if (file == bundle.end() || file->second->sha256.empty()) {
      return invalid_input("planning reads " + answer.bundle + ", which is no file of the bundle");
    }
    total += file->second->size;
    if (file->second->size > kMaxPlannedFile || total > kMaxPlannedFiles) {
      return denied("planning reads " + answer.bundle +
                    ": a template may read files of 16 MiB, and of 64 MiB together");
    }
    Result<std::string> bytes = read_file(file->second->sha256);
    if (!bytes) return std::move(bytes).error().within(answer.bundle);
    if (bytes->size() != file->second->size) {
      return invalid_input("the bundle file " + answer.bundle + " has another size than was said");
    }
    answer.value = *std::move(bytes);
    answer.bundle.clear();
  }
  return wire::encode_plan_record(record);
}

Result<std::string> PlannerPool::read_file(const std::string& sha256) {
  const std::optional<StoredFile> found = TRY(files_.find(sha256));
  if (!found) return conflict("it was not uploaded");
  const StoredFile& file = *found;
  // What the index says counts, not what the submission says.
  if (file.size > kMaxPlannedFile) return denied("it is larger than 16 MiB");
  if (file.chunks.empty()) return file.inline_bytes;
  std::string bytes;
  for (size_t i = 0; i < file.chunk_count(); ++i) {
    const uint64_t length = std::min(file.chunk_size, file.size - i * file.chunk_size);
    const std::string digest(file.chunk(i));
    Result<std::string> piece = chunks_.get(digest);
    if (!piece && piece.error().code == ErrorCode::NotFound && zero_digest(length) == digest) {
      piece = std::string(length, '\0');
    }
    bytes += TRY(std::move(piece));
  }
  return bytes;
}

}  // namespace farm::coordinator
