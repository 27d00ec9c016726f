#include "builders/external/components.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/communicators/communicator_options.h"
#include "builders/external/guest_calls.h"
#include "builders/external/plugin_process.h"
#include "builders/external/reaper.h"
#include "builders/steps/connect.h"
#include "builders/steps/provision.h"
#include "common/io/files.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;
using plan::ComponentKind;
using value::Value;

// What every program is told of its build.
Result<json> build_facts(const BuildContext& context) {
  json generated = json::object();
  for (const auto& [name, value] : context.generated) {
    if (!value.is_wholly_known()) continue;
    generated[name] = TRY(to_json_document(value));
  }
  json facts = {{"name", context.render.build_name},
                {"type", context.render.build_type},
                {"run_uuid", context.run_uuid},
                {"working_directory", context.working_directory},
                {"temp_directory", context.temp_directory},
                {"cache_directory", context.cache_directory},
                {"force", context.force},
                {"debug", context.debug},
                {"generated", std::move(generated)}};
  if (context.http_port != 0) {
    facts["http_address"] = fmt::format("{}:{}", context.http_ip, context.http_port);
  }
  return facts;
}

Result<json> start_line(const char* kind, const std::string& type, const Value& config,
                        const BuildContext& context) {
  const json options = TRY(to_json_document(config));
  const json facts = TRY(build_facts(context));
  return json{{"type", "start"},   {"protocol", kPluginProtocol}, {"kind", kind},
              {"component", type}, {"config", options},           {"build", facts}};
}

Result<std::vector<std::string>> listed_files(const json& artifact, const BuildContext& context) {
  std::vector<std::string> files;
  const json list = artifact.value("files", json::array());
  if (!list.is_array()) return invalid_input("the artifact's files are no list");
  for (const json& file : list) {
    if (!file.is_string()) return invalid_input("a file of the artifact has no name");
    const std::string path = file.get<std::string>();
    if (!io::exists(io::join_path(context.working_directory, path))) {
      return invalid_input("the artifact names a file that is not there: " + path);
    }
    files.push_back(path);
  }
  return files;
}

// The artifact of a "done" line; empty when it has none.
Result<std::optional<artifact::Artifact>> artifact_of(const json& done, const std::string& type,
                                                      const BuildContext& context) {
  const json described = done.value("artifact", json());
  if (described.is_null()) return std::optional<artifact::Artifact>();
  if (!described.is_object()) return invalid_input("the artifact is no object");
  artifact::Artifact made;
  made.builder_id = "external." + type;
  const auto text = [&](const char* name, std::string& into) {
    const json found = described.value(name, json());
    if (found.is_string()) into = found.get<std::string>();
  };
  text("builder_id", made.builder_id);
  text("id", made.id);
  text("text", made.text);
  made.files = TRY(listed_files(described, context));
  made.destroy_paths = made.files;
  if (made.text.empty()) made.text = fmt::format("{} made {}", type, made.id);
  for (const auto& [name, value] : context.generated) made.state[name] = value;
  return std::optional(std::move(made));
}

class ExternalProvisioner final : public Provisioner {
 public:
  ExternalProvisioner(Plugin plugin, ExternalComponent component)
      : plugin_(std::move(plugin)), component_(std::move(component)) {}

  Findings prepare(const Value& config, const PrepareContext&) override {
    config_ = config;
    return {};
  }

  Result<void> provision(BuildContext& context) override {
    const json start = TRY(start_line("provisioner", component_.name, config_, context));
    GuestCalls calls(context, component_);
    TRY(run_plugin({.plugin = plugin_,
                    .environment = context.environment,
                    .directory = context.working_directory,
                    .start = start,
                    .answer = [&](const std::string& method, const json& parameters) {
                      return calls.answer(method, parameters);
                    },
                    .ui = &context.ui},
                   context.cancel));
    return {};
  }

 private:
  const Plugin plugin_;
  const ExternalComponent component_;
  Value config_;
};

class ExternalPostProcessor final : public PostProcessor {
 public:
  ExternalPostProcessor(Plugin plugin, ExternalComponent component)
      : plugin_(std::move(plugin)), component_(std::move(component)) {}

  Findings prepare(const Value& config, const PrepareContext&) override {
    config_ = config;
    return {};
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    json start = TRY(start_line("post-processor", component_.name, config_, context));
    start["artifact"] = {{"builder_id", input.builder_id},
                         {"id", input.id},
                         {"text", input.text},
                         {"files", input.files}};
    GuestCalls calls(context, component_);
    const json done =
        TRY(run_plugin({.plugin = plugin_,
                        .environment = context.environment,
                        .directory = context.working_directory,
                        .start = start,
                        .answer = [&](const std::string& method, const json& parameters) {
                          return calls.answer(method, parameters);
                        },
                        .ui = &context.ui},
                       context.cancel));
    PostProcessed processed;
    processed.artifact = TRY(artifact_of(done, component_.name, context));
    processed.keep_input = done.value("keep_input", json()) == json(true);
    // "same": the input goes on, as after a manifest.
    if (!processed.artifact && done.value("same", json()) == json(true)) {
      processed.artifact = input;
      processed.keep_input = true;
    }
    return processed;
  }

 private:
  const Plugin plugin_;
  const ExternalComponent component_;
  Value config_;
};

class ExternalBuilder final : public Builder {
 public:
  ExternalBuilder(Plugin plugin, ExternalComponent component)
      : plugin_(std::move(plugin)), component_(std::move(component)) {}

  Findings prepare(const Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = config;
    // Only if the table has the options of the communicators is there anything to decode.
    if (config.get("communicator") != nullptr || config.get("ssh_username") != nullptr ||
        config.get("winrm_username") != nullptr) {
      communicator_ = CommunicatorOptions::decode(config, context, {}, findings);
    } else {
      communicator_.type = CommunicatorType::None;
    }
    return findings;
  }

  Result<std::optional<artifact::Artifact>> run(BuildContext& context) override {
    const json start = TRY(start_line("builder", component_.name, config_, context));
    GuestCalls calls(context, component_);
    Result<json> done = run_plugin(
        {.plugin = plugin_,
         .environment = context.environment,
         .directory = context.working_directory,
         .start = start,
         .answer = [&](const std::string& method, const json& parameters) -> Result<json> {
           if (method == "connect") return connect(context, parameters);
           if (method == "provision") return provision(context);
           return calls.answer(method, parameters);
         },
         .ui = &context.ui},
        context.cancel);
    context.communicator.reset();
    TRY(done);
    return artifact_of(*done, component_.name, context);
  }

 private:
  Result<json> connect(BuildContext& context, const json& parameters) {
    if (communicator_.type != CommunicatorType::None) {
      context.guest_host = communicator_.host();
      context.guest_port = communicator_.port();
    }
    const json host = parameters.value("host", json());
    const json port = parameters.value("port", json());
    if (host.is_string()) context.guest_host = host.get<std::string>();
    if (port.is_number_unsigned() && port.get<uint64_t>() <= 65535) context.guest_port = port;
    const json id = parameters.value("instance_id", json());
    if (id.is_string()) context.instance_id = id.get<std::string>();
    TRY(steps::Connect(communicator_, {}).run(context));
    return json::object();
  }

  static Result<json> provision(BuildContext& context) {
    TRY(run_steps(context, step_list(steps::Provision{})));
    return json::object();
  }

  const Plugin plugin_;
  const ExternalComponent component_;
  Value config_;
  CommunicatorOptions communicator_;
};

}  // namespace

void register_plugins(Registry& registry, const std::vector<Plugin>& plugins) {
  for (const Plugin& plugin : plugins) {
    for (const ExternalComponent& component : plugin.components) {
      switch (component.kind) {
        case ComponentKind::Builder:
          registry.add_builder(component.name, [plugin, component] {
            return std::make_unique<ExternalBuilder>(plugin, component);
          });
          break;
        case ComponentKind::Provisioner:
          registry.add_provisioner(component.name, [plugin, component] {
            return std::make_unique<ExternalProvisioner>(plugin, component);
          });
          break;
        case ComponentKind::PostProcessor:
          registry.add_post_processor(component.name, [plugin, component] {
            return std::make_unique<ExternalPostProcessor>(plugin, component);
          });
          break;
        case ComponentKind::DataSource: break;
      }
      for (const std::string& resource : component.resources) {
        registry.add_reaper(ledger_kind(component.name, resource),
                            plugin_reaper(plugin, component, resource));
      }
    }
  }
}

}  // namespace farm::builders::external
