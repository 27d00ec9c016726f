#include "agent/supervisor/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/ledger/file_ledger.h"
#include "agent/supervisor/resource_events.h"
#include "agent/supervisor/supervised_lease.h"
#include "common/base/log.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::agent {
namespace {

// Runners that were taken over have no socket to wake us; their files are looked at this often.
constexpr Duration kAdoptedPoll = std::chrono::milliseconds(250);
constexpr Duration kLimitGrace = std::chrono::minutes(1);

pid_t pid_of(const std::string& identity) {
  return static_cast<pid_t>(std::strtol(identity.c_str(), nullptr, 10));
}

std::optional<Instant> after(Instant now, Duration limit) {
  if (limit <= Duration::zero()) return std::nullopt;
  return now + limit;
}

// What was appended to `path` behind `offset`; empty when there is nothing or no file yet.
std::string tail(const std::string& path, uint64_t offset) {
  const Result<io::Fd> file = io::open_file(path, O_RDONLY);
  if (!file) return {};
  std::string bytes;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::pread(file->get(), buffer, sizeof buffer,
                                static_cast<off_t>(offset + bytes.size()));
    if (got <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

Supervisor::Supervisor(SupervisorOptions options, Zygote zygote, const Clock& clock,
                       SupervisorEvents& events)
    : options_(std::move(options)),
      zygote_(std::move(zygote)),
      surveys_(options_.root + "/survey", zygote_, clock),
      clock_(clock),
      events_(events),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Supervisor::~Supervisor() = default;

Result<std::unique_ptr<Supervisor>> Supervisor::open(SupervisorOptions options, Zygote zygote,
                                                     const Clock& clock,
                                                     SupervisorEvents& events) {
  std::unique_ptr<Supervisor> supervisor(
      new Supervisor(std::move(options), std::move(zygote), clock, events));
  if (!supervisor->epoll_.valid()) return system_error("epoll_create1", errno);
  TRY(supervisor->watch(supervisor->zygote_.fd()));
  TRY(supervisor->adopt_all());
  return supervisor;
}

Result<void> Supervisor::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return system_error("epoll_ctl", errno);
  }
  return {};
}

Result<void> Supervisor::adopt_all() {
  const auto close_directory = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close_directory)> root(::opendir(options_.root.c_str()),
                                                             close_directory);
  if (!root) return system_error("open " + options_.root, errno);
  while (const dirent* entry = ::readdir(root.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    const std::optional<wire::JobRef> ref = lease_from_name(name);
    if (ref) adopt(LeaseDirectory(options_.root + "/" + name), *ref);
  }
  return {};
}

void Supervisor::adopt(LeaseDirectory directory, const wire::JobRef& ref) {
  Lease& lease = *(leases_[ref] = std::make_unique<Lease>(std::move(directory), ref));
  lease.adopted = true;
  if (lease.directory.orphaned()) {
    lease.state = Lease::State::Ended;
    lease.reported = true;
    lease.orphaned = true;
    lease.next_reap = clock_.now();
    return;
  }
  lease.state = Lease::State::Running;
  const Result<wire::Offer> offer = lease.directory.offer();
  if (offer) {
    lease.silence_limit = offer->silence_limit;
    lease.silence_deadline = after(clock_.now(), offer->silence_limit);
    lease.total_deadline = after(clock_.now(), offer->total_limit);
  }
  const std::string identity = lease.directory.identity();
  const pid_t pid = pid_of(identity);
  if (pid > 1) {
    lease.pidfd = io::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (lease.pidfd.valid() && io::process_identity(pid) == identity &&
        watch(lease.pidfd.get()).has_value()) {
      lease.pid = pid;
      by_fd_[lease.pidfd.get()] = ref;
      log::info("runner taken over", {{"lease", lease.directory.name()}, {"pid", pid}});
      return;
    }
    lease.pidfd.reset();
  }
  ended_early_.push_back(ref);
}

Supervisor::Lease* Supervisor::find(const wire::JobRef& ref) {
  const auto found = leases_.find(ref);
  return found == leases_.end() ? nullptr : found->second.get();
}

Supervisor::Lease* Supervisor::find_pid(pid_t pid) {
  for (auto& [ref, lease] : leases_) {
    const bool child = !lease->adopted && (lease->state == Lease::State::Running ||
                                           lease->reap == Lease::Reap::Running);
    if (child && lease->pid == pid) return lease.get();
  }
  return nullptr;
}

Result<LeaseDirectory> Supervisor::prepare(const wire::Offer& offer) {
  if (holds(offer.ref)) return conflict("lease " + lease_name(offer.ref) + " is held already");
  LeaseDirectory directory =
      TRY(LeaseDirectory::create(options_.root, offer, options_.durability));
  auto lease = std::make_unique<Lease>(directory, offer.ref);
  lease->silence_limit = offer.silence_limit;
  lease->total_deadline = after(clock_.now(), offer.total_limit);
  leases_[offer.ref] = std::move(lease);
  return directory;
}

Result<void> Supervisor::start(const wire::JobRef& ref) {
  Lease* lease = find(ref);
  if (lease == nullptr || lease->state != Lease::State::Prepared) {
    return conflict("lease " + lease_name(ref) + " is not waiting for its start");
  }
  if (!zygote_alive_) return unavailable("the zygote process is gone; the agent must restart");
  auto [ours, theirs] = TRY(ControlChannel::pair());
  TRY(zygote_.start(lease->directory.path(), std::move(theirs)));
  TRY(watch(ours.fd()));
  by_fd_[ours.fd()] = ref;
  lease->control = std::move(ours);
  lease->state = Lease::State::Starting;
  lease->silence_deadline = after(clock_.now(), lease->silence_limit);
  return {};
}

void Supervisor::fail(const wire::JobRef& ref, Error error) {
  Lease* lease = find(ref);
  if (lease == nullptr || lease->state == Lease::State::Ended) return;
  wire::JobResult result;
  result.ref = ref;
  result.error = std::move(error);
  lease->state = Lease::State::Ended;
  lease->result = std::move(result);
  ended_early_.push_back(ref);
}

void Supervisor::cancel(const wire::JobRef& ref, Duration grace) {
  Lease* lease = find(ref);
  if (lease == nullptr || lease->state == Lease::State::Ended) return;
  if (lease->reap != Lease::Reap::None) return;  // the build is over; its remains have a deadline
  const Instant deadline = clock_.now() + grace;
  if (!lease->kill_deadline || deadline < *lease->kill_deadline) lease->kill_deadline = deadline;
  if (lease->cancel_asked) return;
  lease->cancel_asked = true;
  if (lease->state == Lease::State::Prepared) {
    fail(ref, cancelled("Build was cancelled."));
    lease->result->outcome = wire::Outcome::Cancelled;
    return;
  }
  signal(*lease, SIGTERM);  // while Starting: sent when the zygote reports the pid
}

void Supervisor::answer(const wire::JobRef& ref, const std::string& text) {
  Lease* lease = find(ref);
  if (lease == nullptr || !lease->control.open()) return;
  const Result<void> sent = lease->control.send({ControlMessage::Kind::Answer, text});
  if (!sent) log::warn("answer not sent", {{"error", sent.error().message}});
}

Result<void> Supervisor::forget(const wire::JobRef& ref) {
  Lease* lease = find(ref);
  if (lease == nullptr) return {};
  if (lease->state != Lease::State::Ended) {
    return conflict("lease " + lease_name(ref) + " has not ended");
  }
  const LeaseDirectory directory = lease->directory;
  if (lease->reap != Lease::Reap::None || lease->next_reap) {
    lease->orphaned = true;
    return directory.mark_orphaned();
  }
  leases_.erase(ref);
  return directory.remove();
}

void Supervisor::survey(wire::SurveyOrder order) { surveys_.order(std::move(order)); }

std::vector<wire::RunningJob> Supervisor::inventory() const {
  std::vector<wire::RunningJob> jobs;
  for (const auto& [ref, lease] : leases_) {
    if (lease->orphaned) continue;
    const bool ended = lease->state == Lease::State::Ended;
    jobs.push_back({ref, ended ? wire::Phase::Finished : lease->phase,
                    std::max(lease->log_bytes, lease->directory.log_bytes())});
  }
  return jobs;
}

bool Supervisor::holds(const wire::JobRef& ref) const { return leases_.contains(ref); }

size_t Supervisor::active() const {
  return static_cast<size_t>(std::count_if(leases_.begin(), leases_.end(), [](const auto& entry) {
    return entry.second->state != Lease::State::Ended;
  }));
}

size_t Supervisor::reaping() const {
  return static_cast<size_t>(std::count_if(leases_.begin(), leases_.end(), [](const auto& entry) {
    const Lease& lease = *entry.second;
    return lease.reap != Lease::Reap::None || (lease.next_reap && lease.reap_tries == 0);
  }));
}

size_t Supervisor::orphans() const {
  return static_cast<size_t>(std::count_if(
      leases_.begin(), leases_.end(), [](const auto& entry) { return entry.second->orphaned; }));
}

Result<void> Supervisor::dispatch(Duration max_wait) {
  const Duration wait = until_next_deadline(max_wait);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  epoll_event ready[64];
  const int count = ::epoll_wait(epoll_.get(), ready, 64,
                                 static_cast<int>(std::min<int64_t>(milliseconds, 3'600'000)));
  if (count < 0 && errno != EINTR) return system_error("epoll_wait", errno);
  for (int i = 0; i < count; ++i) {
    const int fd = ready[i].data.fd;
    if (fd == zygote_.fd()) {
      take_reports();
      continue;
    }
    const auto found = by_fd_.find(fd);
    Lease* lease = found == by_fd_.end() ? nullptr : find(found->second);
    if (lease == nullptr) continue;
    if (lease->pidfd.valid() && fd == lease->pidfd.get()) {
      runner_ended(*lease, std::nullopt);
    } else {
      take_control(*lease);
    }
  }
  std::vector<wire::JobRef> ended;
  ended.swap(ended_early_);
  for (const wire::JobRef& ref : ended) {
    if (Lease* lease = find(ref)) runner_ended(*lease, std::nullopt);
  }
  std::vector<wire::JobRef> all;
  for (const auto& [ref, lease] : leases_) {
    if (lease->state != Lease::State::Ended || is_reaping(*lease)) all.push_back(ref);
  }
  for (const wire::JobRef& ref : all) {
    if (Lease* lease = find(ref)) check_deadlines(*lease);
  }
  for (const wire::Survey& survey : surveys_.advance()) events_.on_survey(survey);
  return {};
}

void Supervisor::take_reports() {
  while (zygote_alive_) {
    Result<std::optional<ZygoteReport>> report = zygote_.receive();
    if (!report) return zygote_gone(report.error());
    if (!*report) return;
    take_report(**std::move(report));
  }
}

void Supervisor::take_report(ZygoteReport report) {
  if (surveys_.take(report)) return;
  if (report.kind == ZygoteReport::Kind::Exited) {
    if (Lease* lease = find_pid(report.pid)) runner_ended(*lease, report.wait_status);
    return;
  }
  const std::optional<wire::JobRef> ref = lease_from_name(io::base_name(report.directory));
  Lease* lease = ref ? find(*ref) : nullptr;
  if (lease != nullptr && lease->reap == Lease::Reap::Starting) {
    if (report.kind == ZygoteReport::Kind::NotStarted) return reaper_ended(*lease);
    lease->reap = Lease::Reap::Running;
    lease->pid = report.pid;
    lease->pidfd = std::move(report.pidfd);
    return;
  }
  if (lease == nullptr || lease->state != Lease::State::Starting) return;
  if (report.kind == ZygoteReport::Kind::NotStarted) {
    fail(*ref, unavailable("the runner could not be started: " + report.error));
    return;
  }
  lease->state = Lease::State::Running;
  lease->pid = report.pid;
  lease->pidfd = std::move(report.pidfd);
  if (lease->cancel_asked) signal(*lease, SIGTERM);
}

// Without the zygote running jobs go on, watched like adopted ones; no new one can start.
void Supervisor::zygote_gone(const Error& error) {
  log::error("zygote is gone", {{"error", error.message}});
  zygote_alive_ = false;
  surveys_.zygote_gone();
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, zygote_.fd(), nullptr);
  for (auto& [ref, lease] : leases_) {
    if (lease->reap != Lease::Reap::None) {
      lease->reap_deadline = clock_.now();  // its end cannot be heard of any more
    } else if (lease->state == Lease::State::Starting) {
      fail(ref, unavailable("the runner could not be started: the zygote process is gone"));
    } else if (lease->state == Lease::State::Running && !lease->adopted) {
      lease->adopted = true;
      by_fd_[lease->pidfd.get()] = ref;
      if (!lease->pidfd.valid() || !watch(lease->pidfd.get())) ended_early_.push_back(ref);
    }
  }
}

void Supervisor::take_control(Lease& lease) {
  while (lease.control.open()) {
    const Result<std::optional<ControlMessage>> message = lease.control.receive();
    if (!message) {
      by_fd_.erase(lease.control.fd());
      lease.control.close();  // the runner is ending; its exit is reported separately
      break;
    }
    if (!*message) break;
    if ((*message)->kind == ControlMessage::Kind::Prompt) {
      refresh(lease);  // what was said before the question comes before it
      events_.on_prompt(lease.ref, (*message)->text);
    }
  }
  refresh(lease);
}

void Supervisor::refresh(Lease& lease) {
  if (lease.reported) return;
  read_events(lease);
  read_ledger(lease);
  const uint64_t bytes = lease.directory.log_bytes();
  if (bytes == lease.log_bytes) return;
  lease.log_bytes = bytes;
  lease.silence_deadline = after(clock_.now(), lease.silence_limit);
  events_.on_log(lease.ref, bytes);
}

void Supervisor::read_events(Lease& lease) {
  const std::string bytes = tail(lease.directory.events(), lease.events_read);
  if (bytes.empty()) return;
  const Result<size_t> read =
      read_event_lines(bytes, [&](wire::Phase phase, std::string_view step) {
        lease.phase = phase;
        events_.on_phase({lease.ref, phase, std::string(step)});
      });
  if (read) {
    lease.events_read += *read;
    return;
  }
  log::warn("damaged events file", {{"lease", lease.directory.name()}});
  lease.events_read += bytes.size();
}

void Supervisor::read_ledger(Lease& lease) {
  const std::string bytes = tail(lease.directory.ledger(), lease.ledger_read);
  if (bytes.empty()) return;
  const Result<size_t> read = read_ledger_lines(bytes, [&](const LedgerEvent& line) {
    if (line.kind == LedgerEvent::Kind::Kept) return;
    events_.on_resource(resource_event(lease.ref, line));
  });
  if (read) {
    lease.ledger_read += *read;
    return;
  }
  log::warn("damaged ledger file", {{"lease", lease.directory.name()}});
  lease.ledger_read += bytes.size();
}

void Supervisor::check_deadlines(Lease& lease) {
  const Instant now = clock_.now();
  if (is_reaping(lease)) return mind_reaper(lease);
  if (lease.adopted) refresh(lease);
  const auto over = [now](const std::optional<Instant>& at) { return at && *at <= now; };
  if (!lease.cancel_asked && over(lease.total_deadline)) {
    lease.limit_error = timed_out("The build took longer than its limit.");
    cancel(lease.ref, kLimitGrace);
  } else if (!lease.cancel_asked && over(lease.silence_deadline)) {
    lease.limit_error = timed_out("The build printed nothing for longer than its limit.");
    cancel(lease.ref, kLimitGrace);
  }
  if (over(lease.kill_deadline) && !lease.killed) kill_all_of(lease);
}

void Supervisor::signal(const Lease& lease, int number) {
  if (!lease.pidfd.valid()) return;
  if (::syscall(SYS_pidfd_send_signal, lease.pidfd.get(), number, nullptr, 0) != 0 &&
      errno != ESRCH) {
    log::warn("signal not sent", {{"lease", lease.directory.name()}, {"signal", number}});
  }
}

// The zygote kills the group when it reaps the runner; an adopted runner has no such parent.
void Supervisor::kill_all_of(Lease& lease) {
  lease.killed = true;
  log::warn("runner did not end in time; killed", {{"lease", lease.directory.name()}});
  signal(lease, SIGKILL);
}

Duration Supervisor::until_next_deadline(Duration at_most) const {
  if (!ended_early_.empty()) return Duration::zero();
  Duration wait = at_most;
  const Instant now = clock_.now();
  if (const std::optional<Instant> at = surveys_.deadline()) {
    wait = std::min(wait, std::max(*at - now, Duration::zero()));
  }
  for (const auto& [ref, lease] : leases_) {
    if (is_reaping(*lease)) {
      const Instant at = lease->next_reap ? *lease->next_reap : *lease->reap_deadline;
      wait = std::min(wait, std::max(at - now, Duration::zero()));
      continue;
    }
    if (lease->state == Lease::State::Ended) continue;
    if (lease->adopted) wait = std::min(wait, kAdoptedPoll);
    const bool asked = lease->cancel_asked;
    const std::optional<Instant> relevant[] = {
        lease->killed ? std::nullopt : lease->kill_deadline,
        asked ? std::nullopt : lease->total_deadline,
        asked ? std::nullopt : lease->silence_deadline};
    for (const std::optional<Instant>& at : relevant) {
      if (at) wait = std::min(wait, std::max(*at - now, Duration::zero()));
    }
  }
  return wait;
}

}  // namespace farm::agent
