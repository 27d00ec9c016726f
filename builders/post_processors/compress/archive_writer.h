// Writes the archive or compressed file of the `compress` post-processor through libarchive; BGZF,
// which it does not know, by zlib.
#pragma once

#include <string>
#include <vector>

#include "builders/post_processors/compress/config.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::post_processor_compress {

struct Member {
  std::string path;  // on disk
  std::string name;  // in the archive
};

/// Creates `output` from `members` (exactly one without an archive). A file left half-written by
/// an error is removed.
Result<void> write_archive(const std::string& output, const Format& format, int level,
                           const std::vector<Member>& members, const CancelToken& cancel);

}  // namespace farm::builders::post_processor_compress
