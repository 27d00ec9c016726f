#include "agent/spool/lease_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/random.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

wire::Offer some_offer() {
  SeededRandom random(1);
  wire::Offer offer;
  offer.ref = {JobId::random(random), Epoch{1, 2}};
  offer.build = BuildId::random(random);
  offer.job_name = "null.x";
  offer.spec = "spec";
  offer.options.in_place = true;
  offer.options.working_directory = "/somewhere";
  offer.sensitive = {"secret"};
  return offer;
}

TEST(LeaseDirectory, NamesRoundTrip) {
  const wire::JobRef ref = some_offer().ref;
  const std::string name = lease_name(ref);
  EXPECT_EQ(lease_from_name(name), ref);
  for (const std::string& bad :
       {std::string("x"), std::string(), name.substr(0, 28), name + "x", "!" + name.substr(1),
        name.substr(0, 26) + "-1-2"}) {
    SCOPED_TRACE(bad);
    EXPECT_FALSE(lease_from_name(bad).has_value());
  }
}

TEST(LeaseDirectory, KeepsOfferAndResult) {
  const io::TempDirectory root = *io::TempDirectory::create(::testing::TempDir(), "lease");
  for (const Durability durability : {Durability::Synced, Durability::Volatile}) {
    const Result<LeaseDirectory> lease =
        LeaseDirectory::create(root.path(), some_offer(), durability);
    ASSERT_TRUE(lease.has_value()) << lease.error().message;
    EXPECT_EQ(lease->offer()->job_name, "null.x");
    EXPECT_EQ(lease->result().error().code, ErrorCode::NotFound);
    wire::JobResult result;
    result.ref = some_offer().ref;
    result.outcome = wire::Outcome::Succeeded;
    result.artifacts = {{"builder", "id", "text", {{"file", 3, "", false}}}};
    ASSERT_TRUE(lease->write_result(result, durability).has_value());
    EXPECT_EQ(lease->result()->artifacts.at(0).files.at(0).path, "file");
    EXPECT_FALSE(lease->kept());
    ASSERT_TRUE(lease->mark_kept().has_value());
    EXPECT_TRUE(lease->kept());
    EXPECT_EQ(LeaseDirectory::create(root.path(), some_offer(), durability).error().code,
              ErrorCode::Conflict);
    ASSERT_TRUE(lease->remove().has_value());
  }
}

TEST(LeaseDirectory, AFarmsOfferIsSealed) {
  const io::TempDirectory state = *io::TempDirectory::create(::testing::TempDir(), "lease");
  const std::string root = state.path() + "/leases";
  ASSERT_TRUE(io::make_directories(root).has_value());
  const auto lease = LeaseDirectory::create(root, some_offer(), Durability::Synced);
  ASSERT_TRUE(lease.has_value()) << lease.error().message;
  const std::string bytes = *io::read_file(lease->file("offer"));
  EXPECT_EQ(bytes.find("secret"), std::string::npos);
  EXPECT_EQ(bytes.find("null.x"), std::string::npos);
  EXPECT_EQ(lease->offer()->sensitive, std::vector<std::string>{"secret"});
  // The file of another lease in its place, and a key that others may read.
  const std::string other = root + "/" + lease_name({some_offer().ref.job, Epoch{1, 3}});
  ASSERT_TRUE(io::make_directories(other).has_value());
  ASSERT_TRUE(io::write_file(other + "/offer", bytes).has_value());
  EXPECT_EQ(LeaseDirectory(other).offer().error().code, ErrorCode::Corrupt);
  ASSERT_EQ(::chmod((root + ".key").c_str(), 0644), 0);
  EXPECT_EQ(lease->offer().error().code, ErrorCode::Denied);
}

TEST(LeaseDirectory, EventLines) {
  const wire::JobRef ref = some_offer().ref;
  const std::string bytes = event_line({ref, wire::Phase::Preparing, "a\nb"}) +
                            event_line({ref, wire::Phase::Running, ""}) + "1 torn";
  std::string seen;
  const Result<size_t> read =
      read_event_lines(bytes, [&](wire::Phase phase, std::string_view step) {
        seen += std::to_string(static_cast<int>(phase)) + "[" + std::string(step) + "]";
      });
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, bytes.size() - 6);
  EXPECT_EQ(seen, "0[a b]1[]");
  EXPECT_FALSE(read_event_lines("9 x\n", [](wire::Phase, std::string_view) {}).has_value());
}

}  // namespace
}  // namespace farm::agent
