#include "agent/agent_loop.h"

#include <filesystem>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/link/key_change.h"
#include "agent/link/zmq_link.h"
#include "agent/probe/probe.h"
#include "agent/runner/runner.h"
#include "agent/runner/survey.h"
#include "agent/session/session.h"
#include "builders/core/schema/catalog.h"
#include "builders/external/components.h"
#include "common/base/log.h"
#include "common/io/files.h"
#include "common/wire/features.h"
#include "common/wire/join_token.h"

namespace farm::agent {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(30);
constexpr std::string_view kJoinTokenStart = "farm1-";

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "agent";
}

std::string first_line(const std::string& path) {
  const std::string text = io::read_file(path, 4096).value_or({});
  return text.substr(0, text.find('\n'));
}

class AgentLoop {
 public:
  AgentLoop(AgentOptions options, const Environment& environment)
      : options_(std::move(options)),
        environment_(environment),
        configured_(options_.coordinator) {
    // Runners work in directories of their own: every path of ours must hold from anywhere.
    if (!options_.state.starts_with('/')) {
      options_.state = std::filesystem::absolute(options_.state).lexically_normal();
    }
  }

  Result<AgentEnd> run() {
    TRY(prepare_state());
    find_plugins();
    Result<Zygote> zygote = fork_zygote();
    if (!zygote) return std::move(zygote).error();
    register_components();
    TRY(open_signals());
    // From here on there may be threads.
    net::ZmqContext context;
    const net::CurveKeys keys = TRY(net::load_or_create_curve_keys(path("curve.key")));
    moved_ = coordinator_moved(options_.state, configured_);
    if (!options_.token.empty() && !moved_) TRY(spend_token(context, keys));
    const LinkAddress address = TRY(link_address());
    const std::unique_ptr<ZmqLink> link = TRY(ZmqLink::open(context, address, keys));
    Session session(hello(), path("cache"), *link, clock_, random_);
    const std::unique_ptr<Supervisor> supervisor = TRY(Supervisor::open(
        {path("leases"), Durability::Synced}, *std::move(zygote), clock_, session));
    session.attach(*supervisor);
    if (options_.survey_seconds != 0 && can_survey(registry_, environment_)) {
      session.survey_every(std::chrono::seconds(options_.survey_seconds));
    }
    session.connected();  // the hello is queued until the connection stands
    KeyChange key_change(options_.state, configured_, keys, address, random_);
    return loop(context, *link, session, *supervisor, key_change);
  }

 private:
  std::string path(const std::string& name) const { return options_.state + "/" + name; }

  Result<void> prepare_state() {
    TRY(io::make_directories(options_.state, 0700));
    TRY(io::make_directories(path("leases"), 0700));
    TRY(io::make_directories(path("cache"), 0700));
    TRY(io::make_directories(path("downloads"), 0700));
    lock_ = TRY(io::open_file(path("lock"), O_RDWR | O_CREAT, 0600));
    // Not inherited beyond exec; the zygote closes its copy, or a restart would find it held.
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      return conflict("another farm-agent uses " + options_.state);
    }
    return {};
  }

  // Before the fork: runners and catalog know them from the start. A bad one costs nobody anything.
  void find_plugins() {
    builders::external::Discovery found = builders::external::discover_plugins(
        {options_.plugins, options_.trusted_plugin_keys, path("plugins")}, environment_, {});
    for (builders::external::Plugin& plugin : found.plugins) {
      const auto added = builders::add_external_components(plugin.description);
      if (!added) {
        found.refused.push_back("plugin " + plugin.name + ": " + added.error().message);
        continue;
      }
      log::info("plugin", {{"name", plugin.name}, {"sha256", plugin.sha256}});
      plugins_.push_back(std::move(plugin));
    }
    for (const std::string& sentence : found.refused) log::warn(sentence);
  }

  void register_components() {
    builders::register_all_components(registry_);
    builders::external::register_plugins(registry_, plugins_);
  }

  Result<Zygote> fork_zygote() {
    ZygoteOptions zygote;
    zygote.warm_up = [this] {
      lock_.reset();
      register_components();
    };
    runner_options_ = {path("downloads"), Durability::Synced};
    zygote.runner_main = [this](const std::string& directory, ControlChannel control) {
      return run_lease(directory, std::move(control), runner_options_, registry_,
                       builders::component_catalog());
    };
    zygote.on_supervisor_death = OnSupervisorDeath::RunnersGoOn;
    return Zygote::fork_off(zygote);
  }

  Result<void> open_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = io::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.valid()) return system_error("signalfd", errno);
    return {};
  }

  // A join token says where the coordinator listens and which key it has; a bare secret does not.
  Result<std::string> read_token() {
    if (options_.token.starts_with(kJoinTokenStart)) {
      const wire::JoinToken join = TRY(wire::parse_join_token(options_.token));
      options_.token = join.secret;
      options_.server_key = join.server_key;
      options_.coordinator = join.control;
      bulk_ = join.bulk;
      return join.enroll;
    }
    if (options_.server_key.empty()) {
      return invalid_input("--token needs --server-key, the coordinator's public key");
    }
    return endpoint_beside(options_.coordinator, 2);
  }

  Result<void> spend_token(net::ZmqContext& context, const net::CurveKeys& keys) {
    const std::string endpoint = TRY(read_token());
    wire::Enroll request;
    request.token = options_.token;
    request.name = name();
    request.role = "agent";
    request.labels = options_.labels;
    const wire::EnrollReply reply =
        TRY(enroll(context, endpoint, options_.server_key, keys, std::move(request)));
    const std::string server = reply.server_key.empty() ? options_.server_key : reply.server_key;
    TRY(io::write_file_atomic(path("server.key"), server + "\n", 0600));
    TRY(io::write_file_atomic(path("coordinator"), options_.coordinator + "\n", 0600));
    TRY(io::write_file_atomic(path("bulk"), bulk_ + "\n", 0600));
    log::info("enrolled", {{"id", reply.id}, {"name", name()}});
    return {};
  }

  Result<LinkAddress> link_address() const {
    const std::string coordinator = options_.coordinator.empty() || moved_
                                        ? first_line(path("coordinator"))
                                        : options_.coordinator;
    if (coordinator.empty()) return invalid_input("no --coordinator is given");
    LinkAddress address;
    address.server_key = options_.server_key.empty() || moved_ ? first_line(path("server.key"))
                                                               : options_.server_key;
    if (address.server_key.empty()) {
      return invalid_input("the coordinator's key is not known: enrol with --token and "
                           "--server-key");
    }
    address.control = TRY(endpoint_beside(coordinator, 0));
    // Where the token said it is, unless the command line has named another coordinator since.
    if (coordinator == first_line(path("coordinator"))) address.bulk = first_line(path("bulk"));
    if (address.bulk.empty()) address.bulk = TRY(endpoint_beside(coordinator, 1));
    return address;
  }

  std::string name() const { return options_.name.empty() ? host_name() : options_.name; }

  wire::Hello hello() const {
    wire::Hello hello = probe_machine(registry_, environment_, options_.state);
    hello.name = name();
    hello.version = FARM_VERSION;
    hello.labels = options_.labels;
    hello.slots = options_.slots;
    hello.features = wire::features::kSurveys;
    hello.component_schemas = builders::external_descriptions();
    return hello;
  }

  Result<AgentEnd> loop(net::ZmqContext& context, ZmqLink& link, Session& session,
                        Supervisor& supervisor, KeyChange& key_change) {
    const auto change_keys = [&](const Result<KeyChange::Next>& next) {
      follow(next, context, link, session, key_change);
    };
    while (true) {
      TRY(supervisor.dispatch(Duration::zero()));
      if (take_changes(link, session)) change_keys(key_change.connected());
      for (int i = 0; i < 64; ++i) {
        const std::optional<wire::Message> message = link.receive();
        if (!message) break;
        if (const auto* reply = std::get_if<wire::QueryReply>(&*message)) {
          change_keys(key_change.take(*reply));
        } else {
          session.received(*message);
        }
      }
      const bool more = session.work();
      if (const std::optional<AgentEnd> end = end_asked()) {
        session.say_restarting();
        return *end;
      }
      Duration wait = more ? Duration::zero() : supervisor.until_next_deadline(kLongestWait);
      wait = std::min(wait, std::max(session.next_deadline() - clock_.now(), Duration::zero()));
      link.wait({supervisor.fd(), signals_.get()}, wait);
    }
  }

  // True when a connection has come up.
  static bool take_changes(ZmqLink& link, Session& session) {
    const ZmqLink::Change change = link.change();
    if (change == ZmqLink::Change::Connected) {
      log::info("connected to the coordinator");
      session.connected();
    } else if (change == ZmqLink::Change::Disconnected) {
      log::warn("connection to the coordinator lost; running jobs go on");
      session.disconnected();
    }
    return change == ZmqLink::Change::Connected;
  }

  static void follow(const Result<KeyChange::Next>& next, net::ZmqContext& context, ZmqLink& link,
                     Session& session, const KeyChange& key_change) {
    if (!next) return log::error("keys are as they were", {{"error", next.error().message}});
    if (next->say) link.send(Lane::Control, *next->say);
    if (!next->reopen) return;
    const Result<void> opened = link.reopen(context, key_change.address(), key_change.keys());
    if (!opened) return log::error("no new connection", {{"error", opened.error().message}});
    session.disconnected();
    session.connected();
  }

  std::optional<AgentEnd> end_asked() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return {};
    return info.ssi_signo == SIGHUP ? AgentEnd::StartAgain : AgentEnd::Stop;
  }

  AgentOptions options_;
  const Environment& environment_;
  std::string configured_;  // the coordinator, before a token named it
  bool moved_ = false;      // the coordinator has changed its key since
  std::string bulk_;  // endpoint, when a join token named it
  std::vector<builders::external::Plugin> plugins_;
  builders::Registry registry_;
  RunnerOptions runner_options_;
  SystemClock clock_;
  SystemRandom random_;
  io::Fd lock_;
  io::Fd signals_;
};

}  // namespace

Result<AgentEnd> run_agent(const AgentOptions& options, const Environment& environment) {
  return AgentLoop(options, environment).run();
}

}  // namespace farm::agent
