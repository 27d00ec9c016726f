// FakeBuild: a BuildContext with recording Ui, ledger and communicator, for tests of steps and
// components. It has behaviour (files really land in its fake guest), never hidden assertions.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "builders/core/build_context.h"

namespace farm::testing {

class RecordingUi final : public builders::Ui {
 public:
  void say(std::string_view text) override { lines.push_back("say " + std::string(text)); }
  void message(std::string_view text) override { lines.push_back("msg " + std::string(text)); }
  void error(std::string_view text) override { lines.push_back("err " + std::string(text)); }
  void progress(std::string_view, uint64_t, uint64_t) override {}
  std::vector<std::string> lines;
};

class RecordingLedger final : public builders::ResourceLedger {
 public:
  Result<uint64_t> intend(const std::string& kind, const std::string& name) override {
    events.push_back("intend " + kind + " " + name);
    return ++last_;
  }
  Result<void> bound(uint64_t intent, const std::string& id) override {
    events.push_back("bound " + std::to_string(intent) + " " + id);
    return {};
  }
  Result<void> gone(uint64_t intent) override {
    events.push_back("gone " + std::to_string(intent));
    return {};
  }
  std::vector<std::string> events;

 private:
  uint64_t last_ = 0;
};

/// A guest that is a map of files; commands are answered by `on_command`.
class FakeCommunicator final : public builders::Communicator {
 public:
  struct File {
    std::string bytes;
    uint32_t mode = 0;
  };
  std::map<std::string, File> files;
  std::vector<std::string> commands;
  std::function<Result<int>(const builders::RemoteCommand&)> on_command;

  Result<int> run(const builders::RemoteCommand& command, const CancelToken&) override {
    commands.push_back(command.command);
    if (command.command.starts_with("rm -f ")) files.erase(command.command.substr(6));
    if (on_command) return on_command(command);
    return 0;
  }
  Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                      const builders::ProgressSink&, const CancelToken&) override {
    files[remote] = {"<" + local + ">", mode};
    return {};
  }
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken&) override {
    files[remote] = {std::string(bytes), mode};
    return {};
  }
  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>&, const CancelToken&) override {
    files[remote] = {"dir <" + local + ">", 0};
    return {};
  }
  Result<void> download(const std::string& remote, const std::string& local,
                        const builders::ProgressSink&, const CancelToken&) override {
    downloads.push_back(remote + " => " + local);
    return {};
  }
  Result<void> download_directory(const std::string& remote, const std::string& local,
                                  const std::vector<std::string>&, const CancelToken&) override {
    downloads.push_back("dir " + remote + " => " + local);
    return {};
  }
  std::vector<std::string> downloads;
};

struct FakeBuild {
  explicit FakeBuild(std::string directory) {
    inputs.build_name = "base";
    inputs.build_type = "null";
    inputs.start = clock.wall();
    context.working_directory = directory;
    context.temp_directory = directory;
    context.cache_directory = directory + "/cache";
    context.run_uuid = "run-1";
    auto owned = std::make_unique<FakeCommunicator>();
    guest = owned.get();
    context.communicator = std::move(owned);
  }
  RecordingUi ui;
  RecordingLedger ledger;
  ManualClock clock;
  SeededRandom random{1};
  Environment environment{{{"PATH", "/usr/bin:/bin"}, {"HOME", "/root"}}};
  CancelToken cancel;
  plan::RenderInputs inputs;
  builders::BuildContext context{ui, ledger, clock, random, environment, cancel, inputs};
  FakeCommunicator* guest = nullptr;
};

}  // namespace farm::testing
