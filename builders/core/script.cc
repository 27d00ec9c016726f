#include "builders/core/script.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>

#include "common/template/interpolate/engine.h"

namespace farm::builders {
namespace {

std::string errno_text(int error) {
  std::string text = system_error("", error).message;
  text = text.substr(2);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

}  // namespace

std::string resolve_path(const PrepareContext& context, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  if (path == "~" || path.starts_with("~/")) {
    return context.environment.get_or("HOME", "/") + path.substr(1);
  }
  return context.working_directory + "/" + path;
}

ScriptOptions decode_script_options(const ConfigReader& config, const PrepareContext& context) {
  ScriptOptions options;
  Findings& findings = config.findings();
  options.inline_lines = config.strings("inline");
  options.scripts = config.strings("scripts");
  const std::string script = config.string("script");
  if (!script.empty() && !options.scripts.empty()) {
    findings.errors.emplace_back("Only one of script or scripts can be specified.");
  }
  if (!script.empty()) options.scripts.insert(options.scripts.begin(), script);
  options.environment_vars = config.strings("environment_vars");
  for (const std::string& variable : options.environment_vars) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) {
      findings.errors.push_back("Environment variable not in format 'key=value': " + variable);
    }
  }
  options.env = config.string_map("env");
  if (config.has("valid_exit_codes")) options.valid_exit_codes = config.integers("valid_exit_codes");
  if (options.valid_exit_codes.empty()) options.valid_exit_codes = {0};
  options.env_var_format = config.string("env_var_format");
  for (const std::string& path : options.scripts) {
    if (context.placeholders && path.find("<unknown>") != std::string::npos) continue;
    struct stat status {};
    if (::stat(resolve_path(context, path).c_str(), &status) != 0) {
      findings.errors.push_back(
          fmt::format("Bad script '{}': stat {}: {}", path, path, errno_text(errno)));
    }
  }
  return options;
}

std::map<std::string, std::string> script_environment(const ScriptOptions& options,
                                                      const BuildContext& context) {
  std::map<std::string, std::string> variables;
  variables["PACKER_BUILD_NAME"] = context.render.build_name;
  variables["PACKER_BUILDER_TYPE"] = context.render.build_type;
  if (context.http_port != 0) {
    const std::string port = std::to_string(context.http_port);
    variables["PACKER_HTTP_ADDR"] = context.http_ip + ":" + port;
    variables["PACKER_HTTP_IP"] = context.http_ip;
    variables["PACKER_HTTP_PORT"] = port;
  }
  for (const std::string& variable : options.environment_vars) {
    const size_t equals = variable.find('=');
    variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  for (const auto& [name, value] : options.env) variables[name] = value;
  return variables;
}

void require_one_kind_of_script(const ScriptOptions& options, Findings& findings) {
  if (options.scripts.empty() && options.inline_lines.empty()) {
    findings.errors.emplace_back("Either a script file or inline script must be specified.");
  } else if (!options.scripts.empty() && !options.inline_lines.empty()) {
    findings.errors.emplace_back(
        "Only a script file or an inline script can be specified, not both.");
  }
}

std::string format_environment(const std::map<std::string, std::string>& variables,
                               const std::string& format) {
  return format_environment(variables, format, [](std::string_view value) {
    std::string text;
    for (const char c : value) {
      if (c == '\'') {
        text += R"('"'"')";
      } else {
        text += c;
      }
    }
    return text;
  });
}

std::string format_environment(const std::map<std::string, std::string>& variables,
                               const std::string& format,
                               const std::function<std::string(std::string_view)>& quoted) {
  std::string out;
  for (const auto& [name, value] : variables) {
    int given = 0;
    for (size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%' || i + 1 == format.size()) {
        out += format[i];
        continue;
      }
      const char verb = format[++i];
      if (verb == '%') {
        out += '%';
      } else if (verb == 's' && given < 2) {
        out += given++ == 0 ? name : quoted(value);
      } else {
        out += '%';
        out += verb;
      }
    }
  }
  return out;
}

Result<void> check_exit_code(int status, const std::vector<int64_t>& valid) {
  if (std::find(valid.begin(), valid.end(), status) != valid.end()) return {};
  return invalid_input(
      fmt::format("Script exited with non-zero exit status: {}. Allowed exit codes are: [{}]",
                  status, fmt::join(valid, " ")));
}

std::string inline_script(const std::vector<std::string>& lines, const std::string& shebang,
                          const std::string& default_shebang) {
  std::string text;
  const bool own = !lines.empty() && lines[0].starts_with("#!") && shebang.empty();
  if (!own) text = "#!" + (shebang.empty() ? default_shebang : shebang) + "\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

Result<std::string> render_late(const std::string& text, const BuildContext& context,
                                const std::map<std::string, std::string>& data) {
  interpolate::Context engine{.inputs = context.render, .random = context.random, .data = {}};
  for (const auto& [name, value] : context.generated) engine.data[name] = value;
  for (const auto& [name, value] : data) engine.data[name] = value::Value::string(value);
  engine.generated = &context.generated;
  return interpolate::render(text, engine);
}

}  // namespace farm::builders
