#include "ops/farmctl/build/build_run.h"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <set>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/supervisor/supervisor.h"
#include "coordinator/reactor/local_coordinator.h"
#include "ops/farmctl/build/local_agent.h"

namespace farm::farmctl {
namespace {

constexpr Duration kLongestWait = std::chrono::minutes(1);
// A new build of the same template would stumble over what a killed one left.
constexpr Duration kReapPatience = std::chrono::minutes(1);

class Run {
 public:
  Run(const plan::Plan& plan, const BuildSettings& settings, const BuildServices& services)
      : plan_(plan), settings_(settings), services_(services), output_(services.output) {}

  Result<bool> run(const RunDirectory& directory, agent::Zygote zygote) {
    const Instant start = services_.clock.now();
    coordinator::LocalOptions options;
    options.journal = directory.journal();
    coordinator_ = TRY(
        coordinator::LocalCoordinator::open(options, services_.clock, services_.random));
    ScreenShelf screens(settings_.state);
    LocalAgent agent(*coordinator_, output_, hello(), screens);
    agent_ = &agent;
    supervisor_ =
        TRY(agent::Supervisor::open({directory.leases(), agent::Durability::Volatile},
                                    std::move(zygote), services_.clock, agent));
    TRY(open_signals());
    TRY(remove_remains());
    TRY(agent.join(*supervisor_));
    build_ = TRY(coordinator_->submit(submission()));
    screens.set_build(build_.str());
    std::vector<std::string> names;
    for (const plan::JobSpec& job : plan_.jobs) names.push_back(job.display_name);
    output_.begin(names);
    std::vector<wire::Message> first = TRY(coordinator_->tick());
    TRY(agent.handle(std::move(first)));
    TRY(loop());
    TRY(coordinator_->close());
    return report(services_.clock.now() - start);
  }

 private:
  wire::Submit submission() const {
    wire::Submit submit;
    submit.request = RequestId::random(services_.random);
    submit.template_name = plan_.template_name;
    submit.submitter = "local";
    submit.options.force = settings_.force;
    submit.options.debug = settings_.debug;
    submit.options.on_error = settings_.on_error;
    submit.options.run_uuid = settings_.run_uuid;
    submit.options.in_place = true;
    submit.options.working_directory = settings_.working_directory;
    submit.sensitive = plan_.sensitive;
    submit.parallel = settings_.debug ? 1 : settings_.parallel;
    for (const plan::JobSpec& job : plan_.jobs) {
      submit.jobs.push_back({job.display_name, plan::encode_job(job), {}});
    }
    return submit;
  }

  // Planning has refused what is not built in, so this agent can do all that the plan wants.
  wire::Hello hello() const {
    std::set<std::string> builders;
    std::set<std::string> provisioners;
    std::set<std::string> post_processors;
    for (const plan::JobSpec& job : plan_.jobs) {
      builders.insert(job.builder.type);
      for (const plan::ProvisionerSpec& spec : job.provisioners) {
        provisioners.insert(spec.component.type);
      }
      if (job.error_cleanup) provisioners.insert(job.error_cleanup->component.type);
      for (const auto& sequence : job.post_processors) {
        for (const plan::PostProcessorSpec& spec : sequence) {
          post_processors.insert(spec.component.type);
        }
      }
    }
    wire::Hello hello;
    hello.name = "local";
    hello.boot_id = "local";
    hello.slots = static_cast<uint32_t>(plan_.jobs.size());
    hello.builders = {builders.begin(), builders.end()};
    hello.provisioners = {provisioners.begin(), provisioners.end()};
    hello.post_processors = {post_processors.begin(), post_processors.end()};
    return hello;
  }

  Result<void> open_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    signals_ = io::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.valid()) return system_error("signalfd", errno);
    return {};
  }

  // Of earlier runs that were killed, at their providers.
  Result<void> remove_remains() {
    if (supervisor_->reaping() == 0) return {};
    const Instant give_up = services_.clock.now() + kReapPatience;
    while (supervisor_->reaping() > 0 && services_.clock.now() < give_up) {
      pollfd waiters[2] = {{supervisor_->fd(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
      const Duration most = std::min(give_up - services_.clock.now(), kLongestWait);
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
          supervisor_->until_next_deadline(std::max(most, Duration::zero())));
      if (::poll(waiters, 2, static_cast<int>(wait.count())) < 0 && errno != EINTR) {
        return system_error("poll", errno);
      }
      if (waiters[1].revents != 0) return cancelled("Build was cancelled.");
      TRY(supervisor_->dispatch(Duration::zero()));
    }
    const size_t left = supervisor_->orphans();
    if (left > 0) {
      output_.error("Resources of " + std::to_string(left) +
                    " killed build(s) could not be removed; the next build tries again.");
    }
    return {};
  }

  bool finished() const {
    const auto view = coordinator_->build(build_);
    return !view || view->finished;
  }

  Result<void> loop() {
    while (!finished()) {
      output_.flush();
      pollfd waiters[3] = {{supervisor_->fd(), POLLIN, 0},
                           {signals_.get(), POLLIN, 0},
                           {asking_ ? STDIN_FILENO : -1, POLLIN, 0}};
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until_next()).count();
      if (::poll(waiters, 3, static_cast<int>(wait)) < 0 && errno != EINTR) {
        return system_error("poll", errno);
      }
      if (waiters[1].revents != 0) TRY(take_signals());
      if (waiters[2].revents != 0) take_answer();
      TRY(supervisor_->dispatch(Duration::zero()));
      TRY(agent_->deliver_waiting());
      const std::optional<Instant> due = coordinator_->next_deadline();
      if (due && *due <= services_.clock.now()) {
        std::vector<wire::Message> messages = TRY(coordinator_->tick());
        TRY(agent_->handle(std::move(messages)));
      }
      mind_prompts();
    }
    return {};
  }

  Duration until_next() const {
    Duration wait = supervisor_->until_next_deadline(kLongestWait);
    if (const std::optional<Instant> due = coordinator_->next_deadline()) {
      wait = std::min(wait, std::max(*due - services_.clock.now(), Duration::zero()));
    }
    return wait;
  }

  // The first cancels with cleanup, the second says what goes on, the third kills.
  Result<void> take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      ++interrupts_;
      if (interrupts_ == 1) {
        TRY(cancel_all(info.ssi_signo == SIGTERM ? "terminated" : "interrupt"));
      } else if (interrupts_ == 2) {
        output_.error("Builds are being cancelled and cleaned up. Interrupt once more to kill them "
                      "at once; what they own is then removed without their help.");
      } else {
        agent_->kill_all();
      }
    }
    return {};
  }

  Result<void> cancel_all(const std::string& signal) {
    agent_->set_interrupted();
    const auto view = coordinator_->build(build_);
    for (const coordinator::JobView& job : view->jobs) {
      if (coordinator::is_terminal(job.state)) continue;
      output_.notice(job.name, "Cancelling build after receiving " + signal);
    }
    std::vector<wire::Message> messages = TRY(coordinator_->cancel(build_, signal));
    return agent_->handle(std::move(messages));
  }

  void mind_prompts() {
    const LocalAgent::Prompt* prompt = agent_->prompt();
    if (prompt == nullptr) {
      asking_ = false;
      return;
    }
    if (!settings_.may_ask) {
      output_.error("Nobody can be asked: standard input is no terminal. Cleaning up.");
      return agent_->answer("c");
    }
    if (asking_) return;
    output_.say(prompt->text);
    asking_ = true;
  }

  void take_answer() {
    char text[256];
    const ssize_t got = ::read(STDIN_FILENO, text, sizeof text);
    const bool letter = got > 0 && text[0] != '\n';
    agent_->answer(letter ? std::string(1, text[0]) : "c");
    asking_ = false;
  }

  Result<bool> report(Duration elapsed) {
    const auto view = coordinator_->build(build_);
    if (!view) return internal("the build is not known to its own coordinator");
    std::vector<EndedBuild> ended;
    for (const coordinator::JobView& job : view->jobs) {
      EndedBuild build{job.name, job.state == coordinator::JobState::Succeeded, {},
                       job.artifacts};
      if (!build.succeeded) build.error = job.error ? job.error->message : "Build was cancelled.";
      ended.push_back(std::move(build));
    }
    output_.summary(ended, elapsed, interrupts_ > 0);
    output_.flush();
    return view->succeeded && interrupts_ == 0;
  }

  const plan::Plan& plan_;
  const BuildSettings& settings_;
  const BuildServices& services_;
  BuildOutput& output_;
  std::unique_ptr<coordinator::LocalCoordinator> coordinator_;
  std::unique_ptr<agent::Supervisor> supervisor_;
  LocalAgent* agent_ = nullptr;
  BuildId build_;
  io::Fd signals_;
  int interrupts_ = 0;
  bool asking_ = false;
};

}  // namespace

Result<bool> run_builds(const plan::Plan& plan, const BuildSettings& settings,
                        const RunDirectory& directory, agent::Zygote zygote,
                        const BuildServices& services) {
  return Run(plan, settings, services).run(directory, std::move(zygote));
}

}  // namespace farm::farmctl
