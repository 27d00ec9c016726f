// farm-coordinator: reads its options, starts the server, stops on SIGTERM or SIGINT.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <pthread.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "common/base/log.h"
#include "common/io/files.h"
#include "common/io/private_memory.h"
#include "coordinator/config_file.h"
#include "coordinator/reactor/zmq_server.h"

namespace farm::coordinator {
namespace {

constexpr const char* kDefaultConfig = "/etc/farm/coordinator.hcl";

struct Options {
  std::string config = kDefaultConfig;
  bool config_given = false;
  bool accept_loss = false;
  Settings settings;  // from the command line; they win over the file
};

int fail(const std::string& message) {
  std::fprintf(stderr, "farm-coordinator: %s\n", message.c_str());
  return 1;
}

Result<Settings> read_config(const Options& options) {
  if (!options.config_given && !io::exists(options.config)) return Settings{};
  const std::string text = TRY(io::read_file(options.config));
  Diagnostics diagnostics;
  Settings settings = parse_config(text, options.config, diagnostics);
  for (const Diagnostic& finding : diagnostics.items()) {
    if (finding.severity != Severity::Error) continue;
    std::string place = options.config;
    if (finding.subject) place += ":" + std::to_string(finding.subject->start.line);
    return invalid_input(place + ": " + finding.summary + ": " + finding.detail);
  }
  return settings;
}

Result<void> configure_log(const Settings& settings) {
  const auto get = [&](const char* name, const char* otherwise) {
    const auto it = settings.find(name);
    return it == settings.end() ? std::string(otherwise) : it->second;
  };
  const std::string level = get("log_level", "info");
  const std::string format = get("log_format", "logfmt");
  log::Level chosen = log::Level::Info;
  if (level == "debug") {
    chosen = log::Level::Debug;
  } else if (level == "warn") {
    chosen = log::Level::Warn;
  } else if (level == "error") {
    chosen = log::Level::Error;
  } else if (level != "info") {
    return invalid_input("log_level is debug, info, warn or error, not `" + level + "`");
  }
  if (format != "logfmt" && format != "json") {
    return invalid_input("log_format is logfmt or json, not `" + format + "`");
  }
  log::configure(chosen, format == "json" ? log::Format::Json : log::Format::Logfmt);
  return {};
}

std::string program_directory() {
  char path[4096] = {};
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path - 1);
  const std::string self(path, size > 0 ? static_cast<size_t>(size) : 0);
  return self.substr(0, self.rfind('/'));
}

Result<void> serve(const Options& options, char** argv) {
  Settings settings = TRY(read_config(options));
  for (const auto& [name, value] : options.settings) settings[name] = value;
  TRY(configure_log(settings));
  ServerConfig config;
  config.accept_loss = options.accept_loss;
  config.version = FARM_VERSION;
  config.planner = program_directory() + "/../libexec/farm/farm-planner";
  TRY(apply_settings(settings, config));
  if (::access(config.planner.c_str(), X_OK) != 0) {
    return not_found("the program that plans templates cannot be run: " + config.planner);
  }

  // Blocked before any thread starts, so that only the waiter below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  std::unique_ptr<ZmqServer> server = TRY(ZmqServer::start(config));
  std::thread waiter([&] {
    int received = 0;
    sigwait(&signals, &received);
    server->stop();
  });
  log::info("coordinator is ready", {{"control", server->control_endpoint()},
                                     {"bulk", server->bulk_endpoint()},
                                     {"enroll", server->enroll_endpoint()},
                                     {"public_key", server->public_key()}});
  if (!server->https_url().empty()) {
    log::info("dashboard and HTTP API", {{"url", server->https_url()},
                                         {"certificate_sha256", server->https_fingerprint()}});
  }
  const ZmqServer::Ended ended = server->run();
  if (ended == ZmqServer::Ended::NewProcessNeeded) {
    log::info("the disk is well again: the coordinator starts anew");
    ::execv("/proc/self/exe", argv);
    log::error("this program cannot be started again", {{"error", std::strerror(errno)}});
  }
  if (ended != ZmqServer::Ended::Stopped) {
    log::info("coordinator stops with a failed store");
    ::_exit(1);
  }
  waiter.join();
  log::info("coordinator stops");
  return {};
}

/// Ten thousand agents are as many descriptors; what the system allows is not always what it gives.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  io::keep_memory_private();
  raise_file_limit();
  Options options;
  CLI::App app("The coordinator of a farm: keeps builds, leases jobs to agents, stores artifacts.");
  app.set_version_flag("--version", std::string("farm-coordinator ") + FARM_VERSION);
  const auto setting = [&](const char* flag, const char* name, const char* text) {
    app.add_option_function<std::string>(
        flag, [&options, name](const std::string& value) { options.settings[name] = value; }, text);
  };
  CLI::Option* config = app.add_option("--config", options.config,
                                       std::string("HCL file with settings [") + kDefaultConfig +
                                           "]");
  setting("--data", "data", "directory of the store [/var/lib/farm/coordinator]");
  setting("--control", "control", "endpoint for agents and farmctl [tcp://*:7440]");
  setting("--bulk", "bulk", "endpoint for logs and files [tcp://*:7441]");
  setting("--enroll", "enroll", "endpoint for enrolment [tcp://*:7442]");
  setting("--https", "https", "endpoint of the HTTP API and dashboard, or off [tcp://*:7443]");
  setting("--advertise", "advertise", "host name that join tokens carry [this machine's]");
  setting("--log-level", "log_level", "debug, info, warn or error [info]");
  setting("--log-format", "log_format", "logfmt or json [logfmt]");
  app.add_flag("--accept-loss", options.accept_loss,
               "start although the store lost acknowledged batches");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.config_given = config->count() > 0;
  const Result<void> served = serve(options, argv);
  return served ? 0 : fail(served.error().message);
}

}  // namespace
}  // namespace farm::coordinator

int main(int argc, char** argv) {
  try {
    return farm::coordinator::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farm-coordinator: %s\n", error.what());
    return 1;
  }
}
