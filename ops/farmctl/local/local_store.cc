#include "ops/farmctl/local/local_store.h"

#include <memory>

#include "common/io/files.h"
#include "coordinator/api/query.h"
#include "coordinator/store/journal_merge.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/rocks_store.h"

namespace farm::farmctl {
namespace {

constexpr Duration kLockLimit = std::chrono::seconds(10);

// The store with every ended run in it. The lock goes with the second of the pair.
struct OpenStore {
  io::FileLock lock;
  std::unique_ptr<coordinator::RocksStore> store;
};

Result<OpenStore> open_merged(const std::string& state, const Clock& clock,
                              std::vector<std::string>& problems) {
  TRY(io::make_directories(state + "/store", 0700));
  io::FileLock lock = TRY(
      io::FileLock::acquire(state + "/store.lock", clock.now() + kLockLimit, CancelToken()));
  // What these journals say has happened already: a lost tail of the store is merged anew or gone.
  std::unique_ptr<coordinator::RocksStore> store = TRY(coordinator::RocksStore::open(
      state + "/store", coordinator::RocksStore::OnLoss::Accept));
  TRY(coordinator::merge_journals(state + "/journals", *store, clock.wall(), problems));
  return OpenStore{std::move(lock), std::move(store)};
}

}  // namespace

Result<void> merge_runs(const std::string& state, const Clock& clock,
                        std::vector<std::string>& problems) {
  if (!io::is_directory(state + "/journals")) return {};
  const OpenStore open = TRY(open_merged(state, clock, problems));
  return {};
}

Result<std::string> ask_local_store(const std::string& state, const std::string& what,
                                    std::map<std::string, std::string> arguments,
                                    const Clock& clock, std::vector<std::string>& problems) {
  if (!io::is_directory(state + "/journals")) {
    return not_found("no build of this machine is recorded in " + state);
  }
  const OpenStore open = TRY(open_merged(state, clock, problems));
  coordinator::State farm_state;
  const std::vector<coordinator::Damage> damage =
      TRY(coordinator::load_state(*open.store, farm_state));
  for (const coordinator::Damage& record : damage) {
    problems.push_back("record " + record.key_hex + " cannot be read: " + record.reason);
  }
  arguments["submitter"] = "local";  // as `farmctl build` submits
  const coordinator::Farm farm{farm_state, {clock.now(), clock.wall()}, FARM_VERSION, nullptr,
                               damage.size()};
  return coordinator::answer(farm, what, arguments);
}

}  // namespace farm::farmctl
