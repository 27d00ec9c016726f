#include "builders/steps/archive/format.h"

#include <optional>

namespace farm::builders::archive {
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
  if (extension == "zst" || extension == "zstd") return Algorithm::Zstd;
  return std::nullopt;
}

}  // namespace

Format format_of(const std::string& name) {
  std::string rest = name;
  const std::string last = take_extension(rest);
  if (last == "tar") return {Container::Tar, Algorithm::None};
  if (last == "zip") return {Container::Zip, Algorithm::None};
  const std::optional<Algorithm> algorithm = algorithm_of(last);
  if (!algorithm) return {};
  return {take_extension(rest) == "tar" ? Container::Tar : Container::None, *algorithm};
}

}  // namespace farm::builders::archive
