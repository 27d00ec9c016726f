// Memory stays bounded when readers do not read (I14): followers of a log, and those who fetch a
// file with more credit than they take.
#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

constexpr uint64_t kLog = 96ULL << 20;
constexpr uint64_t kPiece = 1U << 20;
constexpr uint64_t kWindow = 4U << 20;
constexpr size_t kSleepers = 4;
// Unbounded it would be four times what flows. What each may have under way, and what stores and
// allocators keep for themselves, is less than the half of it.
constexpr uint64_t kBound = kSleepers * kLog / 2;

uint64_t resident_bytes() {
  const std::string text = io::read_file("/proc/self/status").value_or(std::string());
  const size_t at = text.find("VmRSS:");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + 6)) * 1024;
}

class MemoryTest : public CoordinatorServerTest {
 protected:
  void SetUp() override {
    CoordinatorServerTest::SetUp();
    admin_keys_ = enroll(first_token(), "client", "root");
    Client admin = control(admin_keys_);
    agent_keys_ = enroll(new_token(admin, "agent"), "agent", "writer");
  }
  struct Leased {
    BuildId build;
    wire::JobRef ref;
  };
  Leased lease(Client& agent) {
    Client admin = control(admin_keys_);
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "t.pkr.hcl";
    plan::JobSpec spec;
    spec.builder.type = "null";
    submit.jobs = {{"null.x", plan::encode_job(spec), {}}};
    const auto ack = admin.ask<wire::SubmitAck>(submit);
    EXPECT_TRUE(ack && !ack->error);
    const auto offer = agent.expect<wire::Offer>();
    if (!ack || !offer) return {};
    agent.say(wire::Accept{offer->ref});
    return {ack->build, offer->ref};
  }
  void write_log(const wire::JobRef& ref) {
    Client line = bulk(agent_keys_);
    const std::string piece(kPiece, 'l');
    uint64_t sent = 0;
    uint64_t acked = 0;
    const SystemClock clock;
    Instant heard = clock.now();
    while (acked < kLog && clock.now() - heard < kPatience) {
      for (; sent < kLog && sent - acked < kWindow; sent += kPiece) {
        line.say(wire::LogData{ref, sent, piece});
      }
      net::poll_readable({&line.dealer()}, {}, std::chrono::milliseconds(50));
      while (const auto received = line.dealer().receive()) {
        const auto message = wire::decode(received->frame);
        const auto* ack = message ? std::get_if<wire::LogAck>(&*message) : nullptr;
        if (ack == nullptr) continue;
        acked = std::max(acked, ack->offset);
        heard = clock.now();
      }
    }
    EXPECT_EQ(acked, kLog);
  }
  /// A client that takes no more than one frame from its connection.
  net::Dealer sleeper() {
    return *net::Dealer::connect(context_, reachable(server_->bulk_endpoint()),
                                 server_->public_key(), admin_keys_, 1);
  }
  net::CurveKeys admin_keys_, agent_keys_;
};

TEST_F(MemoryTest, FollowersThatDoNotReadCostLittle) {
  Client agent = control(agent_keys_);
  wire::Hello hello;
  hello.name = "writer";
  hello.boot_id = "boot";
  hello.builders = {"null"};
  hello.slots = 2;
  ASSERT_TRUE(agent.ask<wire::Welcome>(hello));
  write_log(lease(agent).ref);  // what the store itself needs
  const Leased followed = lease(agent);
  std::vector<net::Dealer> sleepers;
  for (size_t i = 0; i < kSleepers; ++i) {
    sleepers.push_back(sleeper());
    wire::Subscribe subscribe;
    subscribe.request = RequestId::random(random_);
    subscribe.build = followed.build;
    subscribe.logs = true;
    ASSERT_TRUE(sleepers.back().send(wire::encode(subscribe)));
  }
  const uint64_t before = resident_bytes();
  write_log(followed.ref);
  const uint64_t after = resident_bytes();
  EXPECT_LT(after, before + kBound);
  // The farm serves meanwhile.
  Client admin = control(admin_keys_);
  EXPECT_TRUE(admin.ask<wire::QueryReply>(
      wire::Query{RequestId::random(random_), "version", {}}));
}

TEST_F(MemoryTest, SinksThatDoNotReadCostLittle) {
  Client admin = bulk(admin_keys_);
  // Every chunk of its own, so that all of them are stored and sent.
  std::vector<std::string> digests;
  io::Digest whole(io::DigestKind::Sha256);
  const auto chunk_of = [](uint64_t index) {
    std::string bytes(kPiece, 'c');
    bytes.replace(0, 20, std::to_string(index) + std::string(20 - std::to_string(index).size(), '.'));
    return bytes;
  };
  const uint64_t count = kLog / kPiece;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string bytes = chunk_of(i);
    whole.update(bytes);
    digests.push_back(chunk_digest(bytes));
  }
  const std::string sha256 = whole.finish_hex();
  const RequestId upload = RequestId::random(random_);
  ASSERT_TRUE(admin.ask<wire::UploadNeed>(
      wire::UploadBegin{upload, {}, "big", kLog, kPiece, sha256, digests}));
  for (uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(admin.ask<wire::UploadCredit>(
        wire::UploadChunk{upload, static_cast<uint32_t>(i), digests[i], chunk_of(i)}));
  }
  const auto done = admin.ask<wire::UploadDone>(wire::UploadEnd{upload, sha256, digests});
  ASSERT_TRUE(done && done->ok);
  const uint64_t before = resident_bytes();
  std::vector<net::Dealer> sleepers;
  for (size_t i = 0; i < kSleepers; ++i) {
    sleepers.push_back(sleeper());
    ASSERT_TRUE(sleepers.back().send(
        wire::encode(wire::FetchBegin{RequestId::random(random_), sha256, 0, 8 * kLog})));
  }
  // One that reads gets the whole file; by then the others got what they will get.
  const RequestId fetch = RequestId::random(random_);
  admin.say(wire::FetchBegin{fetch, sha256, 0, kWindow});
  uint64_t got = 0;
  while (got < kLog) {
    const auto piece = admin.expect<wire::FetchData>();
    ASSERT_TRUE(piece);
    got = piece->offset + piece->bytes.size();
    admin.say(wire::FetchCredit{fetch, piece->bytes.size()});
  }
  EXPECT_LT(resident_bytes(), before + kBound);
}

}  // namespace
}  // namespace farm::coordinator
