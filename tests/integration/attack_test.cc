// Attacks by people who have a key and by people who have none. Each must fail, be said to the
// attacker or ignored, change nothing, and leave everybody else served.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <zmq.hpp>

#include "common/base/scope_guard.h"
#include "common/io/fd.h"
#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

class AttackTest : public CoordinatorServerTest {
 protected:
  void SetUp() override {
    CoordinatorServerTest::SetUp();
    admin_keys_ = enroll(first_token(), "client", "root");
    Client admin = control(admin_keys_);
    first_keys_ = enroll(new_token(admin, "agent"), "agent", "first");
    second_keys_ = enroll(new_token(admin, "agent"), "agent", "second");
    submitter_keys_ = enroll(new_token(admin, "submitter"), "client", "ana");
    viewer_keys_ = enroll(new_token(admin, "viewer"), "client", "eve");
  }
  wire::Submit submission() {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "t.pkr.hcl";
    plan::JobSpec spec;
    spec.builder.type = "null";
    submit.jobs = {{"null.x", plan::encode_job(spec), {}}};
    return submit;
  }
  static wire::Hello hello(const std::string& name) {
    wire::Hello hello;
    hello.name = name;
    hello.boot_id = "boot-" + name;
    hello.builders = {"null"};
    return hello;
  }
  wire::Query query(const std::string& what) {
    return {RequestId::random(random_), what, {}};
  }
  /// The farm serves: asked by somebody who did nothing wrong, over a new connection.
  void expect_serving() {
    Client admin = control(admin_keys_);
    const Result<wire::QueryReply> reply = admin.ask<wire::QueryReply>(query("version"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_NE(reply->json.find("\"state\":\"serving\""), std::string::npos);
  }
  std::string audit() {
    Client admin = control(admin_keys_);
    const Result<wire::QueryReply> reply = admin.ask<wire::QueryReply>(query("audit"));
    return reply ? reply->json : reply.error().message;
  }
  /// A line of the audit log says that it was refused; some come a moment after the refusal.
  void expect_denial(const std::string& actor, const std::string& action) {
    const SystemClock clock;
    const Instant until = clock.now() + kPatience;
    std::string log;
    do {
      log = audit();
      std::istringstream lines(log);
      for (std::string line; std::getline(lines, line, '}');) {
        const bool refused = line.find("\"outcome\":\"denied\"") != std::string::npos ||
                             line.find("\"outcome\":\"failed\"") != std::string::npos;
        if (refused && line.find("\"actor\":\"" + actor + "\"") != std::string::npos &&
            line.find("\"action\":\"" + action + "\"") != std::string::npos) {
          return;
        }
      }
    } while (clock.now() < until);
    ADD_FAILURE() << actor << " " << action << " is not in " << log;
  }
  /// A job that the agent `first` holds.
  wire::JobRef job_of_first(Client& first) {
    Client ana = control(submitter_keys_);
    EXPECT_TRUE(ana.ask<wire::SubmitAck>(submission()));
    const Result<wire::Offer> offer = first.ask<wire::Offer>(hello("first"));
    EXPECT_TRUE(offer);
    first.say(wire::Accept{offer->ref});
    return offer->ref;
  }
  int tcp(const std::string& endpoint) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(port)));
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd);
      return -1;
    }
    return fd;
  }

  net::CurveKeys admin_keys_, first_keys_, second_keys_, submitter_keys_, viewer_keys_;
};

TEST_F(AttackTest, AnotherAgentCannotActOnAJob) {
  Client first = control(first_keys_);
  const wire::JobRef ref = job_of_first(first);
  Client thief = control(second_keys_);
  thief.say(hello("second"));
  wire::JobResult result;
  result.ref = ref;
  result.outcome = wire::Outcome::Succeeded;
  const auto revoked = thief.ask<wire::Revoke>(result);
  EXPECT_TRUE(revoked) << "a stranger to the job is told that it has no right to it";
  Client thief_bulk = bulk(second_keys_);
  EXPECT_EQ(thief_bulk.ask<wire::LogAck>(wire::LogData{ref, 0, "forged"}).error().code,
            ErrorCode::Denied);
  const auto upload = thief_bulk.ask<wire::UploadDone>(wire::UploadBegin{
      RequestId::random(random_), ref, "x", 1, kChunkSize, std::string(64, 'a'), {}});
  ASSERT_TRUE(upload);
  EXPECT_FALSE(upload->ok);
  // Its holder goes on and is believed.
  EXPECT_TRUE(first.ask<wire::ResultAck>(result));
  for (const char* action : {"job_result", "log_data", "upload_begin"}) {
    expect_denial("second", action);
  }
}

TEST_F(AttackTest, ANameInAMessageIsNoAuthority) {
  Client first = control(first_keys_);
  const wire::JobRef ref = job_of_first(first);
  Client thief = control(second_keys_);
  // Says hello as "first", with first's job in its inventory.
  wire::Hello forged = hello("first");
  forged.jobs = {{ref, wire::Phase::Running, 0}};
  const auto welcome = thief.ask<wire::Welcome>(forged);
  ASSERT_TRUE(welcome);
  ASSERT_EQ(welcome->verdicts.size(), 1U);
  EXPECT_EQ(welcome->verdicts[0].verdict, wire::Verdict::Revoke);
  wire::JobResult result;
  result.ref = ref;
  result.outcome = wire::Outcome::Failed;
  EXPECT_TRUE(first.ask<wire::ResultAck>(result));
}

TEST_F(AttackTest, RolesHoldOverTheWireAndRefusalsAreAudited) {
  Client eve = control(viewer_keys_);
  const auto submitted = eve.ask<wire::SubmitAck>(submission());
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->error->code, ErrorCode::Denied);
  for (const char* what : {"cancel", "drain", "resume", "requeue", "token-create", "revoke",
                           "backup"}) {
    SCOPED_TRACE(what);
    const auto reply = eve.ask<wire::QueryReply>(
        wire::Command{RequestId::random(random_), what, {{"agent", "first"}, {"name", "root"}}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error->code, ErrorCode::Denied);
  }
  EXPECT_EQ(eve.ask<wire::Welcome>(hello("eve")).error().code, ErrorCode::Denied);
  Client agent = control(first_keys_);
  const auto asked = agent.ask<wire::QueryReply>(query("builds"));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->error->code, ErrorCode::Denied);
  const std::string log = audit();
  for (const char* action : {"submit", "drain", "token-create", "revoke", "backup"}) {
    EXPECT_NE(log.find("\"actor\":\"eve\",\"role\":\"viewer\",\"action\":\"" +
                       std::string(action)),
              std::string::npos)
        << action << "\n" << log;
  }
}

TEST_F(AttackTest, ATokenIsSpentOnceAndForOneKey) {
  Client admin = control(admin_keys_);
  const std::string token = new_token(admin, "admin");
  enroll(token, "client", "second-admin");
  const net::CurveKeys keys = *net::generate_curve_keys();
  Client door(context_, server_->enroll_endpoint(), server_->public_key(), keys);
  const auto replayed =
      door.ask<wire::EnrollReply>(wire::Enroll{token, keys.public_key, "mallory", "client", {}});
  ASSERT_TRUE(replayed && replayed->error);
  EXPECT_EQ(replayed->error->code, ErrorCode::Denied);
  // Somebody else's key in the message, mine on the line.
  const auto other = door.ask<wire::EnrollReply>(wire::Enroll{
      new_token(admin, "admin"), admin_keys_.public_key, "mallory", "client", {}});
  ASSERT_TRUE(other && other->error);
  EXPECT_EQ(other->error->code, ErrorCode::Denied);
  EXPECT_EQ(door.ask<wire::QueryReply>(query("builds")).error().code, ErrorCode::Denied);
  EXPECT_NE(audit().find("\"action\":\"enroll\",\"subject\":\"mallory\",\"outcome\":\"denied\""),
            std::string::npos);
}

TEST_F(AttackTest, ARevokedKeyIsDeadOnItsLiveSession) {
  Client eve = control(viewer_keys_);
  ASSERT_TRUE(eve.ask<wire::QueryReply>(query("builds")));
  Client admin = control(admin_keys_);
  const auto revoked = admin.ask<wire::QueryReply>(
      wire::Command{RequestId::random(random_), "revoke", {{"name", "eve"}}});
  ASSERT_TRUE(revoked && !revoked->error);
  EXPECT_EQ(eve.ask<wire::QueryReply>(query("builds")).error().code, ErrorCode::Denied);
  expect_denial("-", "query");
  // Nor does it come in again.
  Client back = control(viewer_keys_);
  back.say(query("builds"));
  expect_denial("-", "connect");
  expect_serving();
}

TEST_F(AttackTest, ARoutingIdGivesNoRights) {
  Client first = control(first_keys_);
  const wire::JobRef ref = job_of_first(first);
  // Another enrolled key under routing ids of its own choice.
  zmq::context_t context;
  std::vector<zmq::socket_t> squatters;
  for (uint32_t i = 0; i < 16; ++i) {
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::routing_id, std::string("first") + std::to_string(i));
    socket.set(zmq::sockopt::curve_serverkey, server_->public_key());
    socket.set(zmq::sockopt::curve_publickey, second_keys_.public_key);
    socket.set(zmq::sockopt::curve_secretkey, second_keys_.secret_key.reveal());
    socket.connect(reachable(server_->control_endpoint()));
    wire::JobResult result;
    result.ref = ref;
    result.outcome = wire::Outcome::Failed;
    socket.send(zmq::buffer(wire::encode(result)), zmq::send_flags::none);
    squatters.push_back(std::move(socket));
  }
  expect_denial("second", "job_result");
  wire::JobResult result;
  result.ref = ref;
  result.outcome = wire::Outcome::Succeeded;
  EXPECT_TRUE(first.ask<wire::ResultAck>(result));
}

TEST_F(AttackTest, ANewKeyIsTakenOverTheOldSessionOnly) {
  Client first = control(first_keys_);
  const wire::JobRef ref = job_of_first(first);
  const net::CurveKeys fresh = *net::generate_curve_keys();
  const auto replace = [&](Client& client, const std::string& key) {
    return client.ask<wire::QueryReply>(
        wire::Command{RequestId::random(random_), "key-replace", {{"key", key}}});
  };
  // Somebody else's key, and no key.
  for (const std::string& key : {second_keys_.public_key, admin_keys_.public_key, std::string("x")}) {
    const auto refused = replace(first, key);
    ASSERT_TRUE(refused);
    EXPECT_TRUE(refused->error);
  }
  const auto taken = replace(first, fresh.public_key);
  ASSERT_TRUE(taken && !taken->error);
  // With the new key it is the same agent, and with the old one for now.
  Client renewed = control(fresh);
  wire::Hello again = hello("first");
  again.jobs = {{ref, wire::Phase::Running, 0}};
  const auto welcome = renewed.ask<wire::Welcome>(again);
  ASSERT_TRUE(welcome) << welcome.error().message;
  ASSERT_EQ(welcome->verdicts.size(), 1U);
  EXPECT_EQ(welcome->verdicts[0].verdict, wire::Verdict::Keep);
  Client old = control(first_keys_);
  EXPECT_TRUE(old.ask<wire::Welcome>(again));
  // Revoked: both are.
  Client admin = control(admin_keys_);
  const auto revoked = admin.ask<wire::QueryReply>(
      wire::Command{RequestId::random(random_), "revoke", {{"name", "first"}}});
  ASSERT_TRUE(revoked && !revoked->error);
  EXPECT_EQ(renewed.ask<wire::Welcome>(again).error().code, ErrorCode::Denied);
  EXPECT_EQ(old.ask<wire::Welcome>(again).error().code, ErrorCode::Denied);
}

TEST_F(AttackTest, SlowHandshakesAreCutOff) {
  // A byte now and then, so that the connection is never idle.
  std::vector<io::Fd> sockets;
  for (int i = 0; i < 50; ++i) {
    const int fd = tcp(server_->control_endpoint());
    if (fd >= 0) sockets.emplace_back(fd);
  }
  ASSERT_FALSE(sockets.empty());
  const std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0CURVE", 17);
  const SystemClock clock;
  const Instant until = clock.now() + std::chrono::seconds(60);
  size_t sent = 0;
  std::vector<bool> closed(sockets.size(), false);
  while (std::count(closed.begin(), closed.end(), true) != static_cast<int>(closed.size()) &&
         clock.now() < until) {
    std::vector<pollfd> waiters;
    for (const io::Fd& fd : sockets) waiters.push_back({fd.get(), POLLIN, 0});
    ::poll(waiters.data(), waiters.size(), 500);
    for (size_t i = 0; i < sockets.size(); ++i) {
      char byte = 0;
      const ssize_t got = ::recv(sockets[i].get(), &byte, 1, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) closed[i] = true;
      if (closed[i] || sent >= greeting.size()) continue;
      static_cast<void>(::send(sockets[i].get(), &greeting[sent], 1, MSG_NOSIGNAL));
    }
    if (sent < greeting.size()) ++sent;
  }
  EXPECT_EQ(std::count(closed.begin(), closed.end(), true), static_cast<int>(closed.size()));
  expect_serving();
}

TEST_F(AttackTest, MalformedAndOversizedFramesChangeNothing) {
  const std::string good = wire::encode(submission());
  std::vector<std::string> frames = {"", "x", std::string(3, '\0'), std::string(1 << 20, 'A'),
                                     std::string(24U << 20, '\xff')};
  for (size_t length = 0; length < good.size(); length += 7) frames.push_back(good.substr(0, length));
  SeededRandom dice(7);
  for (int i = 0; i < 500; ++i) {
    std::string frame = good;
    for (uint64_t flips = 1 + dice.below(8); flips > 0; --flips) {
      const size_t at = dice.below(frame.size());
      frame[at] = static_cast<char>(frame[at] ^ (1 << dice.below(8)));
    }
    frames.push_back(std::move(frame));
  }
  for (const net::CurveKeys& keys : {viewer_keys_, first_keys_}) {
    Client control_line = control(keys);
    Client bulk_line = bulk(keys);
    for (const std::string& frame : frames) {
      static_cast<void>(control_line.dealer().send(frame));
      static_cast<void>(bulk_line.dealer().send(frame));
      while (control_line.dealer().receive()) {
      }
      while (bulk_line.dealer().receive()) {
      }
    }
    expect_serving();
  }
  Client admin = control(admin_keys_);
  const auto builds = admin.ask<wire::QueryReply>(query("builds"));
  ASSERT_TRUE(builds);
  EXPECT_EQ(builds->json, "{\"builds\":[]}");
  expect_denial("eve", "frame");
}

TEST_F(AttackTest, ATamperedArtifactIsRefused) {
  Client ana = bulk(submitter_keys_);
  const std::string content(5000, 'a');
  const std::string lie = io::digest_hex(io::DigestKind::Sha256, "something else");
  const std::string digest = chunk_digest(content);
  const RequestId upload = RequestId::random(random_);
  const auto need = ana.ask<wire::UploadNeed>(
      wire::UploadBegin{upload, {}, "t", content.size(), kChunkSize, lie, {digest}});
  ASSERT_TRUE(need);
  std::string forged = content;
  forged[17] = 'b';
  ana.say(wire::UploadChunk{upload, 0, digest, forged});
  const auto done = ana.ask<wire::UploadDone>(wire::UploadEnd{upload, lie, {digest}});
  ASSERT_TRUE(done);
  EXPECT_FALSE(done->ok);
  // The right chunk under a wrong name of the whole.
  const RequestId again = RequestId::random(random_);
  ASSERT_TRUE(ana.ask<wire::UploadNeed>(
      wire::UploadBegin{again, {}, "t", content.size(), kChunkSize, lie, {digest}}));
  ana.say(wire::UploadChunk{again, 0, digest, content});
  const auto whole = ana.ask<wire::UploadDone>(wire::UploadEnd{again, lie, {digest}});
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->ok);
  expect_denial("ana", "upload");
  expect_serving();
}

TEST_F(AttackTest, BundlePathsStayInTheirFolder) {
  Client ana = control(submitter_keys_);
  using namespace std::string_literals;
  for (const std::string& path :
       {"../x"s, "/etc/passwd"s, "a/../../x"s, ""s, "."s, "a//b"s, "a\0b"s}) {
    SCOPED_TRACE(path);
    wire::Submit submit = submission();
    submit.bundle = {{path, "", 0, 0644, "target"}};
    const auto ack = ana.ask<wire::SubmitAck>(submit);
    ASSERT_TRUE(ack);
    EXPECT_TRUE(ack->error) << "taken";
  }
  expect_denial("ana", "submit");
}

TEST_F(AttackTest, TwoThousandHalfOpenSocketsAndGarbageHinderNobody) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const size_t wanted = limit.rlim_cur > 6000 ? 2000 : 200;
  std::vector<io::Fd> sockets;
  for (size_t i = 0; i < wanted; ++i) {
    const std::string& endpoint = i % 2 == 0 ? server_->control_endpoint()
                                             : server_->enroll_endpoint();
    const int fd = tcp(endpoint);
    if (fd < 0) continue;
    sockets.emplace_back(fd);
    // Nothing; the beginning of a handshake; noise.
    const std::string greetings[] = {"", std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x03", 11),
                                     "GET / HTTP/1.1\r\n\r\n" + std::string(200, 'x')};
    const std::string& greeting = greetings[i % 3];
    static_cast<void>(::send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL));
  }
  EXPECT_GT(sockets.size(), wanted * 9 / 10);
  expect_serving();
  Client admin = control(admin_keys_);
  EXPECT_TRUE(admin.ask<wire::SubmitAck>(submission()));
}

}  // namespace
}  // namespace farm::coordinator
