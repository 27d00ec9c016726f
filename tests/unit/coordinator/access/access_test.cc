#include "coordinator/access/access.h"

#include <gtest/gtest.h>

namespace farm::coordinator {
namespace {

class Access : public ::testing::Test {
 protected:
  void SetUp() override { table_ = std::move(*AccessTable::load({})); }

  wire::Enroll request(const std::string& token, const std::string& name = "kvm-a") {
    wire::Enroll enroll;
    enroll.token = token;
    enroll.public_key = key_;
    enroll.name = name;
    return enroll;
  }

  std::string key_ = std::string(40, 'k');
  SeededRandom random_{5};
  WallTime now_{1'000};
  WallTime later_{2'000};
  std::unique_ptr<AccessTable> table_;
};

TEST_F(Access, TokenEnrolsOnceAndTheKeyIsKnown) {
  const auto token = table_->create_token(Role::Agent, "", {"site=home"}, later_, random_);
  EXPECT_FALSE(table_->authenticate(key_, WallTime{}).has_value());
  const auto enrolled = table_->enroll(request(token.secret), key_, now_, random_);
  ASSERT_TRUE(enrolled.has_value()) << enrolled.error().message;
  EXPECT_EQ(enrolled->user.labels, std::vector<std::string>{"site=home"});
  EXPECT_EQ(table_->authenticate(key_, WallTime{}), enrolled->user.id);
  const std::string other_key(40, 'o');
  wire::Enroll second = request(token.secret, "kvm-b");
  second.public_key = other_key;
  EXPECT_EQ(table_->enroll(second, other_key, now_, random_).error().message,
            "the token was used already; fix: farmctl token create");
}

TEST_F(Access, ALostAnswerIsGivenAgain) {
  const auto token = table_->create_token(Role::Agent, "", {}, later_, random_);
  const auto first = table_->enroll(request(token.secret), key_, now_, random_);
  const auto again = table_->enroll(request(token.secret), key_, now_, random_);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->user.id, first->user.id);
  EXPECT_TRUE(again->records.empty());
}

TEST_F(Access, Refusals) {
  const auto token = table_->create_token(Role::Agent, "pve1", {"a=1"}, later_, random_);
  EXPECT_EQ(table_->enroll(request("nonsense"), key_, now_, random_).error().message,
            "the token is not valid; fix: farmctl token create");
  EXPECT_EQ(table_->enroll(request(token.secret, "pve1"), key_, later_, random_).error().message,
            "the token has expired; fix: farmctl token create");
  EXPECT_EQ(table_->enroll(request(token.secret), key_, now_, random_).error().message,
            "the token is for `pve1`, not for `kvm-a`");
  wire::Enroll greedy = request(token.secret, "pve1");
  greedy.labels = {"b=2"};
  EXPECT_EQ(table_->enroll(greedy, key_, now_, random_).error().message,
            "the token does not allow the label `b=2`");
  EXPECT_EQ(
      table_->enroll(request(token.secret, "pve1"), std::string(40, 'x'), now_, random_).error()
          .message,
      "the key to enrol is not the key of this connection");
}

TEST_F(Access, RevocationIsEffectiveAtOnceAndSurvivesAReload) {
  const auto token = table_->create_token(Role::Operator, "", {}, later_, random_);
  const auto enrolled = table_->enroll(request(token.secret, "ana"), key_, now_, random_);
  std::vector<AccessRecord> records = enrolled->records;
  const auto reloaded = AccessTable::load(records);
  ASSERT_TRUE(reloaded.has_value());
  EXPECT_EQ((*reloaded)->authenticate(key_, WallTime{}), enrolled->user.id);
  const auto revoked = table_->revoke("ana");
  ASSERT_TRUE(revoked.has_value());
  EXPECT_FALSE(table_->authenticate(key_, WallTime{}).has_value());
  EXPECT_FALSE(table_->user(enrolled->user.id).has_value());
  records.push_back(*revoked);
  EXPECT_FALSE((*AccessTable::load(records))->authenticate(key_, WallTime{}).has_value());
  EXPECT_EQ(table_->revoke("ana").error().code, ErrorCode::NotFound);
}

TEST_F(Access, AReplacedKeyHoldsForTheOverlap) {
  const auto token = table_->create_token(Role::Agent, "", {}, later_, random_);
  const auto enrolled = table_->enroll(request(token.secret), key_, now_, random_);
  const std::string id = enrolled->user.id;
  const std::string fresh(40, 'f');
  const Duration overlap{100};
  ASSERT_TRUE(table_->ask_for_new_key("kvm-a").has_value());
  EXPECT_TRUE(table_->user(id)->renew);
  EXPECT_EQ(table_->ask_for_new_key("nobody").error().code, ErrorCode::NotFound);
  const auto record = table_->replace_key(id, fresh, now_, overlap);
  ASSERT_TRUE(record.has_value()) << record.error().message;
  EXPECT_FALSE(table_->user(id)->renew);
  const auto reloaded = AccessTable::load({*record});
  ASSERT_TRUE(reloaded.has_value()) << reloaded.error().message;
  for (const AccessTable* table : {table_.get(), reloaded->get()}) {
    EXPECT_EQ(table->authenticate(fresh, later_), id);
    EXPECT_EQ(table->authenticate(key_, WallTime{now_.nanos + 99}), id);
    EXPECT_FALSE(table->authenticate(key_, WallTime{now_.nanos + 100}).has_value());
  }
  // Said again it changes nothing; the way back and no key at all are refused.
  EXPECT_TRUE(table_->replace_key(id, fresh, later_, overlap).has_value());
  EXPECT_EQ(table_->user(id)->old_key, key_);
  EXPECT_EQ(table_->replace_key(id, key_, now_, overlap).error().code, ErrorCode::Conflict);
  EXPECT_EQ(table_->replace_key(id, "x", now_, overlap).error().code, ErrorCode::InvalidInput);
  ASSERT_TRUE(table_->revoke("kvm-a").has_value());
  EXPECT_FALSE(table_->authenticate(fresh, now_).has_value());
  EXPECT_FALSE(table_->authenticate(key_, now_).has_value());
  EXPECT_EQ(table_->replace_key(id, std::string(40, 'g'), now_, overlap).error().code,
            ErrorCode::NotFound);
}

TEST(Role, Order) {
  EXPECT_TRUE(role_allows(Role::Admin, Role::Viewer));
  EXPECT_FALSE(role_allows(Role::Viewer, Role::Submitter));
  EXPECT_FALSE(role_allows(Role::Agent, Role::Viewer));
  EXPECT_FALSE(role_allows(Role::Admin, Role::Agent));
}

}  // namespace
}  // namespace farm::coordinator
