#include "coordinator/artifacts/chunk_keeper.h"

#include <algorithm>
#include <cstring>

#include "common/base/log.h"
#include "common/io/digests.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/record.h"

namespace farm::coordinator {
namespace {

constexpr size_t kKeptPerTurn = 4;  // about 4 MiB: what came meanwhile waits some milliseconds
constexpr size_t kDigestLength = 32;

/// Calls `visit` with the name of every stored file and its record; those that cannot be read are left
/// to fsck.
template <class Visit>
Result<void> each_file(Store& store, Visit visit) {
  const std::string prefix = keys::prefix(keys::Table::File);
  return store.scan(prefix, [&](std::string_view key, std::string_view value) -> Result<void> {
    const Result<StoredFile> file = decode_file_record(value);
    if (file) visit(std::string(key.substr(prefix.size())), *file);
    return {};
  });
}

}  // namespace

Result<bool> ChunkKeeper::has(const std::string& digest) {
  quarantine_.erase(digest);
  return chunks_.has(digest);
}

Result<void> ChunkKeeper::put(const std::string& digest, std::string_view bytes) {
  quarantine_.erase(digest);
  return chunks_.put(digest, bytes);
}

Result<std::string> ChunkKeeper::get(const std::string& digest) {
  quarantine_.erase(digest);
  return chunks_.get(digest);
}

Result<void> ChunkKeeper::begin_pass() {
  Pass pass;
  TRY(each_file(store_, [&](const std::string&, const StoredFile& file) {
    for (size_t i = 0; i < file.chunk_count(); ++i) {
      Digest digest{};
      std::memcpy(digest.data(), file.chunk(i).data(), kDigestLength);
      pass.named.push_back(digest);
    }
  }));
  std::sort(pass.named.begin(), pass.named.end());
  pass_ = std::move(pass);
  return {};
}

void ChunkKeeper::end_pass(Instant now) {
  log::info("chunks looked after", {{"checked", pass_->checked},
                                    {"damaged", pass_->bad},
                                    {"removed", pass_->removed},
                                    {"unnamed", static_cast<uint64_t>(quarantine_.size())}});
  if (pass_->bad + pass_->removed != 0) {
    Result<void> freed = chunks_.flush();
    if (freed) freed = chunks_.reclaim();
    if (!freed) log::warn("room not given back", {{"error", freed.error().message}});
  }
  pass_.reset();
  next_pass_ = now + policy_.every;
}

Result<void> ChunkKeeper::find_files(const std::string& digest, std::vector<std::string>& files) {
  return each_file(store_, [&](const std::string& name, const StoredFile& file) {
    for (size_t i = 0; i < file.chunk_count(); ++i) {
      if (file.chunk(i) != digest) continue;
      files.push_back(name);
      return;
    }
  });
}

void ChunkKeeper::check(const std::string& digest, Instant now,
                        std::vector<std::string>& damaged) {
  ++pass_->checked;
  Result<std::string> bytes = chunks_.get(digest);
  // Read twice before it is given up: memory and cables err too.
  if (!bytes && bytes.error().code == ErrorCode::Corrupt) bytes = chunks_.get(digest);
  if (!bytes && bytes.error().code == ErrorCode::Corrupt) {
    ++pass_->bad;
    log::error("a stored chunk is damaged", {{"chunk", io::hex_text(digest)}});
    Result<void> done = chunks_.remove(digest);
    if (done) done = find_files(digest, damaged);
    if (!done) log::error("a damaged chunk stays", {{"error", done.error().message}});
    return;
  }
  if (!bytes) return;  // the disk's trouble is said by those who need it
  Digest key{};
  std::memcpy(key.data(), digest.data(), std::min(digest.size(), kDigestLength));
  if (std::binary_search(pass_->named.begin(), pass_->named.end(), key)) {
    quarantine_.erase(digest);
    return;
  }
  const auto [since, fresh] = quarantine_.try_emplace(digest, now);
  if (fresh || now - since->second < policy_.quarantine) return;
  if (!chunks_.remove(digest)) return;
  quarantine_.erase(since);
  ++pass_->removed;
}

bool ChunkKeeper::work(Instant now, std::vector<std::string>& damaged) {
  if (policy_.every == Duration::zero()) return false;
  if (!pass_) {
    if (now < next_pass_) return false;
    if (const Result<void> begun = begin_pass(); !begun) {
      log::warn("chunks are not looked after", {{"error", begun.error().message}});
      next_pass_ = now + policy_.every;
      return false;
    }
  }
  const Result<std::vector<std::string>> digests =
      chunks_.list_after(pass_->cursor, kKeptPerTurn);
  if (!digests || digests->empty()) {
    end_pass(now);
    return false;
  }
  for (const std::string& digest : *digests) check(digest, now, damaged);
  pass_->cursor = digests->back();
  return true;
}

}  // namespace farm::coordinator
