// Eviction from the cache of downloads: FARM_CACHE_LIMIT bounds what it may hold. Files that a
// build uses are locked by it (shared flock) and stay; the others go, those unused longest first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/environment.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::steps {

/// FARM_CACHE_LIMIT: bytes, or a number with K, M, G or T (powers of 1024). Empty: no limit.
/// InvalidInput names the variable.
Result<std::optional<uint64_t>> cache_limit(const Environment& environment);

/// Marks `path` as used now and keeps it from eviction for as long as the result lives.
Result<io::Fd> hold_cached(const std::string& path);

/// Removes downloads (never anything else) from `directory` until all of them together are at most
/// `limit` bytes, as far as nobody holds them. Bytes removed.
Result<uint64_t> evict_downloads(const std::string& directory, uint64_t limit);

}  // namespace farm::builders::steps
