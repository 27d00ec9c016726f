// Options of the `compress` post-processor: which archive and which compression the output's name
// asks for. Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::post_processor_compress {

enum class Archive { None, Tar, Zip };
enum class Algorithm { None, Gzip, Bgzf, Lz4, Xz, Bzip2, Zstd };

struct Format {
  Archive archive = Archive::Tar;
  Algorithm algorithm = Algorithm::Gzip;
};

struct Config {
  std::string output;  // rendered late
  std::string format;
  int level = -1;  // -1: the algorithm's default
};

Config decode(const value::Value& config, Findings& findings);
/// By the last extensions of `name` (plus "." + format); nothing known: tar + gzip.
Format format_of(const std::string& name);

}  // namespace farm::builders::post_processor_compress
