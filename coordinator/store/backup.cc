#include "coordinator/store/backup.h"

#include <filesystem>

#include "common/base/scope_guard.h"
#include "common/io/files.h"
#include "coordinator/store/rocks_chunk_store.h"
#include "coordinator/store/rocks_store.h"

namespace farm::coordinator {
namespace {

constexpr const char* kKeyFiles[] = {"curve.key", "curve.1.key", "doors", "seal.key"};
// Incarnations of restored stores count seconds since 2026, so that two restores of one backup, or
// a restore and a store that went on, never share one.
constexpr int64_t kEpochStart = 1767225600;

Result<void> copy_tree(const std::string& from, const std::string& to) {
  const std::vector<std::string> files = TRY(io::list_files(from));
  for (const std::string& file : files) {
    const std::string target = to + file.substr(from.size());
    TRY(io::make_directories(io::parent_path(target), 0700));
    TRY(io::copy_file(file, target, CancelToken()));
  }
  return {};
}

bool is_empty(const std::string& directory) {
  std::error_code error;
  return std::filesystem::is_empty(directory, error) && !error;
}

}  // namespace

Result<std::string> make_backup(const std::string& data, const std::string& name,
                                RocksStore& store, RocksChunkStore& chunks) {
  const std::string path = data + "/backups/" + name;
  if (io::exists(path)) return conflict("the backup " + path + " exists already");
  const std::string partial = path + ".partial";
  TRY(io::remove_tree(partial));  // of a coordinator that was killed at it
  TRY(io::make_directories(partial, 0700));
  ScopeGuard clean([&] { static_cast<void>(io::remove_tree(partial)); });
  TRY(store.checkpoint(partial + "/ledger"));
  TRY(chunks.checkpoint(partial + "/chunks"));
  for (const char* key : kKeyFiles) {
    const std::string from = data + "/" + key;
    if (!io::exists(from)) continue;
    const std::string bytes = TRY(io::read_file(from, 1U << 20));
    TRY(io::write_file_atomic(partial + "/" + key, bytes, 0600));
  }
  TRY(io::move_file(partial, path, CancelToken()));
  TRY(io::sync_directory(data + "/backups"));
  return path;
}

Result<void> restore_backup(const std::string& backup, const std::string& data, WallTime now) {
  if (!io::is_directory(backup + "/ledger") || !io::is_directory(backup + "/chunks")) {
    return invalid_input(backup + " is no backup of a coordinator (no ledger and chunks in it)");
  }
  if (io::exists(data) && !is_empty(data)) {
    return conflict(data + " is not empty; restore into a new directory, then start the "
                           "coordinator with --data on it");
  }
  TRY(io::make_directories(data, 0700));
  for (const char* part : {"/ledger", "/chunks"}) TRY(copy_tree(backup + part, data + part));
  for (const char* key : kKeyFiles) {
    if (!io::exists(backup + "/" + key)) continue;
    const std::string bytes = TRY(io::read_file(backup + "/" + key, 1U << 20));
    TRY(io::write_file_atomic(data + "/" + key, bytes, 0600));
  }
  const std::unique_ptr<RocksStore> store = TRY(RocksStore::open(data));
  const int64_t seconds = now.nanos / 1'000'000'000 - kEpochStart;
  return store->begin_incarnation(static_cast<uint32_t>(std::max<int64_t>(seconds, 0)));
}

}  // namespace farm::coordinator
