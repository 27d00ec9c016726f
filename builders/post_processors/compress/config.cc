#include "builders/post_processors/compress/config.h"

#include <algorithm>

#include "builders/core/config_check.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::post_processor_compress {

Config decode(const value::Value& config, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.output = reader.string("output");
  if (decoded.output.empty()) decoded.output = "packer_{{.BuildName}}_{{.BuilderType}}";
  decoded.format = reader.string("format");
  decoded.level = static_cast<int>(reader.integer("compression_level", -1));
  if (decoded.level == 0) decoded.level = -1;
  decoded.level = std::clamp(decoded.level, -1, 9);
  for (const char* gone : {"archive", "algorithm"}) {
    if (reader.has(gone)) {
      findings.errors.push_back(std::string("`") + gone +
                                "` is not read; give the format as extension of `output`");
    }
  }
  Result<void> good = interpolate::check_syntax(decoded.output);
  if (!good) findings.errors.push_back("Error parsing target template: " + good.error().message);
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "compress",
             [](const value::Value& config, const PrepareContext&) {
               Findings findings;
               (void)decode(config, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_compress
