#include "builders/post_processors/vagrant/config.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/utsname.h>

#include "builders/core/config_check.h"
#include "builders/core/script.h"
#include "builders/post_processors/vagrant/provider_names.h"
#include "common/io/files.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::post_processor_vagrant {
namespace {

using value::Value;

constexpr const char* kOptions[] = {"compression_level",
                                    "include",
                                    "output",
                                    "vagrantfile_template",
                                    "vagrantfile_template_generated",
                                    "provider_override",
                                    "architecture"};

bool is_provider(const std::string& name) {
  return std::find(std::begin(kProviderNames), std::end(kProviderNames), name) !=
         std::end(kProviderNames);
}

bool has_entries(const Value& value) {
  return value.is_known() && !value.is_null() &&
         (value.type().kind() == value::Kind::Object || value.type().kind() == value::Kind::Map);
}

// `config` with the options of one override in place of its own.
Value merged(const Value& config, const Value& override) {
  Value::Map options = config.entries();
  for (const auto& [name, option] : override.entries()) options[name] = option;
  return Value::object(std::move(options));
}

Config read(const Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  const int64_t level = reader.integer("compression_level", -1);
  if (level < -1 || level > 9) {
    findings.errors.push_back(fmt::format(
        "compression_level must be between 0 and 9, or -1 for the default, not {}", level));
  }
  decoded.compression_level = static_cast<int>(std::clamp<int64_t>(level, -1, 9));
  decoded.include = reader.strings("include");
  decoded.output = reader.string("output");
  if (decoded.output.empty()) {
    decoded.output = "packer_{{ .BuildName }}_{{.Provider}}_{{.Architecture}}.box";
  }
  const Result<void> good = interpolate::check_syntax(decoded.output);
  if (!good) findings.errors.push_back("Error parsing output template: " + good.error().message);
  decoded.vagrantfile_template = reader.string("vagrantfile_template");
  decoded.vagrantfile_template_generated = reader.boolean("vagrantfile_template_generated");
  const std::string& file = decoded.vagrantfile_template;
  const bool unknown = context.placeholders && file.find("<unknown>") != std::string::npos;
  if (!file.empty() && !decoded.vagrantfile_template_generated && !unknown &&
      !io::exists(resolve_path(context, file))) {
    findings.errors.push_back(fmt::format("vagrantfile_template '{}' does not exist", file));
  }
  decoded.provider_override = reader.string("provider_override");
  if (!decoded.provider_override.empty() && !is_provider(decoded.provider_override)) {
    findings.errors.push_back(
        fmt::format("The given provider_override '{}' is not supported: one of {}",
                    decoded.provider_override, fmt::join(kProviderNames, ", ")));
  }
  decoded.architecture = reader.string("architecture");
  if (decoded.architecture.empty()) decoded.architecture = host_architecture();
  return decoded;
}

void check_override(const std::string& name, const Value& options, Findings& findings) {
  if (!is_provider(name)) {
    findings.errors.push_back(fmt::format("override: '{}' is no provider: one of {}", name,
                                          fmt::join(kProviderNames, ", ")));
  }
  if (!has_entries(options)) {
    findings.errors.push_back(fmt::format("override '{}' must be a map of options", name));
    return;
  }
  for (const auto& [option, value] : options.entries()) {
    if (std::find(std::begin(kOptions), std::end(kOptions), option) == std::end(kOptions)) {
      findings.errors.push_back(
          fmt::format("override '{}': there is no option '{}'", name, option));
    }
  }
}

}  // namespace

std::string host_architecture() {
  utsname host{};
  if (::uname(&host) != 0) return "amd64";
  const std::string machine = host.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine.size() == 4 && machine[0] == 'i' && machine.ends_with("86")) return "i386";
  return machine;
}

Config decode(const Value& config, const PrepareContext& context, const std::string& provider,
              Findings& findings) {
  const ConfigReader reader(config, findings);
  const Value* overrides = reader.find("override");
  if (overrides == nullptr || !has_entries(*overrides)) return read(config, context, findings);
  if (!provider.empty()) {
    const Value* own = overrides->get(provider);
    const bool given = own != nullptr && has_entries(*own);
    return read(given ? merged(config, *own) : config, context, findings);
  }
  for (const auto& [name, options] : overrides->entries()) {
    check_override(name, options, findings);
    if (has_entries(options)) (void)read(merged(config, options), context, findings);
  }
  return read(config, context, findings);
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "vagrant",
             [](const Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, {}, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_vagrant
