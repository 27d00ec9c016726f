// The HTTP API over real TLS: roles per route, tokens, sessions of browsers, limits, and what people
// try who have no business there.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "common/io/fd.h"
#include "common/net/http/client.h"
#include "coordinator/http/routes.h"
#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

using nlohmann::json;

class HttpTest : public CoordinatorServerTest {
 protected:
  void configure(ServerConfig& config) override {
    config.https = "tcp://127.0.0.1:*";
    config.https_request_seconds = 2;
    config.requests = {5, 100};
  }
  void SetUp() override {
    CoordinatorServerTest::SetUp();
    admin_keys_ = enroll(first_token(), "client", "root");
    Client admin = control(admin_keys_);
    tokens_["admin"] = api_token(admin_keys_);
    for (const char* role : {"viewer", "submitter", "operator"}) {
      keys_[role] = enroll(new_token(admin, role), "client", std::string("the-") + role);
      tokens_[role] = api_token(keys_[role]);
    }
    agent_keys_ = enroll(new_token(admin, "agent"), "agent", "kvm-a");
    Client agent = control(agent_keys_);
    wire::Hello hello;
    hello.name = "kvm-a";
    hello.boot_id = "boot";
    hello.builders = {"qemu"};
    agent.say(hello);
    ASSERT_TRUE(agent.expect<wire::Welcome>());
  }
  Result<wire::QueryReply> command(const net::CurveKeys& keys, const std::string& what,
                                   std::map<std::string, std::string> arguments) {
    Client client = control(keys);
    return client.ask<wire::QueryReply>(
        wire::Command{RequestId::random(random_), what, std::move(arguments)});
  }
  std::string api_token(const net::CurveKeys& keys,
                        std::map<std::string, std::string> arguments = {}) {
    const auto reply = command(keys, "api-token-create", std::move(arguments));
    EXPECT_TRUE(reply && !reply->error);
    return reply ? json::parse(reply->json).value("token", "") : "";
  }
  std::string token_id(const std::string& token) { return token.substr(8, 10); }
  int port() const {
    const std::string url = server_->https_url();
    return std::stoi(url.substr(url.rfind(':') + 1));
  }
  net::HttpRequest request(const std::string& method, const std::string& path,
                           const std::string& token) const {
    net::HttpRequest request;
    request.method = method;
    request.url = "https://127.0.0.1:" + std::to_string(port()) + path;
    if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
    request.ca_file = directory_.path() + "/data/https.crt";
    request.no_proxy = true;
    request.max_redirects = 0;
    return request;
  }
  net::HttpResponse send(const net::HttpRequest& request) {
    net::HttpClient client;
    Result<net::HttpResponse> response = client.send(request, CancelToken());
    EXPECT_TRUE(response) << response.error().message;
    return response ? *std::move(response) : net::HttpResponse{};
  }
  net::HttpResponse get(const std::string& path, const std::string& token) {
    return send(request("GET", path, token));
  }
  wire::SubmitAck submit() {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "t.pkr.hcl";
    plan::JobSpec spec;
    spec.builder.type = "null";
    submit.jobs = {{"null.x", plan::encode_job(spec), {}}};
    Client client = control(keys_["submitter"]);
    const auto ack = client.ask<wire::SubmitAck>(submit);
    EXPECT_TRUE(ack && !ack->error);
    return ack ? *ack : wire::SubmitAck{};
  }
  std::string audit() {
    Client admin = control(admin_keys_);
    const auto reply = admin.ask<wire::QueryReply>(
        wire::Query{RequestId::random(random_), "audit", {}});
    return reply ? reply->json : reply.error().message;
  }
  io::Fd tcp() const {
    io::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port()));
    const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    EXPECT_EQ(::connect(fd.get(), raw, sizeof address), 0);
    return fd;
  }
  /// Whether the server ends the connection within `limit` seconds although a byte keeps coming.
  static bool ended_although_fed(const io::Fd& fd, int limit) {
    // A greeting that announces 16 KiB and then comes byte by byte.
    const std::string greeting("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11);
    if (::send(fd.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0) return true;
    for (int i = 0; i < limit * 5; ++i) {
      pollfd readable{fd.get(), POLLIN, 0};
      if (::poll(&readable, 1, 200) == 1) {
        char byte = 0;
        if (::recv(fd.get(), &byte, 1, MSG_DONTWAIT) <= 0) return true;
      }
      if (::send(fd.get(), "", 1, MSG_NOSIGNAL) < 0) return true;
    }
    return false;
  }

  net::CurveKeys admin_keys_, agent_keys_;
  std::map<std::string, net::CurveKeys> keys_;
  std::map<std::string, std::string> tokens_;
};

TEST_F(HttpTest, EachRouteNeedsItsRole) {
  const std::string build = submit().build.str();
  const json jobs = json::parse(get("/api/v1/builds/" + build, tokens_["viewer"]).body)["jobs"];
  const std::string job = jobs.at(0).value("id", "");
  const std::vector<std::string> ladder = {"viewer", "submitter", "operator", "admin"};
  const auto rank = [&](std::string_view role) {
    return std::find(ladder.begin(), ladder.end(), role) - ladder.begin();
  };
  for (const Route& route : routes()) {
    if (route.what == "cancel") continue;  // below: it ends what it is asked about
    std::string path(route.pattern);
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"{build}", build}, {"{agent}", "kvm-a"}, {"{job}", job}}) {
      const size_t at = path.find(name);
      if (at != std::string::npos) path.replace(at, name.size(), value);
    }
    if (std::find(route.options.begin(), route.options.end(), "build") != route.options.end()) {
      path += "?build=" + build;
    }
    for (const std::string& role : ladder) {
      SCOPED_TRACE(std::string(route.method) + " " + path + " as " + role);
      const net::HttpResponse response =
          send(request(std::string(route.method), path, tokens_[role]));
      if (rank(role) < rank(route.role)) {
        EXPECT_EQ(response.status, 403) << response.body;
      } else {
        EXPECT_EQ(response.status, 200) << response.body;
      }
    }
    SCOPED_TRACE(path);
    EXPECT_EQ(send(request(std::string(route.method), path, "")).status, 401);
  }
  const std::string cancel = "/api/v1/builds/" + build + "/cancel";
  EXPECT_EQ(send(request("POST", cancel, tokens_["viewer"])).status, 403);
  EXPECT_EQ(send(request("POST", cancel, tokens_["submitter"])).status, 200);
  EXPECT_EQ(json::parse(get("/api/v1/builds/" + build, tokens_["viewer"]).body).value("state", ""),
            "cancelled");
  const std::string log = audit();
  EXPECT_NE(log.find("\"actor\":\"the-viewer\",\"role\":\"viewer\",\"action\":\"cancel\""),
            std::string::npos);
  EXPECT_NE(log.find("\"actor\":\"the-submitter\",\"role\":\"submitter\",\"action\":\"cancel\""),
            std::string::npos);
}

TEST_F(HttpTest, AnswersAreThoseOfFarmctl) {
  const std::string build = submit().build.str();
  Client client = control(keys_["viewer"]);
  const auto told = client.ask<wire::QueryReply>(
      wire::Query{RequestId::random(random_), "artifacts", {{"build", build}}});
  ASSERT_TRUE(told);
  EXPECT_EQ(get("/api/v1/builds/" + build + "/artifacts", tokens_["viewer"]).body, told->json);
  const net::HttpResponse why = get("/api/v1/why?build=" + build, tokens_["viewer"]);
  EXPECT_NE(why.body.find("\"state\":\"ready\""), std::string::npos) << why.body;
  const json log = json::parse(get("/api/v1/builds/" + build + "/log", tokens_["viewer"]).body);
  EXPECT_EQ(log.value("next", 1), 0);
  EXPECT_TRUE(log["lines"].empty());
  EXPECT_EQ(get("/api/v1/builds/zzzzzz", tokens_["viewer"]).status, 404);
  EXPECT_EQ(get("/api/v1/builds?limit=many", tokens_["viewer"]).status, 400);
  EXPECT_EQ(get("/api/v1/builds?colour=red", tokens_["viewer"]).status, 400);
  EXPECT_EQ(send(request("DELETE", "/api/v1/builds", tokens_["admin"])).status, 405);
}

TEST_F(HttpTest, TokensEndWhenTheyAreWrongExpiredOrRevoked) {
  const std::string good = tokens_["viewer"];
  EXPECT_EQ(get("/api/v1/builds", good).status, 200);
  std::string forged = good;
  forged.back() = forged.back() == 'a' ? 'b' : 'a';
  for (const std::string& token : {forged, std::string("farmapi-"), std::string("x"),
                                   std::string(4000, 'a'), good + "a"}) {
    SCOPED_TRACE(token.substr(0, 30));
    const net::HttpResponse response = get("/api/v1/builds", token);
    EXPECT_EQ(response.status, 401);
    EXPECT_NE(response.header("WWW-Authenticate"), nullptr);
  }
  EXPECT_NE(audit().find("\"action\":\"https\",\"subject\":\"GET /api/v1/builds\","
                         "\"outcome\":\"denied\""),
            std::string::npos)
      << audit();
  // One token, then the user behind the others.
  const auto foreign = command(keys_["operator"], "api-token-revoke", {{"name", token_id(good)}});
  ASSERT_TRUE(foreign && foreign->error);
  EXPECT_EQ(foreign->error->code, ErrorCode::Denied);
  const std::string second = api_token(keys_["viewer"]);
  ASSERT_FALSE(command(keys_["viewer"], "api-token-revoke", {{"name", token_id(good)}})->error);
  EXPECT_EQ(get("/api/v1/builds", good).status, 401);
  EXPECT_EQ(get("/api/v1/builds", second).status, 200);
  ASSERT_FALSE(command(admin_keys_, "revoke", {{"name", "the-viewer"}})->error);
  EXPECT_EQ(get("/api/v1/builds", second).status, 401);
}

TEST_F(HttpTest, ATokenGivesNoMoreThanItsOwner) {
  const auto more = command(keys_["viewer"], "api-token-create", {{"role", "admin"}});
  ASSERT_TRUE(more && more->error);
  EXPECT_EQ(more->error->code, ErrorCode::Denied);
  const auto agent = command(agent_keys_, "api-token-create", {});
  ASSERT_TRUE(agent && agent->error);
  const std::string narrow = api_token(admin_keys_, {{"role", "viewer"}});
  EXPECT_EQ(get("/api/v1/builds", narrow).status, 200);
  EXPECT_EQ(get("/api/v1/audit", narrow).status, 403);
  EXPECT_EQ(send(request("POST", "/api/v1/agents/kvm-a/drain", narrow)).status, 403);
  // It is still there after a restart.
  stop();
  start();
  EXPECT_EQ(get("/api/v1/builds", narrow).status, 200);
  EXPECT_EQ(get("/api/v1/audit", narrow).status, 403);
}

TEST_F(HttpTest, ABrowsersChangesNeedItsProof) {
  net::HttpRequest login = request("POST", "/login", "");
  login.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  login.body = "token=" + tokens_["operator"];
  const net::HttpResponse in = send(login);
  ASSERT_EQ(in.status, 200) << in.body;
  const std::string* cookie = in.header("Set-Cookie");
  ASSERT_NE(cookie, nullptr);
  for (const char* word : {"__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"}) {
    EXPECT_NE(cookie->find(word), std::string::npos) << *cookie;
  }
  const std::string session = cookie->substr(0, cookie->find(';'));
  net::HttpRequest who = request("GET", "/api/v1/session", "");
  who.headers.push_back({"Cookie", "other=1; " + session});
  const json told = json::parse(send(who).body);
  EXPECT_EQ(told.value("role", ""), "operator");
  const std::string proof = told.value("csrf", "");
  ASSERT_FALSE(proof.empty());
  net::HttpRequest drain = request("POST", "/api/v1/agents/kvm-a/drain", "");
  drain.headers.push_back({"Cookie", session});
  EXPECT_EQ(send(drain).status, 403);
  net::HttpRequest guessed = drain;
  guessed.headers.push_back({"X-CSRF-Token", std::string(proof.size(), 'A')});
  EXPECT_EQ(send(guessed).status, 403);
  EXPECT_NE(audit().find("X-CSRF-Token"), std::string::npos);
  drain.headers.push_back({"X-CSRF-Token", proof});
  EXPECT_EQ(send(drain).status, 200);
  login.body = "token=nonsense";
  EXPECT_EQ(send(login).status, 401);
}

TEST_F(HttpTest, EveryAnswerCarriesSecurityHeaders) {
  for (const char* path : {"/", "/healthz", "/openapi.json", "/api/v1/builds", "/absent", "/../x"}) {
    SCOPED_TRACE(path);
    const net::HttpResponse response = get(path, "");
    const std::string* policy = response.header("Content-Security-Policy");
    ASSERT_NE(policy, nullptr);
    EXPECT_NE(policy->find("default-src 'none'"), std::string::npos);
    EXPECT_NE(policy->find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy->find("unsafe"), std::string::npos);
    ASSERT_NE(response.header("X-Content-Type-Options"), nullptr);
    EXPECT_EQ(*response.header("X-Content-Type-Options"), "nosniff");
    EXPECT_NE(response.header("Strict-Transport-Security"), nullptr);
    EXPECT_NE(response.header("X-Frame-Options"), nullptr);
  }
  const net::HttpResponse page = get("/", "");
  EXPECT_EQ(page.status, 200);
  EXPECT_LT(page.body.size(), 100U << 10);
  EXPECT_NE(page.body.find("<title>farm</title>"), std::string::npos);
  for (const char* outside : {"src=\"http", "href=\"http", "url(", "innerHTML", "@import"}) {
    EXPECT_EQ(page.body.find(outside), std::string::npos) << outside;
  }
}

TEST_F(HttpTest, HealthMetricsAndDescription) {
  EXPECT_EQ(get("/healthz", "").body, "{\"state\":\"serving\"}");
  submit();
  const net::HttpResponse metrics = get("/metrics", tokens_["viewer"]);
  EXPECT_EQ(metrics.status, 200);
  for (const char* line : {"farm_builds{state=\"running\"} 1\n", "farm_jobs{state=\"ready\"} 1\n",
                           "farm_slots{agent=\"kvm-a\",state=\"free\"} 1\n",
                           "# TYPE farm_leaked_resources gauge\n", "farm_store_read_only 0\n"}) {
    EXPECT_NE(metrics.body.find(line), std::string::npos) << line << metrics.body;
  }
  const json openapi = json::parse(get("/openapi.json", "").body);
  EXPECT_EQ(openapi.value("openapi", ""), "3.1.0");
  EXPECT_EQ(openapi["paths"].size(), routes().size());
}

TEST_F(HttpTest, PathsLeadNowhereElse) {
  for (const char* path :
       {"/api/v1/builds/../../etc/passwd", "/api/v1/builds/%2e%2e/log", "/..%2f..%2fetc/passwd",
        "/api/v1/agents/..%5c../drain", "/api/v1//builds", "/api/v1/builds/%0d%0aX:y"}) {
    SCOPED_TRACE(path);
    // As written: libcurl itself would clean some of them.
    net::HttpRequest asked = request("GET", "/", tokens_["viewer"]);
    asked.url = "https://127.0.0.1:" + std::to_string(port()) + path;
    const int status = send(asked).status;
    EXPECT_TRUE(status == 400 || status == 404) << status;
  }
  EXPECT_NE(audit().find("the path has a part that names nothing"), std::string::npos) << audit();
}

TEST_F(HttpTest, TooMuchIsRefused) {
  net::HttpRequest large = request("POST", "/login", "");
  large.body = "token=" + std::string(1U << 20, 'a');
  EXPECT_EQ(send(large).status, 413);
  net::HttpRequest header = request("GET", "/healthz", "");
  header.headers.push_back({"X-Long", std::string(256U << 10, 'a')});
  net::HttpClient client;
  const Result<net::HttpResponse> answered = client.send(header, CancelToken());
  EXPECT_TRUE(!answered || answered->status >= 400);
  EXPECT_EQ(get("/healthz", "").status, 200);
  // A script that asks without end is told to wait; others are served.
  int flooded = 0;
  for (int i = 0; i < 600 && flooded == 0; ++i) {
    if (client.send(request("GET", "/api/v1/session", tokens_["viewer"]), CancelToken())
            .value_or({})
            .status == 429) {
      ++flooded;
    }
  }
  EXPECT_GT(flooded, 0);
  EXPECT_EQ(get("/api/v1/session", tokens_["operator"]).status, 200);
}

TEST_F(HttpTest, WhoSendsAByteNowAndThenLosesTheirPlace) {
  // Bytes of a handshake that never ends; more such connections than the server has threads.
  std::vector<io::Fd> slow;
  for (int i = 0; i < 30; ++i) slow.push_back(tcp());
  EXPECT_EQ(get("/healthz", "").status, 200);
  EXPECT_TRUE(ended_although_fed(slow[0], 30));
  EXPECT_EQ(get("/healthz", "").status, 200);
}

TEST_F(HttpTest, PlainHttpAndNoiseAreNotAnswered) {
  for (const std::string& text : {std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                                  std::string(5000, '\xff'), std::string("\x16\x03\x01\xff\xff")}) {
    const io::Fd fd = tcp();
    static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
    char answer[64] = {};
    const ssize_t got = ::recv(fd.get(), answer, sizeof answer - 1, 0);
    EXPECT_EQ(std::string(answer, got > 0 ? static_cast<size_t>(got) : 0).find("serving"),
              std::string::npos);
  }
  EXPECT_EQ(get("/healthz", "").status, 200);
}

TEST_F(HttpTest, TheCertificateStaysAndIsItsOwn) {
  const std::string first = server_->https_fingerprint();
  EXPECT_EQ(first.size(), 32U * 3 - 1);
  stop();
  start();
  EXPECT_EQ(server_->https_fingerprint(), first);
  net::HttpRequest stranger = request("GET", "/healthz", "");
  stranger.ca_file.clear();
  net::HttpClient client;
  EXPECT_FALSE(client.send(stranger, CancelToken())) << "nobody signed it";
}

}  // namespace
}  // namespace farm::coordinator
