// Who may say what: every message of the protocol from every role, over the wire.
#include <array>

#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

constexpr const char* kRoles[] = {"agent", "viewer", "submitter", "operator", "admin"};
enum RoleIndex : size_t { kAgent, kViewer, kSubmitter, kOperator, kAdmin, kRoleCount };

template <size_t I = 0>
wire::Message blank(size_t index) {
  if constexpr (I < std::variant_size_v<wire::Message>) {
    return index == I ? wire::Message(std::in_place_index<I>) : blank<I + 1>(index);
  } else {
    ADD_FAILURE();
    return wire::Drain{};
  }
}

template <class... M>
bool is_one_of(const wire::Message& message) {
  return (std::holds_alternative<M>(message) || ...);
}

class RolesTest : public CoordinatorServerTest {
 protected:
  void SetUp() override {
    CoordinatorServerTest::SetUp();
    keys_[kAdmin] = enroll(first_token(), "client", "admin");
    Client admin = control(keys_[kAdmin]);
    for (const size_t role : {kAgent, kViewer, kSubmitter, kOperator}) {
      keys_[role] = enroll(new_token(admin, kRoles[role]), role == kAgent ? "agent" : "client",
                           kRoles[role]);
    }
  }
  /// The code of the refusal; empty: it was let in. A question behind it, answered after it, shows
  /// when a message has no answer.
  std::optional<ErrorCode> refusal(Client& client, const wire::Message& message) {
    wire::Query marker{RequestId::random(random_), "version", {}};
    client.say(message);
    client.say(marker);
    const SystemClock clock;
    const Instant until = clock.now() + kPatience;
    std::optional<ErrorCode> code;
    while (clock.now() < until) {
      net::poll_readable({&client.dealer()}, {}, std::chrono::milliseconds(50));
      while (std::optional<net::Received> received = client.dealer().receive()) {
        const Result<wire::Message> answer = wire::decode(received->frame);
        if (!answer) continue;
        if (const auto* reply = std::get_if<wire::QueryReply>(&*answer)) {
          if (reply->request == marker.request) return code;
          if (reply->error) code = reply->error->code;
        } else if (const auto* error = std::get_if<wire::ProtocolError>(&*answer)) {
          code = error->error.code;
        } else if (const auto* ack = std::get_if<wire::SubmitAck>(&*answer)) {
          if (ack->error) code = ack->error->code;
        } else if (const auto* done = std::get_if<wire::UploadDone>(&*answer)) {
          if (!done->ok) code = done->error.code;
        } else if (const auto* failed = std::get_if<wire::FetchFailed>(&*answer)) {
          code = failed->error.code;
        }
      }
    }
    ADD_FAILURE() << "no answer to " << wire::message_name(message);
    return code;
  }

  std::array<net::CurveKeys, kRoleCount> keys_;
};

TEST_F(RolesTest, EveryMessageOnTheControlEndpoint) {
  using namespace wire;
  for (size_t role = 0; role < kRoleCount; ++role) {
    Client client = control(keys_[role]);
    for (size_t index = 0; index < std::variant_size_v<wire::Message>; ++index) {
      wire::Message message = blank(index);
      if (is_one_of<UploadBegin, UploadChunk, UploadEnd, FetchBegin, FetchCredit>(message)) continue;
      SCOPED_TRACE(std::string(kRoles[role]) + " says " + wire::message_name(message));
      // What decode() would refuse from anybody says nothing about roles.
      if (auto* m = std::get_if<Submit>(&message)) m->request = RequestId::random(random_);
      if (auto* m = std::get_if<Enroll>(&message)) m->public_key = std::string(40, 'x');
      if (auto* m = std::get_if<Query>(&message)) *m = {RequestId::random(random_), "builds", {}};
      if (auto* m = std::get_if<Subscribe>(&message)) m->request = RequestId::random(random_);
      if (!wire::decode(wire::encode(message))) continue;
      const std::optional<ErrorCode> code = refusal(client, message);
      if (is_one_of<Hello, Sync, Accept, Refuse, PhaseChange, ResourceEvent, JobResult, Drain,
                    Restarting, Survey>(message)) {
        if (role == kAgent) {
          EXPECT_NE(code, ErrorCode::InvalidInput);
        } else {
          EXPECT_EQ(code, ErrorCode::Denied);
        }
      } else if (is_one_of<LogData, Enroll>(message)) {
        EXPECT_EQ(code, ErrorCode::Denied);  // no log of theirs; not the enrolment endpoint
      } else if (is_one_of<Submit>(message)) {
        const bool may = role >= kSubmitter;
        EXPECT_EQ(code == ErrorCode::Denied, !may);
      } else if (is_one_of<Query, Subscribe>(message)) {
        const bool may = role >= kViewer;
        EXPECT_EQ(code == ErrorCode::Denied, !may);
      } else if (is_one_of<Command>(message)) {
        EXPECT_TRUE(code.has_value());  // an unknown command; the next test has the known ones
      } else if (!is_one_of<Unsubscribe>(message)) {
        EXPECT_EQ(code, ErrorCode::InvalidInput) << "is for the other direction";
      }
    }
  }
}

TEST_F(RolesTest, EveryCommandAndQuestion) {
  struct Case {
    const char* what;
    RoleIndex needs;
  };
  // `cancel` of somebody else's build needs an operator; here there is none to be found.
  const std::vector<Case> commands = {
      {"cancel", kSubmitter},  {"drain", kOperator},    {"resume", kOperator},
      {"requeue", kOperator},  {"token-create", kAdmin}, {"revoke", kAdmin},
      {"backup", kAdmin},      {"key-renew", kAdmin},    {"key-finish-coordinator", kAdmin},
  };
  const std::vector<Case> questions = {
      {"builds", kViewer}, {"agents", kViewer}, {"audit", kOperator},
      {"tokens", kAdmin},  {"keys", kAdmin},
  };
  for (size_t role = 0; role < kRoleCount; ++role) {
    Client client = control(keys_[role]);
    const auto may = [&](RoleIndex needs) { return role != kAgent && role >= needs; };
    for (const Case& c : commands) {
      SCOPED_TRACE(std::string(kRoles[role]) + " commands " + c.what);
      const auto code = refusal(client, wire::Command{RequestId::random(random_), c.what,
                                                      {{"name", "nobody"}, {"role", "viewer"}}});
      EXPECT_EQ(code == ErrorCode::Denied, !may(c.needs));
    }
    for (const Case& c : questions) {
      SCOPED_TRACE(std::string(kRoles[role]) + " asks for " + c.what);
      const auto code = refusal(client, wire::Query{RequestId::random(random_), c.what, {}});
      EXPECT_EQ(code == ErrorCode::Denied, !may(c.needs));
    }
  }
}

TEST_F(RolesTest, TransfersOnTheBulkEndpoint) {
  for (size_t role = 0; role < kRoleCount; ++role) {
    SCOPED_TRACE(kRoles[role]);
    Client client = bulk(keys_[role]);
    const wire::UploadBegin begin{
        RequestId::random(random_), {}, "x", 0, kChunkSize, std::string(64, 'a'), {}};
    if (role >= kSubmitter) {
      EXPECT_TRUE(client.ask<wire::UploadNeed>(begin));
      continue;
    }
    const auto upload = client.ask<wire::UploadDone>(begin);
    ASSERT_TRUE(upload) << upload.error().message;
    EXPECT_EQ(upload->error.code, ErrorCode::Denied);
    const auto fetch = client.ask<wire::FetchFailed>(
        wire::FetchBegin{RequestId::random(random_), std::string(64, 'b'), 0, 1U << 20});
    ASSERT_TRUE(fetch) << fetch.error().message;
    EXPECT_NE(fetch->error.code, ErrorCode::Denied);  // not there, but they might have it
  }
}

}  // namespace
}  // namespace farm::coordinator
