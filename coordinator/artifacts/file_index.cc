#include "coordinator/artifacts/file_index.h"

#include "coordinator/store/keys.h"

namespace farm::coordinator {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string digest_from_hex(std::string_view text) {
  if (text.size() != 64) return {};
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

Result<std::optional<StoredFile>> FileIndex::find(const std::string& sha256) {
  const std::optional<std::string> record = TRY(store_.get(keys::file(sha256)));
  if (!record) return std::optional<StoredFile>();
  StoredFile file = TRY(decode_file_record(*record));
  return std::optional<StoredFile>(std::move(file));
}

Result<std::optional<std::string>> FileIndex::missing(
    const std::vector<wire::ArtifactRecord>& artifacts) {
  for (const wire::ArtifactRecord& artifact : artifacts) {
    for (const wire::FileRecord& file : artifact.files) {
      if (!file.stored) continue;
      const std::optional<StoredFile> stored = TRY(find(file.sha256));
      if (!stored || stored->size != file.size) return std::optional<std::string>(file.path);
    }
  }
  return std::optional<std::string>();
}

Batch::Put FileIndex::put(const std::string& sha256, const StoredFile& file) {
  return {keys::file(sha256), encode_file_record(file)};
}

}  // namespace farm::coordinator
