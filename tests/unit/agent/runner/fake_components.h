// Components that do what a script says, a catalog that knows them, and a build context around
// them.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "agent/runner/component_setup.h"
#include "builders/core/registry.h"

namespace farm::agent {

class RecordingUi final : public builders::Ui {
 public:
  void say(std::string_view text) override { lines.emplace_back(text); }
  void message(std::string_view text) override { lines.push_back("    " + std::string(text)); }
  void error(std::string_view text) override { lines.push_back("! " + std::string(text)); }
  void progress(std::string_view, uint64_t, uint64_t) override {}
  std::vector<std::string> lines;
};

class NoLedger final : public builders::ResourceLedger {
 public:
  Result<uint64_t> intend(const std::string&, const std::string&) override { return uint64_t{1}; }
  Result<void> bound(uint64_t, const std::string&) override { return {}; }
  Result<void> gone(uint64_t) override { return {}; }
};

/// Knows every type by name, with no options.
class OpenCatalog final : public plan::ComponentCatalog {
 public:
  const plan::ComponentSchema* find(plan::ComponentKind kind,
                                    std::string_view name) const override {
    plan::ComponentSchema& schema = known_[std::string(name)];
    schema.kind = kind;
    return &schema;
  }
  std::vector<std::string> names(plan::ComponentKind) const override { return {}; }

 private:
  mutable std::map<std::string, plan::ComponentSchema> known_;
};

using ProvisionScript = std::function<Result<void>(builders::BuildContext&)>;
class ScriptedProvisioner final : public builders::Provisioner {
 public:
  explicit ScriptedProvisioner(ProvisionScript script) : script_(std::move(script)) {}
  builders::Findings prepare(const value::Value&, const builders::PrepareContext&) override {
    return {};
  }
  Result<void> provision(builders::BuildContext& context) override { return script_(context); }

 private:
  ProvisionScript script_;
};

using ProcessScript = std::function<Result<builders::PostProcessed>(const artifact::Artifact&)>;
class ScriptedPostProcessor final : public builders::PostProcessor {
 public:
  explicit ScriptedPostProcessor(ProcessScript script) : script_(std::move(script)) {}
  builders::Findings prepare(const value::Value&, const builders::PrepareContext&) override {
    return {};
  }
  Result<builders::PostProcessed> process(builders::BuildContext&,
                                          const artifact::Artifact& input) override {
    return script_(input);
  }

 private:
  ProcessScript script_;
};

/// Everything a hook needs, in one place.
struct FakeBuild {
  RecordingUi ui;
  NoLedger ledger;
  OpenCatalog catalog;
  SystemClock clock;
  SeededRandom random{7};
  Environment environment;
  CancelToken cancel;
  plan::JobSpec job;
  builders::Registry registry;
  std::vector<std::string> steps;
  ComponentSetup setup{registry, catalog, job.render, environment, clock, random, "/", false};

  builders::BuildContext context() {
    return {.ui = ui,
            .ledger = ledger,
            .clock = clock,
            .random = random,
            .environment = environment,
            .cancel = cancel,
            .render = job.render,
            .working_directory = "/",
            .temp_directory = {},
            .cache_directory = {},
            .run_uuid = "run-1",
            .provision = {},
            .error_cleanup = {},
            .ask = {},
            .communicator = nullptr,
            .http_ip = {},
            .instance_id = {},
            .guest_host = {},
            .ssh_public_key = {},
            .ssh_private_key = {},
            .generated = {},
            .failure = std::nullopt};
  }
  static plan::ComponentSpec component(const std::string& type, const std::string& name = {}) {
    plan::ComponentSpec spec;
    spec.type = type;
    spec.name = name;
    spec.config = value::Value::object({});
    return spec;
  }
};

}  // namespace farm::agent
