#include "builders/platforms/docker/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"
#include "builders/core/script.h"
#include "common/io/files.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::platform_docker {
namespace {

bool is_placeholder(const PrepareContext& context, const std::string& text) {
  return context.placeholders && text.find("<unknown>") != std::string::npos;
}

void read_build(const ConfigReader& reader, const PrepareContext& context, DockerConfig& config) {
  const std::vector<value::Value> blocks = reader.blocks("build");
  if (blocks.empty()) return;
  Findings& findings = reader.findings();
  const ConfigReader inner(blocks.front(), findings);
  ImageBuild& build = config.build;
  build.path = inner.string("path");
  build.directory = inner.string("build_dir");
  if (build.directory.empty()) build.directory = ".";
  build.arguments = inner.string_map("arguments");
  build.pull = inner.tribool("pull").value_or(true);
  build.compress = inner.boolean("compress");
  if (build.path.empty()) {
    findings.errors.emplace_back("build: `path` to a Dockerfile must be specified");
    return;
  }
  const std::string file = resolve_path(context, build.path);
  if (!is_placeholder(context, file) && (!io::exists(file) || io::is_directory(file))) {
    findings.errors.push_back(fmt::format("build: `path` \"{}\" is not a file", build.path));
  }
  const std::string folder = resolve_path(context, build.directory);
  if (!is_placeholder(context, folder) && !io::is_directory(folder)) {
    findings.errors.push_back(
        fmt::format("build: `build_dir` \"{}\" is not a directory", build.directory));
  }
}

void read_source(const ConfigReader& reader, const PrepareContext& context, DockerConfig& config) {
  Findings& findings = reader.findings();
  config.image = reader.string("image");
  read_build(reader, context, config);
  const bool builds = reader.has("build");
  if (config.image.empty() && !builds) {
    findings.errors.emplace_back("one of `image` or `build` must be specified");
  } else if (!config.image.empty() && builds) {
    findings.errors.emplace_back("only one of `image` and `build` can be specified");
  }
  config.pull = reader.boolean("pull", !builds);
  if (builds && reader.has("pull")) {
    findings.warnings.emplace_back(
        "`pull` is ignored when the image is built; set it in the `build` block");
  }
  config.platform = reader.string("platform");
}

void read_outcome(const ConfigReader& reader, const PrepareContext& context, DockerConfig& config) {
  Findings& findings = reader.findings();
  config.export_path = reader.string("export_path");
  const bool commit = reader.boolean("commit");
  const bool discard = reader.boolean("discard");
  const int ways = (commit ? 1 : 0) + (discard ? 1 : 0) + (config.export_path.empty() ? 0 : 1);
  if (ways == 0) {
    findings.errors.emplace_back(
        "No instructions given for handling the artifact; expected commit, discard, or "
        "export_path");
  } else if (ways > 1) {
    findings.errors.emplace_back(
        "Cannot specify more than one of commit, discard, and export_path");
  }
  if (!config.export_path.empty() && io::is_directory(resolve_path(context, config.export_path))) {
    findings.errors.emplace_back("export_path must be a file, not a directory");
  }
  config.outcome = commit ? Outcome::Commit : discard ? Outcome::Discard : Outcome::Export;
  config.author = reader.string("author");
  config.changes = reader.strings("changes");
  config.message = reader.string("message");
}

void read_container(const ConfigReader& reader, DockerConfig& config) {
  const bool windows = config.windows_container;
  config.run_command = reader.strings("run_command");
  if (config.run_command.empty()) {
    config.run_command = {"-d", "-i",
                          "-t", windows ? "--entrypoint=powershell" : "--entrypoint=/bin/sh",
                          "--", "{{.Image}}"};
  }
  for (const std::string& word : config.run_command) {
    const Result<void> good = interpolate::check_syntax(word);
    if (!good) reader.findings().errors.push_back("run_command: " + good.error().message);
  }
  config.container_dir = reader.string("container_dir");
  if (config.container_dir.empty()) {
    config.container_dir = windows ? "c:/packer-files" : "/packer-files";
  }
  config.device = reader.strings("device");
  config.cap_add = reader.strings("cap_add");
  config.cap_drop = reader.strings("cap_drop");
  config.privileged = reader.boolean("privileged");
  config.runtime = reader.string("runtime");
  config.tmpfs = reader.strings("tmpfs");
  config.volumes = reader.string_map("volumes");
  config.exec_user = reader.string("exec_user");
  config.pty = reader.boolean("pty");
  config.fix_upload_owner = reader.boolean("fix_upload_owner", true);
}

void check_communicator(const DockerConfig& config, Findings& findings) {
  const CommunicatorType type = config.communicator.type;
  if (type == CommunicatorType::DockerWindowsContainer && !config.windows_container) {
    findings.errors.emplace_back(
        "the communicator \"dockerWindowsContainer\" needs windows_container = true");
  }
  if (type == CommunicatorType::Docker && config.windows_container) {
    findings.errors.emplace_back(
        "with windows_container the communicator must be \"dockerWindowsContainer\"");
  }
}

}  // namespace

DockerConfig DockerConfig::decode(const value::Value& value, const PrepareContext& context,
                                  Findings& findings) {
  const ConfigReader reader(value, findings);
  DockerConfig config;
  config.windows_container = reader.boolean("windows_container");
  CommunicatorRules rules;
  rules.docker = true;
  rules.other = config.windows_container ? CommunicatorType::DockerWindowsContainer
                                         : CommunicatorType::Docker;
  config.communicator = CommunicatorOptions::decode(value, context, rules, findings);
  config.login = docker::read_login_options(reader);
  config.docker_path = docker::read_docker_path(reader);
  read_source(reader, context, config);
  read_outcome(reader, context, config);
  read_container(reader, config);
  check_communicator(config, findings);
  return config;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "docker",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)DockerConfig::decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_docker
