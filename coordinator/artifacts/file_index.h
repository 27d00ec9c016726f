// FileIndex: which whole files the store holds, by SHA-256, and of which chunks. A file is in the
// index only after every chunk of it is durable and the whole hashed to its name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/store/record.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

/// Files up to this size are kept in the index itself.
inline constexpr uint64_t kMaxInlineFile = 1U << 20;

class FileIndex {
 public:
  explicit FileIndex(Store& store) : store_(store) {}
  /// Empty: not stored. `sha256` in hex. Any thread, like Store::get.
  Result<std::optional<StoredFile>> find(const std::string& sha256);
  /// The path of the first stored file of the artifacts whose bytes are not here; empty: all are.
  Result<std::optional<std::string>> missing(const std::vector<wire::ArtifactRecord>& artifacts);
  static Batch::Put put(const std::string& sha256, const StoredFile& file);

 private:
  Store& store_;
};

/// Hex SHA-256 to raw bytes and back; empty when `text` is none.
std::string digest_from_hex(std::string_view text);

}  // namespace farm::coordinator
