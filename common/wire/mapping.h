// One list of fields per message, used in both directions: fields(direction, message, table) calls
// direction(member, table member) for each, so that reading and writing cannot drift apart.
// Private to common/wire: includes generated headers.
#pragma once

#include "common/wire/mapping_directions.h"
#include "schemas/agent_generated.h"
#include "schemas/artifact_generated.h"
#include "schemas/client_generated.h"
#include "schemas/lease_generated.h"

namespace farm::wire::mapping {

template <class D>
void fields(D& d, Error& m, fb::ErrorT& t) {
  d(m.code, t.code);
  d(m.message, t.message);
  d(m.retryable, t.retryable);
}
template <class D>
void fields(D& d, RunningJob& m, fb::RunningJobT& t) {
  d(m.ref, t.ref);
  d(m.phase, t.phase);
  d(m.log_bytes, t.log_bytes);
}
template <class D>
void fields(D& d, Hello& m, fb::HelloT& t) {
  d(m.name, t.name);
  d(m.boot_id, t.boot_id);
  d(m.version, t.version);
  d(m.features, t.features);
  d(m.labels, t.labels);
  d(m.builders, t.builders);
  d(m.provisioners, t.provisioners);
  d(m.post_processors, t.post_processors);
  d(m.slots, t.slots);
  d(m.cpus, t.cpus);
  d(m.memory_bytes, t.memory_bytes);
  d(m.disk_bytes, t.disk_bytes);
  d(m.jobs, t.jobs);
  d(m.component_schemas, t.component_schemas);
}
template <class D>
void fields(D& d, JobVerdict& m, fb::JobVerdictT& t) {
  d(m.ref, t.ref);
  d(m.verdict, t.verdict);
  d(m.log_acked, t.log_acked);
}
template <class D>
void fields(D& d, Welcome& m, fb::WelcomeT& t) {
  d(m.agent, t.agent);
  d(m.sync_interval, t.sync_interval);
  d(m.lease_ttl, t.lease_ttl);
  d(m.features, t.features);
  d(m.sealing_key, t.sealing_key);
  d(m.verdicts, t.verdicts);
}
template <class D>
void fields(D& d, Sync& m, fb::SyncT& t) {
  d(m.jobs, t.jobs);
  d(m.free_slots, t.free_slots);
  d(m.disk_bytes, t.disk_bytes);
}
template <class D>
void fields(D& d, SyncAck& m, fb::SyncAckT& t) {
  d(m.verdicts, t.verdicts);
}
template <class D>
void fields(D&, Drain&, fb::DrainT&) {}
template <class D>
void fields(D&, Restarting&, fb::RestartingT&) {}
template <class D>
void fields(D& d, Enroll& m, fb::EnrollT& t) {
  d(m.token, t.token);
  d(m.public_key, t.public_key);
  d(m.name, t.name);
  d(m.role, t.role);
  d(m.labels, t.labels);
}
template <class D>
void fields(D& d, EnrollReply& m, fb::EnrollReplyT& t) {
  d(m.error, t.error);
  d(m.id, t.id_text);
  d(m.server_key, t.server_key);
  d(m.role, t.role);
  d(m.labels, t.labels);
}
template <class D>
void fields(D& d, NodeLoad& m, fb::NodeLoadT& t) {
  d(m.name, t.name);
  d(m.group, t.group);
  d(m.online, t.online);
  d(m.placed_by_provider, t.placed_by_provider);
  d(m.cpu_permille, t.cpu_permille);
  d(m.memory_used, t.memory_used);
  d(m.memory_bytes, t.memory_bytes);
  d(m.datastores, t.datastores);
}
template <class D>
void fields(D& d, MarkedThing& m, fb::MarkedThingT& t) {
  d(m.kind, t.kind);
  d(m.name, t.name);
  d(m.id, t.id_text);
  d(m.mark, t.mark);
  d(m.age, t.age);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, ProviderView& m, fb::ProviderViewT& t) {
  d(m.provider, t.provider);
  d(m.place, t.place);
  d(m.credential, t.credential);
  d(m.nodes, t.nodes);
  d(m.things, t.things);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, SurveyOrder& m, fb::SurveyOrderT& t) {
  d(m.request, t.request);
  d(m.remove, t.remove);
}
template <class D>
void fields(D& d, Survey& m, fb::SurveyT& t) {
  d(m.request, t.request);
  d(m.views, t.views);
  d(m.removed, t.removed);
}
template <class D>
void fields(D& d, ProtocolError& m, fb::ProtocolErrorT& t) {
  d(m.error, t.error);
}
template <class D>
void fields(D& d, RunOptions& m, fb::RunOptionsT& t) {
  d(m.force, t.force);
  d(m.debug, t.debug);
  d(m.on_error, t.on_error);
  d(m.run_uuid, t.run_uuid);
  d(m.in_place, t.in_place);
  d(m.working_directory, t.working_directory);
}
template <class D>
void fields(D& d, Offer& m, fb::OfferT& t) {
  d(m.ref, t.ref);
  d(m.build, t.build);
  d(m.job_name, t.job_name);
  d(m.attempt, t.attempt);
  d(m.spec, t.spec);
  d(m.bundle, t.bundle);
  d(m.options, t.options);
  d(m.sensitive, t.sensitive);
  d(m.total_limit, t.total_limit);
  d(m.silence_limit, t.silence_limit);
  d(m.node, t.node);
}
template <class D>
void fields(D& d, Accept& m, fb::AcceptT& t) {
  d(m.ref, t.ref);
}
template <class D>
void fields(D& d, Refuse& m, fb::RefuseT& t) {
  d(m.ref, t.ref);
  d(m.reason, t.reason);
}
template <class D>
void fields(D& d, PhaseChange& m, fb::PhaseChangeT& t) {
  d(m.ref, t.ref);
  d(m.phase, t.phase);
  d(m.step, t.step);
}
template <class D>
void fields(D& d, ResourceEvent& m, fb::ResourceEventT& t) {
  d(m.ref, t.ref);
  d(m.kind, t.kind);
  d(m.intent, t.intent);
  d(m.resource_kind, t.resource_kind);
  d(m.name, t.name);
  d(m.id, t.id_text);
}
template <class D>
void fields(D& d, Cancel& m, fb::CancelT& t) {
  d(m.ref, t.ref);
  d(m.grace, t.grace);
}
template <class D>
void fields(D& d, Revoke& m, fb::RevokeT& t) {
  d(m.ref, t.ref);
}
template <class D>
void fields(D& d, FileRecord& m, fb::FileRecordT& t) {
  d(m.path, t.path);
  d(m.size, t.size);
  d(m.sha256, t.sha256);
  d(m.stored, t.stored);
}
template <class D>
void fields(D& d, ArtifactRecord& m, fb::ArtifactRecordT& t) {
  d(m.builder_id, t.builder_id);
  d(m.id, t.id_text);
  d(m.text, t.text);
  d(m.files, t.files);
}
template <class D>
void fields(D& d, JobResult& m, fb::JobResultT& t) {
  d(m.ref, t.ref);
  d(m.outcome, t.outcome);
  d(m.error, t.error);
  d(m.artifacts, t.artifacts);
  d(m.manifest, t.manifest);
  d(m.log_bytes, t.log_bytes);
  d(m.elapsed, t.elapsed);
}
template <class D>
void fields(D& d, ResultAck& m, fb::ResultAckT& t) {
  d(m.ref, t.ref);
}
template <class D>
void fields(D& d, LogData& m, fb::LogDataT& t) {
  d(m.ref, t.ref);
  d(m.offset, t.offset);
}
template <class D>
void fields(D& d, LogAck& m, fb::LogAckT& t) {
  d(m.ref, t.ref);
  d(m.offset, t.offset);
}
template <class D>
void fields(D& d, UploadBegin& m, fb::UploadBeginT& t) {
  d(m.upload, t.upload);
  d(m.ref, t.ref);
  d(m.path, t.path);
  d(m.size, t.size);
  d(m.chunk_size, t.chunk_size);
  d(m.sha256, t.sha256);
  d(Digests{m.chunks}, t.chunks);
}
template <class D>
void fields(D& d, UploadNeed& m, fb::UploadNeedT& t) {
  d(m.upload, t.upload);
  d(m.missing, t.missing);
  d(m.credit, t.credit);
}
template <class D>
void fields(D& d, UploadChunk& m, fb::UploadChunkT& t) {
  d(m.upload, t.upload);
  d(m.index, t.index);
  d(m.digest, t.digest);
}
template <class D>
void fields(D& d, UploadCredit& m, fb::UploadCreditT& t) {
  d(m.upload, t.upload);
  d(m.bytes, t.bytes);
}
template <class D>
void fields(D& d, UploadEnd& m, fb::UploadEndT& t) {
  d(m.upload, t.upload);
  d(m.sha256, t.sha256);
  d(Digests{m.chunks}, t.chunks);
}
template <class D>
void fields(D& d, UploadDone& m, fb::UploadDoneT& t) {
  d(m.upload, t.upload);
  d(m.ok, t.ok);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, FetchBegin& m, fb::FetchBeginT& t) {
  d(m.fetch, t.fetch);
  d(m.sha256, t.sha256);
  d(m.offset, t.offset);
  d(m.credit, t.credit);
}
template <class D>
void fields(D& d, FetchData& m, fb::FetchDataT& t) {
  d(m.fetch, t.fetch);
  d(m.offset, t.offset);
  d(m.size, t.size);
}
template <class D>
void fields(D& d, FetchCredit& m, fb::FetchCreditT& t) {
  d(m.fetch, t.fetch);
  d(m.bytes, t.bytes);
}
template <class D>
void fields(D& d, FetchFailed& m, fb::FetchFailedT& t) {
  d(m.fetch, t.fetch);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, SubmittedJob& m, fb::SubmittedJobT& t) {
  d(m.name, t.name);
  d(m.spec, t.spec);
  d(m.labels, t.labels);
}
template <class D>
void fields(D& d, BundleFile& m, fb::BundleFileT& t) {
  d(m.path, t.path);
  d(m.sha256, t.sha256);
  d(m.size, t.size);
  d(m.mode, t.mode);
  d(m.link_target, t.link_target);
}
template <class D>
void fields(D& d, Submit& m, fb::SubmitT& t) {
  d(m.request, t.request);
  d(m.template_name, t.template_name);
  d(m.submitter, t.submitter);
  d(m.jobs, t.jobs);
  d(m.bundle, t.bundle);
  d(m.options, t.options);
  d(m.sensitive, t.sensitive);
  d(m.parallel, t.parallel);
  d(m.plan_record, t.plan_record);
}
template <class D>
void fields(D& d, SubmitAck& m, fb::SubmitAckT& t) {
  d(m.request, t.request);
  d(m.build, t.build);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, Query& m, fb::QueryT& t) {
  d(m.request, t.request);
  d(m.what, t.what);
  d(m.arguments, t.arguments);
}
template <class D>
void fields(D& d, QueryReply& m, fb::QueryReplyT& t) {
  d(m.request, t.request);
  d(m.json, t.json);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, Command& m, fb::CommandT& t) {
  d(m.request, t.request);
  d(m.what, t.what);
  d(m.arguments, t.arguments);
}
template <class D>
void fields(D& d, Subscribe& m, fb::SubscribeT& t) {
  d(m.request, t.request);
  d(m.build, t.build);
  d(m.logs, t.logs);
  d(m.offsets, t.offsets);
  d(m.follow, t.follow);
}
template <class D>
void fields(D& d, Unsubscribe& m, fb::UnsubscribeT& t) {
  d(m.request, t.request);
}
template <class D>
void fields(D& d, BuildEvent& m, fb::BuildEventT& t) {
  d(m.request, t.request);
  d(m.job, t.job);
  d(m.state, t.state);
  d(m.detail, t.detail);
  d(m.last, t.last);
}
template <class D>
void fields(D& d, LogChunk& m, fb::LogChunkT& t) {
  d(m.request, t.request);
  d(m.job, t.job);
  d(m.offset, t.offset);
}

}  // namespace farm::wire::mapping
