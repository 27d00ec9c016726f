#include "builders/steps/http_options.h"

#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/steps/iso_options.h"
#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

void check_sources(const HttpOptions& options, const PrepareContext& context,
                   Findings& findings) {
  if (!options.directory.empty() && !options.content.empty()) {
    findings.errors.push_back("http_content cannot be used in conjunction with http_directory");
  }
  const std::string path = io::join_path(context.working_directory, options.directory);
  if (!options.directory.empty() && !is_placeholder(options.directory) &&
      !io::is_directory(path)) {
    findings.errors.push_back(
        fmt::format("http_directory: {} is not a directory", options.directory));
  }
  for (const auto& [key, text] : options.content) {
    if (!key.starts_with('/')) {
      findings.errors.push_back(fmt::format("http_content: path \"{}\" must start with /", key));
    }
  }
}

}  // namespace

void read_port_range(const ConfigReader& reader, const std::string& prefix, uint16_t& low,
                     uint16_t& high) {
  const int64_t first = reader.integer(prefix + "_min", low);
  const int64_t last = reader.integer(prefix + "_max", high);
  Findings& findings = reader.findings();
  if (first < 0 || last < 0 || first > 65535 || last > 65535) {
    findings.errors.push_back(
        fmt::format("{0}_min and {0}_max must be between 0 and 65535", prefix));
    return;
  }
  if (first > last) {
    findings.errors.push_back(fmt::format("{0}_min must be less than {0}_max", prefix));
    return;
  }
  low = static_cast<uint16_t>(first);
  high = static_cast<uint16_t>(last);
}

HttpOptions read_http_options(const ConfigReader& reader, const PrepareContext& context) {
  HttpOptions options;
  Findings& findings = reader.findings();
  options.directory = reader.string("http_directory");
  options.content = reader.string_map("http_content");
  read_port_range(reader, "http_port", options.port_min, options.port_max);
  options.bind_address = reader.string("http_bind_address");
  options.interface = reader.string("http_interface");
  options.network_protocol = reader.string("http_network_protocol", "tcp");
  reader.require_one_of("http_network_protocol", {"tcp", "tcp4", "tcp6", "unix", "unixpacket"});
  if (options.network_protocol == "unix" || options.network_protocol == "unixpacket") {
    findings.errors.push_back(fmt::format(
        "http_network_protocol: {} is not supported (guests reach the server by TCP only)",
        options.network_protocol));
  }
  if (!options.bind_address.empty() && !options.interface.empty()) {
    findings.errors.push_back("either http_interface or http_bind_address can be specified");
  }
  check_sources(options, context, findings);
  return options;
}

}  // namespace farm::builders::steps
