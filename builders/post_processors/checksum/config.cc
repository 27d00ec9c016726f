#include "builders/post_processors/checksum/config.h"

#include <algorithm>

#include "builders/core/config_check.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::post_processor_checksum {
namespace {
constexpr const char* kTypes[] = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};
}

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  if (reader.has("checksum_types")) decoded.types = reader.strings("checksum_types");
  if (decoded.types.empty()) decoded.types = {"md5"};
  for (const std::string& type : decoded.types) {
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
      findings.errors.push_back("Unrecognized checksum type: " + type);
    }
  }
  decoded.output = reader.string("output");
  if (decoded.output.empty()) {
    decoded.output = "packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum";
  }
  Result<void> good = interpolate::check_syntax(decoded.output);
  if (!good) findings.errors.push_back("Error parsing target template: " + good.error().message);
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "checksum",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_checksum
