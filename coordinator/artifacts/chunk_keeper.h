// ChunkKeeper: looks after the stored chunks while the bulk thread has nothing else to do. One pass hashes
// every chunk again, tells which files a damaged one belongs to, and removes what no file has named for
// long. It stands in front of the chunk store, because a chunk that somebody asks for is no garbage.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "coordinator/store/chunk_store.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

struct KeeperPolicy {
  Duration every = std::chrono::hours(24);  // between passes; zero: none
  /// How long a chunk stays that no file names. Far longer than an upload may lie still, which has
  /// chunks but no file yet.
  Duration quarantine = std::chrono::hours(48);
};

class ChunkKeeper final : public ChunkStore {
 public:
  ChunkKeeper(Store& store, ChunkStore& chunks, KeeperPolicy policy)
      : store_(store), chunks_(chunks), policy_(policy) {}

  Result<bool> has(const std::string& digest) override;
  Result<void> put(const std::string& digest, std::string_view bytes) override;
  Result<void> flush() override { return chunks_.flush(); }
  Result<std::string> get(const std::string& digest) override;
  Result<void> remove(const std::string& digest) override { return chunks_.remove(digest); }
  Result<std::vector<std::string>> list_after(const std::string& digest, size_t limit) override {
    return chunks_.list_after(digest, limit);
  }
  Result<void> reclaim() override { return chunks_.reclaim(); }

  /// A bounded piece of a pass. The SHA-256 of files that were found damaged are added to `damaged`;
  /// their bad chunks are gone, so that an upload of the same file brings them again. True while the
  /// pass is under way.
  bool work(Instant now, std::vector<std::string>& damaged);

 private:
  using Digest = std::array<char, 32>;
  struct Pass {
    std::vector<Digest> named;  // by files; sorted
    std::string cursor;
    uint64_t checked = 0, bad = 0, removed = 0;
  };
  Result<void> begin_pass();
  void end_pass(Instant now);
  void check(const std::string& digest, Instant now, std::vector<std::string>& damaged);
  Result<void> find_files(const std::string& digest, std::vector<std::string>& files);

  Store& store_;
  ChunkStore& chunks_;
  KeeperPolicy policy_;
  std::optional<Pass> pass_;
  Instant next_pass_{};
  std::map<std::string, Instant> quarantine_;  // since when no file names it
};

}  // namespace farm::coordinator
