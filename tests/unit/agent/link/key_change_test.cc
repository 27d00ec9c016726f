#include "agent/link/key_change.h"

#include <gtest/gtest.h>

#include "common/io/files.h"

namespace farm::agent {
namespace {

class KeyChangeTest : public ::testing::Test {
 protected:
  KeyChange make() {
    return KeyChange(state_.path(), "farm.example",
                     *net::load_or_create_curve_keys(state_.path() + "/curve.key"), address_,
                     random_);
  }
  std::string text(const char* name) {
    return io::read_file(state_.path() + "/" + name).value_or("none");
  }
  static wire::QueryReply said(const std::string& json) { return {{}, json, std::nullopt}; }

  io::TempDirectory state_ = *io::TempDirectory::create(::testing::TempDir(), "keys");
  LinkAddress address_{"tcp://a:7440", "tcp://a:7441", std::string(40, 'o')};
  SeededRandom random_{3};
};

TEST_F(KeyChangeTest, ANewKeyIsUsedOnceItIsTaken) {
  KeyChange change = make();
  const std::string old = change.keys().public_key;
  const auto asked = change.take(said(R"({"keys":{"renew":true}})"));
  ASSERT_TRUE(asked && asked->say);
  EXPECT_FALSE(asked->reopen);
  EXPECT_EQ(asked->say->what, "key-replace");
  const std::string fresh = asked->say->arguments.at("key");
  EXPECT_NE(fresh, old);
  EXPECT_EQ(change.keys().public_key, old);
  // Asked twice, it does not make two.
  EXPECT_FALSE(change.take(said(R"({"keys":{"renew":true}})"))->say);
  const auto taken = change.take({asked->say->request, "{}", std::nullopt});
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->reopen);
  EXPECT_EQ(change.keys().public_key, fresh);
  EXPECT_TRUE(text("curve.key").starts_with(fresh));
  EXPECT_EQ(text("curve.key.next"), "none");
  EXPECT_FALSE(change.connected()->say);
}

TEST_F(KeyChangeTest, AChangeThatWasBrokenOffGoesOnWithTheSameKey) {
  std::string fresh;
  {
    KeyChange change = make();
    fresh = change.take(said(R"({"keys":{"renew":true}})"))->say->arguments.at("key");
  }
  KeyChange again = make();
  const auto next = again.connected();
  ASSERT_TRUE(next && next->say);
  EXPECT_EQ(next->say->arguments.at("key"), fresh);
}

TEST_F(KeyChangeTest, ARefusedKeyIsDropped) {
  KeyChange change = make();
  const std::string old = change.keys().public_key;
  const auto asked = change.take(said(R"({"keys":{"renew":true}})"));
  ASSERT_TRUE(asked && asked->say);
  EXPECT_FALSE(change.take({asked->say->request, "", conflict("used before")}));
  EXPECT_EQ(text("curve.key.next"), "none");
  EXPECT_TRUE(text("curve.key").starts_with(old));
}

TEST_F(KeyChangeTest, TheCoordinatorMoves) {
  KeyChange change = make();
  const std::string key(40, 'n');
  const std::string door = R"({"keys":{"door":{"server_key":")" + key +
                           R"(","control":"tcp://a:7444","bulk":"tcp://a:7445"}}})";
  EXPECT_FALSE(coordinator_moved(state_.path(), "farm.example"));
  EXPECT_TRUE(change.take(said(door))->reopen);
  EXPECT_EQ(change.address().control, "tcp://a:7444");
  EXPECT_EQ(change.address().server_key, key);
  EXPECT_EQ(text("server.key"), key + "\n");
  EXPECT_FALSE(change.take(said(door))->reopen) << "it is there already";
  EXPECT_TRUE(coordinator_moved(state_.path(), "farm.example"));
  EXPECT_FALSE(coordinator_moved(state_.path(), "other.example")) << "configured anew";
}

TEST_F(KeyChangeTest, NonsenseChangesNothing) {
  KeyChange change = make();
  for (const char* json : {"", "x", "[]", "{}", R"({"keys":1})", R"({"keys":{"renew":1}})",
                           R"({"keys":{"door":{}}})", R"({"keys":{"door":{"server_key":"short",
                              "control":"c","bulk":"b"}}})"}) {
    SCOPED_TRACE(json);
    const auto next = change.take(said(json));
    ASSERT_TRUE(next);
    EXPECT_FALSE(next->say || next->reopen);
  }
}

}  // namespace
}  // namespace farm::agent
