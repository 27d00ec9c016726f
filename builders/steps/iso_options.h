// IsoOptions: where an installation medium or disk image comes from (iso_url, iso_checksum, ...).
#pragma once

#include <string>
#include <vector>

#include "builders/core/component.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::steps {

struct IsoOptions {
  std::string checksum;           // as the user wrote it; "none" allowed
  std::vector<std::string> urls;  // tried in order
  std::string target_path;
  std::string target_extension = "iso";
};

/// Decodes and checks; findings go to the reader.
IsoOptions read_iso_options(const ConfigReader& reader, const PrepareContext& context);

/// Whether `text` holds a placeholder of something known only when the build runs.
bool is_placeholder(const std::string& text);

/// Scheme of a URL in lower case; "" for a plain path ("C:/x" has none either).
std::string url_scheme(const std::string& url);
/// The local path a file URL or plain path means; empty for any other scheme.
std::string local_path_of(const std::string& url);
/// Last path segment of a URL without its query, percent-decoded.
std::string url_file_name(const std::string& url);

}  // namespace farm::builders::steps
