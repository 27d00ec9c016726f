// ChecksumFile: what `iso_checksum = "file:..."` names, read from disk or fetched. Downloads use it,
// and so does `farmctl validate --online`.
#pragma once

#include <functional>
#include <string>

#include "builders/steps/checksum.h"
#include "common/base/cancel.h"

namespace farm::builders::steps {

/// The checksum of what is at `url`, as `text` says: itself, or the entry of the file it names.
/// `absolute` makes a path of the template absolute. NotFound: the file has no entry for `url`.
Result<Checksum> resolve_checksum(const std::string& text, const std::string& url,
                                  const std::function<std::string(const std::string&)>& absolute,
                                  const CancelToken& cancel);

}  // namespace farm::builders::steps
