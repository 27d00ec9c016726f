#include "builders/provisioners/file/config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "builders/core/config_check.h"
#include "builders/core/script.h"

namespace farm::builders::provisioner_file {

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.sources = reader.strings("sources");
  const std::string source = reader.string("source");
  if (!source.empty()) decoded.sources.insert(decoded.sources.begin(), source);
  decoded.has_content = reader.has("content") && !reader.string("content").empty();
  decoded.content = reader.string("content");
  decoded.destination = reader.string("destination");
  const std::string direction = reader.string("direction", "upload");
  decoded.download = direction == "download";
  if (direction != "upload" && direction != "download") {
    findings.errors.emplace_back("Direction must be one of: download, upload.");
  }
  if (decoded.has_content && !decoded.sources.empty()) {
    findings.errors.emplace_back("source(s) conflicts with content.");
  }
  if (decoded.has_content && decoded.download) {
    findings.errors.emplace_back("content is only valid with direction = \"upload\".");
  }
  if (!decoded.has_content && decoded.sources.empty()) {
    findings.errors.emplace_back("Source must be specified.");
  }
  if (decoded.destination.empty()) findings.errors.emplace_back("Destination must be specified.");
  if (decoded.download || reader.boolean("generated")) return decoded;
  for (const std::string& path : decoded.sources) {
    if (context.placeholders && path.find("<unknown>") != std::string::npos) continue;
    struct stat status {};
    if (::stat(resolve_path(context, path).c_str(), &status) != 0) {
      findings.errors.push_back(
          fmt::format("Bad source '{}': stat {}: no such file or directory", path, path));
    }
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "file",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_file
