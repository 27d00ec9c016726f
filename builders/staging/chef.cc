#include "builders/staging/chef.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/staging/local_path.h"

namespace farm::builders::staging {
namespace {

std::string decode_attributes(const ConfigReader& reader) {
  Findings& findings = reader.findings();
  std::string text = reader.string("json_string");
  const value::Value* given = reader.find("json");
  if (given != nullptr) {
    if (!text.empty()) {
      findings.errors.emplace_back("Only one of json and json_string can be specified.");
    }
    Result<std::string> encoded = value::to_json(given->without_marks());
    if (!encoded) {
      findings.errors.push_back("json: " + encoded.error().message);
      return {};
    }
    text = *std::move(encoded);
  }
  if (text.empty()) return {};
  const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object()) {
    findings.errors.emplace_back("json_string: a JSON object is required");
    return {};
  }
  return text;
}

}  // namespace

ChefOptions decode_chef(const ConfigReader& reader, const PrepareContext& context) {
  ChefOptions options;
  options.attributes = decode_attributes(reader);
  options.run_list = reader.strings("run_list");
  options.chef_environment = reader.string("chef_environment");
  options.config_template = reader.string("config_template");
  options.encrypted_data_bag_secret_path = reader.string("encrypted_data_bag_secret_path");
  options.execute_command = reader.string("execute_command");
  options.guest_os_type = decode_guest_os_type(reader);
  options.install_command = reader.string("install_command");
  options.prevent_sudo = reader.boolean("prevent_sudo");
  options.skip_install = reader.boolean("skip_install");
  options.chef_license = reader.string("chef_license");
  // Without an installation Chef may be a release that knows no licence.
  if (options.chef_license.empty() && !options.skip_install) {
    options.chef_license = "accept-silent";
  }
  options.staging_directory = reader.string("staging_directory");
  options.version = reader.string("version");
  require_file(context, "config_template", options.config_template, reader.findings());
  require_file(context, "encrypted_data_bag_secret_path", options.encrypted_data_bag_secret_path,
               reader.findings());
  return options;
}

Result<std::string> chef_attributes(const ChefOptions& options) {
  nlohmann::json node = nlohmann::json::object();
  if (!options.attributes.empty()) {
    node = nlohmann::json::parse(options.attributes, nullptr, false);
    if (!node.is_object()) return invalid_input("json_string: a JSON object is required");
  }
  if (!options.run_list.empty()) node["run_list"] = options.run_list;
  std::string text;
  // Markup characters only occur inside strings.
  for (const char c : node.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&') {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text += c;
    }
  }
  return text;
}

const char* chef_install_command(GuestOs os) {
  if (os == GuestOs::Windows) {
    return "powershell.exe -Command \". { iwr -useb https://omnitruck.chef.io/install.ps1 } | iex; "
           "Install-Project{{if .Version}} -version {{.Version}}{{end}}\"";
  }
  return "curl -L https://omnitruck.chef.io/install.sh | {{if .Sudo}}sudo {{end}}bash -s --"
         "{{if .Version}} -v {{.Version}}{{end}}";
}

std::string chef_section(const std::string& lines) {
  return lines.empty() ? "\n" : "\n" + lines + "\n";
}

std::string chef_setting(const std::string& name, const std::string& value) {
  return value.empty() ? "" : fmt::format("{}\"{}\"\n", name, value);
}

}  // namespace farm::builders::staging
