#include "coordinator/store/record.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "schemas/record_generated.h"

namespace farm::coordinator {
namespace {

using Bytes = std::vector<uint8_t>;

template <class Id>
Bytes id_bytes(const Id& id) {
  return {id.bytes.begin(), id.bytes.end()};
}

template <class Id>
Result<Id> id_from(const Bytes& bytes) {
  Id id;
  if (bytes.size() != id.bytes.size()) return corrupt("an id has the wrong length");
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }
std::string to_text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

template <class Table>
std::string pack(const typename Table::NativeTableType& native) {
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(Table::Pack(builder, &native));
  const auto* start = builder.GetBufferPointer();
  return {start, start + builder.GetSize()};
}

template <class Table>
Result<std::unique_ptr<typename Table::NativeTableType>> unpack(std::string_view bytes) {
  // Values come at any alignment; FlatBuffers wants eight bytes.
  std::vector<uint64_t> aligned(bytes.size() / 8 + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto* start = static_cast<const uint8_t*>(static_cast<const void*>(aligned.data()));
  flatbuffers::Verifier verifier(start, bytes.size(), 16, 4'000'000);
  if (!verifier.VerifyBuffer<Table>(nullptr)) return corrupt("a stored record does not verify");
  return std::unique_ptr<typename Table::NativeTableType>(
      flatbuffers::GetRoot<Table>(start)->UnPack());
}

std::unique_ptr<rec::ErrorT> pack_error(const Error& error) {
  auto out = std::make_unique<rec::ErrorT>();
  out->code = static_cast<uint8_t>(error.code);
  out->message = error.message;
  out->retryable = error.retryable;
  return out;
}

Result<void> unpack_error(const rec::ErrorT& in, Error& out) {
  if (in.code > static_cast<uint8_t>(ErrorCode::Internal)) return corrupt("unknown error code");
  out = {static_cast<ErrorCode>(in.code), in.message, in.retryable};
  return {};
}

Result<JobState> unpack_state(uint8_t number) {
  const std::optional<JobState> state = job_state_from_number(number);
  if (!state) return corrupt("unknown job state " + std::to_string(number));
  return *state;
}

std::unique_ptr<rec::AttemptT> pack_attempt(const Attempt& attempt) {
  auto out = std::make_unique<rec::AttemptT>();
  out->number = attempt.number;
  out->incarnation = attempt.epoch.incarnation;
  out->counter = attempt.epoch.counter;
  out->agent = id_bytes(attempt.agent);
  out->agent_name = attempt.agent_name;
  out->offered = attempt.offered.nanos;
  out->accepted = attempt.accepted.nanos;
  out->ended = attempt.ended.nanos;
  out->end = static_cast<uint8_t>(attempt.end);
  if (!attempt.error.message.empty()) out->error = pack_error(attempt.error);
  out->reported = attempt.reported;
  return out;
}

Result<Attempt> unpack_attempt(const rec::AttemptT& in) {
  Attempt attempt;
  attempt.number = in.number;
  attempt.epoch = {in.incarnation, in.counter};
  attempt.agent = TRY(id_from<AgentId>(in.agent));
  attempt.agent_name = in.agent_name;
  attempt.offered = {in.offered};
  attempt.accepted = {in.accepted};
  attempt.ended = {in.ended};
  if (in.end > static_cast<uint8_t>(AttemptEnd::TimedOut)) return corrupt("unknown attempt end");
  attempt.end = static_cast<AttemptEnd>(in.end);
  if (in.error) TRY(unpack_error(*in.error, attempt.error));
  attempt.reported = in.reported;
  return attempt;
}

std::unique_ptr<rec::ArtifactT> pack_artifact(const wire::ArtifactRecord& artifact) {
  auto out = std::make_unique<rec::ArtifactT>();
  out->builder_id = artifact.builder_id;
  out->artifact_id = artifact.id;
  out->text = artifact.text;
  for (const wire::FileRecord& file : artifact.files) {
    auto packed = std::make_unique<rec::ArtifactFileT>();
    packed->path = file.path;
    packed->size = file.size;
    packed->sha256 = file.sha256;
    packed->stored = file.stored;
    out->files.push_back(std::move(packed));
  }
  return out;
}

std::unique_ptr<rec::JobPlaceT> pack_place(const JobPlace& place) {
  auto out = std::make_unique<rec::JobPlaceT>();
  out->provider = place.provider;
  out->host = place.host;
  out->node = place.node;
  out->open_node = place.open_node;
  out->group = place.group;
  out->datastores = place.datastores;
  out->credential = place.credential;
  return out;
}

JobPlace unpack_place(const rec::JobPlaceT& in) {
  return {in.provider, in.host, in.node, in.open_node, in.group, in.datastores, in.credential};
}

wire::ArtifactRecord unpack_artifact(const rec::ArtifactT& in) {
  wire::ArtifactRecord artifact{in.builder_id, in.artifact_id, in.text, {}};
  for (const auto& file : in.files) {
    artifact.files.push_back({file->path, file->size, file->sha256, file->stored});
  }
  return artifact;
}

}  // namespace

std::string encode_job_record(const Job& job) {
  rec::JobT out;
  out.build = id_bytes(job.build);
  out.index = job.index;
  out.name = job.name;
  out.builder = job.needs.builder;
  out.provisioners = job.needs.provisioners;
  out.post_processors = job.needs.post_processors;
  out.labels = job.needs.labels;
  out.state = static_cast<uint8_t>(job.state);
  out.held = static_cast<uint8_t>(job.held);
  out.incarnation = job.epoch.incarnation;
  out.counter = job.epoch.counter;
  for (const Attempt& attempt : job.attempts) out.attempts.push_back(pack_attempt(attempt));
  out.retries = job.retries;
  out.step = job.step;
  if (job.error) out.error = pack_error(*job.error);
  out.ending = static_cast<uint8_t>(job.ending);
  out.ending_reason = job.ending_reason;
  for (const auto& artifact : job.artifacts) out.artifacts.push_back(pack_artifact(artifact));
  out.manifest = job.manifest;
  out.elapsed = job.elapsed.count();
  out.submitted = job.submitted.nanos;
  out.ended = job.ended.nanos;
  if (!job.needs.place.provider.empty()) out.place = pack_place(job.needs.place);
  out.node = job.node;
  out.tokens = job.tokens;
  return pack<rec::Job>(out);
}

Result<Job> decode_job_record(const JobId& id, std::string_view bytes) {
  const auto in = TRY(unpack<rec::Job>(bytes));
  Job job;
  job.id = id;
  job.build = TRY(id_from<BuildId>(in->build));
  job.index = in->index;
  job.name = in->name;
  job.needs = {in->builder, in->provisioners, in->post_processors, in->labels};
  if (in->place) job.needs.place = unpack_place(*in->place);
  job.node = in->node;
  job.tokens = in->tokens;
  job.state = TRY(unpack_state(in->state));
  job.held = TRY(unpack_state(in->held));
  job.ending = TRY(unpack_state(in->ending));
  job.epoch = {in->incarnation, in->counter};
  for (const auto& packed : in->attempts) {
    Attempt attempt = TRY(unpack_attempt(*packed));
    job.attempts.push_back(std::move(attempt));
  }
  job.retries = in->retries;
  job.step = in->step;
  if (in->error) TRY(unpack_error(*in->error, job.error.emplace()));
  job.ending_reason = in->ending_reason;
  for (const auto& artifact : in->artifacts) job.artifacts.push_back(unpack_artifact(*artifact));
  job.manifest = in->manifest;
  job.elapsed = Duration(in->elapsed);
  job.submitted = {in->submitted};
  job.ended = {in->ended};
  if (is_leased(job.state) != (job.current() != nullptr)) {
    return corrupt("a job's state does not fit its attempts");
  }
  return job;
}

std::string encode_build_record(const Build& build) {
  rec::BuildT out;
  out.request = id_bytes(build.request);
  out.sequence = build.sequence;
  out.template_name = build.template_name;
  out.submitter = build.submitter;
  for (const JobId& job : build.jobs) {
    out.jobs.insert(out.jobs.end(), job.bytes.begin(), job.bytes.end());
  }
  out.force = build.options.force;
  out.debug = build.options.debug;
  out.on_error = build.options.on_error;
  out.run_uuid = build.options.run_uuid;
  out.in_place = build.options.in_place;
  out.working_directory = build.options.working_directory;
  out.sensitive = build.sensitive;
  out.bundle = build.bundle;
  out.parallel = build.parallel;
  out.submitted = build.submitted.nanos;
  out.ended = build.ended.nanos;
  return pack<rec::Build>(out);
}

Result<Build> decode_build_record(const BuildId& id, std::string_view bytes) {
  const auto in = TRY(unpack<rec::Build>(bytes));
  Build build;
  build.id = id;
  build.request = TRY(id_from<RequestId>(in->request));
  build.sequence = in->sequence;
  build.template_name = in->template_name;
  build.submitter = in->submitter;
  if (in->jobs.size() % 16 != 0) return corrupt("a build's list of jobs is torn");
  for (size_t at = 0; at < in->jobs.size(); at += 16) {
    JobId job;
    std::copy_n(in->jobs.data() + at, 16, job.bytes.begin());
    build.jobs.push_back(job);
  }
  build.options = {in->force,    in->debug,    in->on_error,
                   in->run_uuid, in->in_place, in->working_directory};
  build.sensitive = in->sensitive;
  build.bundle = in->bundle;
  build.parallel = in->parallel;
  build.submitted = {in->submitted};
  build.ended = {in->ended};
  return build;
}

std::string encode_agent_record(const Agent& agent) {
  rec::AgentT out;
  out.name = agent.name;
  out.labels = agent.labels;
  out.boot_id = agent.boot_id;
  out.version = agent.version;
  out.builders = agent.builders;
  out.provisioners = agent.provisioners;
  out.post_processors = agent.post_processors;
  out.slots = agent.slots;
  out.cpus = agent.cpus;
  out.memory_bytes = agent.memory_bytes;
  out.disk_bytes = agent.disk_bytes;
  out.draining = agent.draining;
  out.seen = agent.seen.nanos;
  return pack<rec::Agent>(out);
}

Result<Agent> decode_agent_record(const AgentId& id, std::string_view bytes) {
  const auto in = TRY(unpack<rec::Agent>(bytes));
  Agent agent;
  agent.id = id;
  agent.name = in->name;
  agent.labels = in->labels;
  agent.boot_id = in->boot_id;
  agent.version = in->version;
  agent.builders = in->builders;
  agent.provisioners = in->provisioners;
  agent.post_processors = in->post_processors;
  agent.slots = in->slots;
  agent.cpus = in->cpus;
  agent.memory_bytes = in->memory_bytes;
  agent.disk_bytes = in->disk_bytes;
  agent.draining = in->draining;
  agent.seen = {in->seen};
  return agent;
}

std::string encode_resource_record(const Resource& resource) {
  rec::ResourceT out;
  out.kind = static_cast<uint8_t>(resource.event.kind);
  out.resource_kind = resource.event.resource_kind;
  out.name = resource.event.name;
  out.bound_id = resource.event.id;
  out.agent = id_bytes(resource.agent);
  out.since = resource.since.nanos;
  return pack<rec::Resource>(out);
}

Result<Resource> decode_resource_record(const ResourceKey& key, std::string_view bytes) {
  const auto in = TRY(unpack<rec::Resource>(bytes));
  if (in->kind > static_cast<uint8_t>(wire::ResourceEvent::Kind::Bound)) {
    return corrupt("unknown state of a resource");
  }
  Resource resource;
  resource.event = {{key.job, key.epoch}, static_cast<wire::ResourceEvent::Kind>(in->kind),
                    key.intent,           in->resource_kind,
                    in->name,             in->bound_id};
  resource.agent = TRY(id_from<AgentId>(in->agent));
  resource.since = {in->since};
  return resource;
}

std::string encode_file_record(const StoredFile& file) {
  rec::FileT out;
  out.size = file.size;
  out.chunk_size = file.chunk_size;
  out.chunks = to_bytes(file.chunks);
  out.inline_bytes = to_bytes(file.inline_bytes);
  return pack<rec::File>(out);
}

Result<StoredFile> decode_file_record(std::string_view bytes) {
  const auto in = TRY(unpack<rec::File>(bytes));
  StoredFile file{in->size, in->chunk_size, to_text(in->chunks), to_text(in->inline_bytes)};
  const bool chunked = !file.chunks.empty();
  const bool fits = chunked ? file.chunks.size() % 32 == 0 && file.chunk_size > 0 &&
                                  file.chunk_count() ==
                                      (file.size + file.chunk_size - 1) / file.chunk_size
                            : file.inline_bytes.size() == file.size;
  if (!fits) return corrupt("a file record contradicts itself");
  return file;
}

}  // namespace farm::coordinator
