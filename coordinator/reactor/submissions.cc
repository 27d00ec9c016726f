// Submissions: from Submit to a build. Where a planner is configured, the coordinator's own plan of
// the bundle counts, not the jobs that came with it; the reactor goes on while that is made.
#include <algorithm>

#include "common/base/log.h"
#include "common/io/digests.h"
#include "coordinator/reactor/service.h"

namespace farm::coordinator {
namespace {

constexpr size_t kMaxPlanning = 64;
constexpr size_t kMaxPlanningOfUser = 8;

/// The coordinator's specs in the place of farmctl's; Conflict: they are for other jobs.
Result<void> take_plan(wire::Submit& submit, plan::PlanReply reply) {
  bool same = submit.jobs.size() == reply.jobs.size();
  for (size_t i = 0; same && i < reply.jobs.size(); ++i) {
    same = submit.jobs[i].name == reply.jobs[i].name;
  }
  if (!same) {
    return conflict("the template plans to other jobs here (" + std::to_string(reply.jobs.size()) +
                    ") than farmctl planned (" + std::to_string(submit.jobs.size()) +
                    "); is farmctl of another version than the coordinator?");
  }
  size_t changed = 0;
  for (size_t i = 0; i < reply.jobs.size(); ++i) {
    if (submit.jobs[i].spec != reply.jobs[i].spec) ++changed;
    submit.jobs[i].spec = std::move(reply.jobs[i].spec);
  }
  if (changed > 0) {
    log::warn("jobs came out otherwise than farmctl planned them; ours count",
              {{"template", submit.template_name}, {"jobs", static_cast<uint64_t>(changed)}});
  }
  for (std::string& secret : reply.sensitive) submit.sensitive.push_back(std::move(secret));
  return {};
}

}  // namespace

Result<void> Service::check_bundle(Submitted& event) {
  if (event.submit.options.in_place) {
    return invalid_input("an in-place build runs only in farmctl build");
  }
  for (const wire::BundleFile& file : event.submit.bundle) {
    if (file.sha256.empty()) continue;
    const std::optional<StoredFile> stored = TRY(files_.find(file.sha256));
    if (!stored) return conflict("the bundle file " + file.path + " was not uploaded");
    if (stored->size != file.size) {
      return invalid_input("the bundle file " + file.path + " has another size than was said");
    }
  }
  const std::string manifest = artifact::encode_bundle(bundle_entries(event.submit));
  event.bundle = io::digest_hex(io::DigestKind::Sha256, manifest);
  outbox_.batch().puts.push_back(
      FileIndex::put(event.bundle, StoredFile{manifest.size(), 0, {}, manifest}));
  return {};
}

void Service::submit(const Peer& peer, const User& user, const wire::Submit& submit) {
  if (!role_allows(user.role, Role::Submitter)) {
    return refuse_submit(peer, user, submit, denied("your role does not allow submitting"));
  }
  const bool repeated = state_.queue.build_of(submit.request) != nullptr;
  if (parts_.planning == nullptr || repeated) return take_submission(peer, user, submit);
  if (const auto known = planning_.find(submit.request); known != planning_.end()) {
    if (known->second.peer.user == peer.user) known->second.peer = peer;  // asks again, newer line
    return;
  }
  if (submit.plan_record.empty()) {
    return refuse_submit(peer, user, submit,
                         invalid_input("this coordinator plans templates itself, and no record to "
                                       "plan from came with this one; is farmctl older?"));
  }
  if (Result<void> fine = check_files(submit); !fine) {
    return refuse_submit(peer, user, submit, std::move(fine).error());
  }
  const auto theirs = std::count_if(planning_.begin(), planning_.end(), [&](const auto& entry) {
    return entry.second.peer.user == peer.user;
  });
  const bool full = planning_.size() >= kMaxPlanning ||
                    theirs >= static_cast<std::ptrdiff_t>(kMaxPlanningOfUser);
  if (full ||
      !parts_.planning->start({submit.request, submit.plan_record, submit.bundle})) {
    return refuse_submit(peer, user, submit,
                         unavailable("too many templates are being planned; try again"));
  }
  Planned planned{peer, submit};
  planned.submit.plan_record = {};
  planning_.emplace(submit.request, std::move(planned));
}

void Service::planned(PlanOutcome outcome) {
  const auto found = planning_.find(outcome.request);
  if (found == planning_.end()) return;
  Planned waiting = std::move(found->second);
  planning_.erase(found);
  if (read_only()) {
    return send_now(waiting.peer, wire::SubmitAck{waiting.submit.request, {}, read_only_error()});
  }
  // Meanwhile the key may have been revoked.
  const std::optional<User> user = parts_.access.user(waiting.peer.user);
  if (!user || !role_allows(user->role, Role::Submitter)) {
    return refuse(waiting.peer, denied("your key is not known here, or was revoked"));
  }
  Result<void> taken = outcome.reply ? take_plan(waiting.submit, *std::move(outcome.reply))
                                     : Result<void>(std::move(outcome.reply).error());
  if (!taken) {
    return refuse_submit(waiting.peer, *user, waiting.submit, std::move(taken).error());
  }
  take_submission(waiting.peer, *user, waiting.submit);
}

void Service::refuse_submit(const Peer& peer, const User& user, const wire::Submit& submit,
                            Error error) {
  record_denial(user, "submit", submit.template_name, error);
  outbox_.send(peer, wire::SubmitAck{submit.request, {}, std::move(error)});
}

void Service::take_submission(const Peer& peer, const User& user, const wire::Submit& submit) {
  Result<Submitted> event = take_in(submit, user.name, parts_.read_spec, parts_.random);
  if (!event) return refuse_submit(peer, user, submit, std::move(event).error());
  const bool repeated = state_.queue.build_of(submit.request) != nullptr;
  if (!repeated) {
    if (Result<void> fine = check_bundle(*event); !fine) {
      return refuse_submit(peer, user, submit, std::move(fine).error());
    }
  }
  const std::optional<Error> error = apply(*event, &peer);
  if (error) return refuse_submit(peer, user, submit, *error);
  if (repeated) return;
  record(user, "submit", event->build.str(), nullptr);
  log::info("build submitted", {{"build", event->build.str()},
                                {"by", user.name},
                                {"jobs", static_cast<uint64_t>(event->ids.size())}});
}

}  // namespace farm::coordinator
