#include "builders/provisioners/hcp_sbom/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "builders/core/config_check.h"

namespace farm::builders::provisioner_hcp_sbom {
namespace {

// As where a scanner is downloaded, but without sudo: listing packages needs no privileges.
constexpr const char* kExecute =
    "chmod +x {{.Path}} && {{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > {{.Output}}";

bool good_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
  };
  return name.size() >= 3 && name.size() <= 36 && std::all_of(name.begin(), name.end(), allowed);
}

// What scanners are told about their output; the rest has no meaning without a scanner.
void read_scanner_arguments(const ConfigReader& reader, Config& decoded) {
  const std::vector<std::string> words = reader.strings("scanner_args");
  for (size_t i = 0; i < words.size(); ++i) {
    decoded.arguments += (i == 0 ? "" : " ") + words[i];
    if (words[i] == "-q" || words[i] == "--quiet") continue;
    const bool output = words[i] == "-o" || words[i] == "--output";
    const std::string format = output && i + 1 < words.size() ? words[++i] : std::string();
    if (output) decoded.arguments += " " + format;
    if (format == "cyclonedx-json") {
      decoded.format = Format::CycloneDx;
    } else if (format == "spdx-json") {
      decoded.format = Format::Spdx;
    } else {
      reader.findings().errors.push_back(fmt::format(
          "scanner_args: farm lists the packages itself and knows \"-o cyclonedx-json\", \"-o "
          "spdx-json\" and \"-q\", not \"{}\"",
          output ? words[i - 1] + " " + format : words[i]));
    }
  }
}

void refuse_scanner(const ConfigReader& reader) {
  for (const char* name : {"scanner_url", "scanner_checksum"}) {
    if (reader.string(name).empty()) continue;
    reader.findings().errors.push_back(fmt::format(
        "{}: farm lists the packages itself and downloads no scanner; remove it", name));
  }
  for (const char* name : {"elevated_user", "elevated_password"}) {
    if (reader.string(name).empty()) continue;
    reader.findings().errors.push_back(fmt::format(
        "{}: packages of Windows cannot be listed; give a file made by your own scanner as source",
        name));
  }
}

}  // namespace

Config decode(const value::Value& config, const PrepareContext&, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.source = reader.string("source");
  decoded.destination = reader.string("destination");
  decoded.sbom_name = reader.string("sbom_name");
  decoded.auto_generate = reader.boolean("auto_generate");
  decoded.scan_path = reader.string("scan_path", "/");
  decoded.execute_command = reader.string("execute_command", kExecute);
  read_scanner_arguments(reader, decoded);
  refuse_scanner(reader);
  if (decoded.source.empty() && !decoded.auto_generate) {
    findings.errors.emplace_back("source must be specified, or auto_generate set");
  } else if (!decoded.source.empty() && decoded.auto_generate) {
    findings.errors.emplace_back("source and auto_generate exclude each other");
  }
  if (!decoded.sbom_name.empty() && !good_name(decoded.sbom_name)) {
    findings.errors.push_back(fmt::format(
        "sbom_name \"{}\" must have 3 to 36 characters of A-Z, a-z, 0-9, - and _",
        decoded.sbom_name));
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "hcp-sbom",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_hcp_sbom
