// Checksum: the iso_checksum option in all its forms, and look-up in checksum files. Pure: it
// reads text that somebody else fetched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/io/digests.h"

namespace farm::builders::steps {

struct Checksum {
  enum class Form { None, Digest, File };
  Form form = Form::None;
  io::DigestKind kind = io::DigestKind::Sha256;
  std::string hex;   // Digest: lower case
  std::string file;  // File: URL or path of a checksum file

  /// "none", "sha256:<hex>", "file:<url>".
  std::string text() const;
};

/// "none", bare hex (kind by its length), "md5:", "sha1:", "sha224:", "sha256:", "sha384:" or
/// "sha512:" and hex, "file:" and a URL or path. InvalidInput otherwise.
Result<Checksum> parse_checksum(const std::string& text);

/// The entry for `file_name` in the content of a checksum file: `HASH  name`, `HASH *name`,
/// `SHA256 (name) = HASH`, or a file that holds nothing but one hash. NotFound: no such entry.
Result<Checksum> find_checksum(std::string_view content, const std::string& file_name);

}  // namespace farm::builders::steps
