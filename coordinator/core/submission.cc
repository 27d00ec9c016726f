// What people ask for: submissions, cancels, requeues.
#include "coordinator/core/turn.h"

namespace farm::coordinator {

void Turn::submitted(const Submitted& event) {
  const RequestId& request = event.submit.request;
  if (const Build* known = state_.queue.build_of(request)) {
    if (known->submitter != event.submitter) {
      return refuse_event(conflict("this request id was used by another submitter"));
    }
    effects_.replies.emplace_back(wire::SubmitAck{request, known->id, std::nullopt});
    return;
  }
  Build build;
  build.id = event.build;
  build.request = request;
  build.sequence = state_.queue.next_sequence();
  build.template_name = event.submit.template_name;
  build.submitter = event.submitter;
  build.jobs = event.ids;
  build.options = event.submit.options;
  build.sensitive = event.submit.sensitive;
  build.bundle = event.bundle;
  build.parallel = event.submit.parallel;
  build.submitted = now_.wall;
  if (event.ids.empty()) build.ended = now_.wall;
  state_.queue.add(std::move(build));
  for (size_t i = 0; i < event.ids.size(); ++i) {
    Job job;
    job.id = event.ids[i];
    job.build = event.build;
    job.index = static_cast<uint32_t>(i);
    job.name = event.submit.jobs[i].name;
    job.needs = event.needs[i];
    job.submitted = now_.wall;
    job.since = job.queued_since = now_.steady;
    job.spec = std::make_shared<const std::string>(event.submit.jobs[i].spec);
    state_.queue.add(std::move(job));
    effects_.jobs.insert(event.ids[i]);
  }
  effects_.new_builds.insert(event.build);
  effects_.builds.insert(event.build);
  effects_.replies.emplace_back(wire::SubmitAck{request, event.build, std::nullopt});
  state_.place_wanted = true;
  if (state_.policy.queue_limit != Duration::zero()) {
    state_.arm(now_.steady + state_.policy.queue_limit);
  }
}

void Turn::cancel_build(const BuildId& id, const std::string& reason) {
  const Build* build = state_.queue.build(id);
  if (build == nullptr) return refuse_event(not_found("no such build"));
  for (const JobId& job : build->jobs) {
    stop(*state_.queue.job(job), JobState::Cancelled, reason);
  }
}

void Turn::cancel_job(const JobId& id, const std::string& reason) {
  Job* job = state_.queue.job(id);
  if (job == nullptr) return refuse_event(not_found("no such job"));
  stop(*job, JobState::Cancelled, reason);
}

void Turn::requeue_job(const JobId& id) {
  Job* job = state_.queue.job(id);
  if (job == nullptr) return refuse_event(not_found("no such job"));
  if (job->state != JobState::Suspect) {
    return refuse_event(conflict(std::string("the job is ") + job_state_name(job->state) +
                                 "; only a suspect job can be taken from its agent"));
  }
  lose(*job, "an operator took the job from its agent");
}

}  // namespace farm::coordinator
