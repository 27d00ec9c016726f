// write_archive(): an archive or compressed file out of files, compressed on all processors. For
// the `compress` and `vagrant` post-processors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "builders/steps/archive/format.h"
#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders::archive {

struct Member {
  std::string path;                         // on disk
  std::string name;                         // in the archive
  std::optional<std::string> content = {};  // instead of a file on disk
};

/// (bytes read of all members, bytes in all).
using ReadProgress = std::function<void(uint64_t done, uint64_t total)>;

/// Creates `output` from `members` (exactly one without an archive). `level` -1: the algorithm's
/// default. A file left half-written by an error is removed.
Result<void> write_archive(const std::string& output, const Format& format, int level,
                           const std::vector<Member>& members, const CancelToken& cancel,
                           const ReadProgress& progress = {});

}  // namespace farm::builders::archive
