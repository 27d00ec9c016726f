// What every Store promises, run against each implementation, and what RocksStore alone promises.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/io/files.h"
#include "coordinator/store/high_water.h"
#include "coordinator/store/journal_store.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/memory_store.h"
#include "coordinator/store/rocks_store.h"

namespace farm::coordinator {
namespace {

io::TempDirectory temp() {
  Result<io::TempDirectory> directory = io::TempDirectory::create("/tmp", "farm-store-");
  FARM_CHECK(directory.has_value());
  return *std::move(directory);
}

Batch put(const std::string& key, const std::string& value) {
  Batch batch;
  batch.puts.push_back({key, value});
  return batch;
}

wire::JobRef some_ref() {
  SeededRandom random(5);
  return {JobId::random(random), {1, 2}};
}

void expect_contract(Store& store) {
  const std::string a = keys::meta("a");
  const std::string b = keys::meta("b");
  Batch batch = put(a, "1");
  batch.merge(put(b, "2"));
  ASSERT_TRUE(store.apply(batch));
  Batch change = put(a, "3");
  change.deletes.push_back(b);
  ASSERT_TRUE(store.apply(change));
  EXPECT_EQ(*store.get(a), "3");
  EXPECT_EQ(*store.get(b), std::nullopt);
  std::vector<std::string> keys_seen;
  ASSERT_TRUE(store.scan(keys::meta("a"), [&](auto key, auto) -> Result<void> {
    keys_seen.emplace_back(key);
    return {};
  }));
  EXPECT_EQ(keys_seen, std::vector<std::string>{a});

  const wire::JobRef ref = some_ref();
  EXPECT_EQ(*store.log_length(ref), 0U);
  Batch first;
  first.logs.push_back({ref, 0, "hello "});
  Batch second;
  second.logs.push_back({ref, 6, "world"});
  ASSERT_TRUE(store.apply(first));
  ASSERT_TRUE(store.apply(second));
  EXPECT_EQ(*store.log_length(ref), 11U);
  EXPECT_EQ(*store.read_log(ref, 0, 100), "hello world");
  EXPECT_EQ(*store.read_log(ref, 4, 4), "o wo");
  EXPECT_EQ(*store.read_log(ref, 11, 4), "");
  EXPECT_EQ(*store.log_length({ref.job, {1, 3}}), 0U);
}

TEST(Store, MemoryKeepsTheContract) {
  MemoryStore store;
  expect_contract(store);
}

TEST(Store, JournalKeepsTheContract) {
  const io::TempDirectory directory = temp();
  const auto store = JournalStore::open(directory.path() + "/run.journal");
  ASSERT_TRUE(store);
  EXPECT_FALSE(io::exists(directory.path() + "/run.journal"));
  expect_contract(**store);
}

TEST(RocksStore, KeepsTheContractAndSurvivesARestart) {
  const io::TempDirectory directory = temp();
  {
    const auto store = RocksStore::open(directory.path());
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*store)->incarnation(), 1U);
    expect_contract(**store);
  }
  const auto again = RocksStore::open(directory.path());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->incarnation(), 1U);
  EXPECT_EQ(*(*again)->get(keys::meta("a")), "3");
  EXPECT_EQ(*(*again)->read_log(some_ref(), 0, 100), "hello world");
}

TEST(RocksStore, SecondOpenIsAConflict) {
  const io::TempDirectory directory = temp();
  const auto store = RocksStore::open(directory.path());
  ASSERT_TRUE(store);
  const auto second = RocksStore::open(directory.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
}

TEST(RocksStore, RefusesASilentLossAndAcceptsItWithANewIncarnation) {
  const io::TempDirectory directory = temp();
  const std::string backup = directory.path() + "/backup";
  {
    const auto store = RocksStore::open(directory.path());
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->apply(put(keys::meta("a"), "1")));
    ASSERT_TRUE((*store)->checkpoint(backup));
    ASSERT_TRUE((*store)->apply(put(keys::meta("a"), "2")));
    ASSERT_TRUE((*store)->apply(put(keys::meta("a"), "3")));
  }
  ASSERT_TRUE(io::remove_tree(directory.path() + "/ledger"));
  ASSERT_TRUE(io::move_file(backup, directory.path() + "/ledger", {}));
  const auto refused = RocksStore::open(directory.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
  EXPECT_EQ(refused.error().message,
            "the store lost 2 acknowledged batches (has 1 of 3); restore a newer copy, or start "
            "with --accept-loss");
  const auto accepted = RocksStore::open(directory.path(), RocksStore::OnLoss::Accept);
  ASSERT_TRUE(accepted) << accepted.error().message;
  EXPECT_EQ((*accepted)->incarnation(), 2U);
  EXPECT_EQ(*(*accepted)->get(keys::meta("a")), "1");
}

TEST(HighWater, DamageIsNoticed) {
  const io::TempDirectory directory = temp();
  const std::string path = directory.path() + "/mark";
  {
    Result<HighWater> mark = HighWater::open(path);
    ASSERT_TRUE(mark);
    ASSERT_TRUE(mark->advance(7));
  }
  EXPECT_EQ(HighWater::open(path)->value(), 7U);
  ASSERT_TRUE(io::write_file(path, "0123456789abcdef"));
  EXPECT_EQ(HighWater::open(path).error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace farm::coordinator
