#include "builders/post_processors/compress/config.h"

#include <algorithm>
#include <optional>

#include "builders/core/config_check.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::post_processor_compress {
namespace {

// Takes the last extension off `name`: "a.tar.gz" -> "gz", name "a.tar".
std::string take_extension(std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || name.find('/', dot) != std::string::npos) return {};
  std::string extension = name.substr(dot + 1);
  name.resize(dot);
  return extension;
}

std::optional<Algorithm> algorithm_of(const std::string& extension) {
  if (extension == "gz") return Algorithm::Gzip;
  if (extension == "bgzf") return Algorithm::Bgzf;
  if (extension == "lz4") return Algorithm::Lz4;
  if (extension == "xz") return Algorithm::Xz;
  if (extension == "bzip2" || extension == "bz2") return Algorithm::Bzip2;
  if (extension == "zst") return Algorithm::Zstd;
  return std::nullopt;
}

}  // namespace

Format format_of(const std::string& name) {
  std::string rest = name;
  const std::string last = take_extension(rest);
  if (last == "tar") return {Archive::Tar, Algorithm::None};
  if (last == "zip") return {Archive::Zip, Algorithm::None};
  const std::optional<Algorithm> algorithm = algorithm_of(last);
  if (!algorithm) return {};
  return {take_extension(rest) == "tar" ? Archive::Tar : Archive::None, *algorithm};
}

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
