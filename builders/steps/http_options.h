// HttpOptions: the HTTP server that guests fetch their answers from (http_directory, ...).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "builders/core/component.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::steps {

struct HttpOptions {
  std::string directory;
  std::map<std::string, std::string> content;
  uint16_t port_min = 8000;
  uint16_t port_max = 9000;
  std::string bind_address;  // empty: the platform's default
  std::string interface;
  std::string network_protocol = "tcp";
  bool wanted() const { return !directory.empty() || !content.empty(); }
};

HttpOptions read_http_options(const ConfigReader& reader, const PrepareContext& context);

/// Reads `<prefix>_min` and `<prefix>_max` as a port range; a finding when it is empty or beyond
/// 65535.
void read_port_range(const ConfigReader& reader, const std::string& prefix, uint16_t& low,
                     uint16_t& high);

}  // namespace farm::builders::steps
