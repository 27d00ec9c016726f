#include "builders/provisioners/ansible/playbook.h"

#include <cstdlib>
#include <fmt/format.h>

#include "builders/staging/guest.h"

namespace farm::builders::provisioner_ansible {
namespace {

using value::Value;

constexpr const char* kSshHost =
    "{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} ansible_port={{ .Port }}\n";
constexpr const char* kWinRmHost =
    "{{ .HostAlias }} ansible_host={{ .Host }} ansible_connection=winrm "
    "ansible_winrm_transport=basic ansible_shell_type=powershell ansible_user={{ .User }} "
    "ansible_port={{ .Port }}\n";

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  for (std::string& word : more) to.push_back(std::move(word));
}

// An option whose value starts with a dash: Ansible takes it for another option when it is one
// word.
void append_dashed(std::vector<std::string>& to, const std::string& option,
                   const std::string& value) {
  if (value.find(' ') == std::string::npos) {
    to.push_back(option + "=" + value);
  } else {
    append(to, {option, value});
  }
}

// As Ansible reads k=v arguments: a value in double quotes may hold anything.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// "x.y" at the start of the first number with a dot in `text`; {-1, -1} when there is none.
std::pair<int, int> first_version(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') continue;
    char* end = nullptr;
    const long major = std::strtol(text.c_str() + i, &end, 10);
    if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
      return {static_cast<int>(major), static_cast<int>(std::strtol(end + 1, nullptr, 10))};
    }
    i = static_cast<size_t>(end - text.c_str());
  }
  return {-1, -1};
}

}  // namespace

Result<std::string> inventory_text(const Config& config, const Target& target,
                                   BuildContext& context) {
  std::string host = config.inventory_file_template;
  if (host.empty()) host = target.way == Target::Way::WinRm ? kWinRmHost : kSshHost;
  const std::string line = TRY(staging::render_command(
      host, context, {{"HostAlias", Value::string(config.host_alias)},
                      {"Host", Value::string(target.host)},
                      {"User", Value::string(target.user)},
                      {"Port", Value::string(std::to_string(target.port))}}));
  std::string text = line;
  if (!text.ends_with('\n')) text += '\n';
  const std::string host_line = text;
  for (const std::string& group : config.groups) text += "[" + group + "]\n" + host_line;
  for (const std::string& group : config.empty_groups) text += "[" + group + "]\n";
  return text;
}

std::vector<std::string> playbook_command(const Config& config, const Target& target,
                                          const BuildContext& context,
                                          const std::string& inventory) {
  std::vector<std::string> words = {config.command, "-e",
                                    "packer_build_name=" + quoted(context.render.build_name), "-e",
                                    "packer_builder_type=" + context.render.build_type};
  if (context.http_port != 0) {
    append(words,
           {"-e", fmt::format("packer_http_addr={}:{}", context.http_ip, context.http_port)});
  }
  if (target.way != Target::Way::WinRm) {
    append_dashed(words, "--ssh-extra-args",
                  fmt::format("{}", fmt::join(config.ansible_ssh_extra_args, " ")));
    if (target.scp_needs_legacy_flag) append_dashed(words, "--scp-extra-args", "-O");
  } else if (config.ansible_winrm_use_http) {
    append(words, {"-e", "ansible_winrm_scheme=http"});
  }
  append(words, config.extra_arguments);
  if (!target.private_key_file.empty()) {
    append(words, {"-e", "ansible_ssh_private_key_file=" + target.private_key_file});
  }
  if (!target.secrets_file.empty()) append(words, {"-e", "@" + target.secrets_file});
  append(words, {"-i", inventory, resolve_path(context, config.playbook_file)});
  return words;
}

std::map<std::string, std::string> ansible_environment(const Config& config,
                                                       const BuildContext& context) {
  std::map<std::string, std::string> variables = context.environment.all();
  variables["ANSIBLE_HOST_KEY_CHECKING"] = "False";
  if (!config.use_sftp) {
    variables["ANSIBLE_SCP_IF_SSH"] = "True";
    variables.emplace("ANSIBLE_SSH_TRANSFER_METHOD", "scp");
  }
  if (!config.roles_path.empty()) variables["ANSIBLE_ROLES_PATH"] = config.roles_path;
  if (!config.collections_path.empty()) {
    variables["ANSIBLE_COLLECTIONS_PATH"] = config.collections_path;
  }
  for (const std::string& variable : config.ansible_env_vars) {
    const size_t equals = variable.find('=');
    if (equals != std::string::npos) {
      variables[variable.substr(0, equals)] = variable.substr(equals + 1);
    }
  }
  return variables;
}

std::vector<std::vector<std::string>> galaxy_commands(const Config& config,
                                                      const std::string& galaxy_text) {
  const std::string text = "\n" + galaxy_text;
  const bool collections = text.find("\ncollections:") != std::string::npos;
  const bool roles = !collections || text.find("\nroles:") != std::string::npos;
  const auto finish = [&](std::vector<std::string> words, const std::string& path) {
    if (config.galaxy_force_install) words.emplace_back("-f");
    if (config.galaxy_force_with_deps) words.emplace_back("--force-with-deps");
    if (!path.empty()) append(words, {"-p", path});
    return words;
  };
  std::vector<std::vector<std::string>> commands;
  if (roles) {
    commands.push_back(finish({config.galaxy_command, "install", "-r", config.galaxy_file},
                              config.roles_path));
  }
  if (collections) {
    commands.push_back(
        finish({config.galaxy_command, "collection", "install", "-r", config.galaxy_file},
               config.collections_path));
  }
  return commands;
}

Result<void> check_ansible_version(const std::string& output) {
  const std::string line = output.substr(0, output.find('\n'));
  const auto [major, minor] = first_version(line);
  if (major < 0) {
    return invalid_input("ansible-playbook --version tells no version: " + line);
  }
  if (major < 1 || (major == 1 && minor < 6)) {
    return invalid_input(fmt::format("Ansible {}.{} is too old: 1.6.0 or later is needed", major,
                                     minor));
  }
  return {};
}

bool scp_speaks_sftp(const std::string& ssh_version) {
  const size_t at = ssh_version.find("OpenSSH_");
  return at != std::string::npos && first_version(ssh_version.substr(at)).first >= 9;
}

}  // namespace farm::builders::provisioner_ansible
