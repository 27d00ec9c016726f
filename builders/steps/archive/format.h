// Format: which archive and which compression the name of a file asks for. Pure.
#pragma once

#include <string>

namespace farm::builders::archive {

enum class Container { None, Tar, Zip };
enum class Algorithm { None, Gzip, Bgzf, Lz4, Xz, Bzip2, Zstd };

struct Format {
  Container container = Container::Tar;
  Algorithm algorithm = Algorithm::Gzip;
};

/// By the last extensions of `name`; nothing known: tar + gzip.
Format format_of(const std::string& name);

}  // namespace farm::builders::archive
