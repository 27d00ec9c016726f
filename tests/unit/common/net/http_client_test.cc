#include "common/net/http/client.h"

#include <atomic>
#include <gtest/gtest.h>

#include "common/io/files.h"
#include "common/net/http/server.h"

namespace farm::net {
namespace {

// Echoes what it was sent, so that both sides are seen at once.
ServedResponse echo(ServedRequest& request) {
  ServedResponse response;
  if (request.path == "/redirect") {
    response.status = 302;
    response.headers = {{"Location", "/landed"}};
    return response;
  }
  if (request.path == "/missing") {
    response.status = 404;
    response.body = "nothing here";
    return response;
  }
  if (request.path == "/stream") {
    response.stream = [left = 3](char* buffer, size_t) mutable -> size_t {
      if (left-- == 0) return 0;
      buffer[0] = 's';
      return 1;
    };
    return response;
  }
  const std::string* color = request.header("x-color");
  response.headers = {{"X-Method", request.method}, {"X-Color", color == nullptr ? "" : *color}};
  response.body = request.path + "|" + request.body + "|";
  for (const auto& [key, text] : request.query) response.body += key + "=" + text + ";";
  return response;
}

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions options;
    options.max_body_bytes = 1024;
    auto server = HttpServer::start(options, echo);
    ASSERT_TRUE(server);
    server_.emplace(std::move(*server));
    base_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  HttpRequest request(const std::string& path) const {
    HttpRequest request;
    request.url = base_ + path;
    request.deadline = std::chrono::seconds(20);
    return request;
  }
  std::optional<HttpServer> server_;
  std::string base_;
  HttpClient client_;
};

TEST_F(HttpClientTest, SendsMethodHeadersBodyAndQuery) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    SCOPED_TRACE(method);
    HttpRequest put = request("/a%20b?x=1&y=2%262");
    put.method = method;
    put.body = "payload";
    put.headers = {{"X-Color", "red"}};
    const auto got = client_.send(put, CancelToken());
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "/a b|payload|x=1;y=2&2;");
    ASSERT_NE(got->header("x-method"), nullptr);
    EXPECT_EQ(*got->header("x-method"), method);
    EXPECT_EQ(*got->header("X-COLOR"), "red");
  }
}

TEST_F(HttpClientTest, FollowsRedirectsUnlessToldNotTo) {
  const auto followed = client_.send(request("/redirect"), CancelToken());
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->url, base_ + "/landed");
  HttpRequest strict = request("/redirect");
  strict.max_redirects = 0;
  const auto kept = client_.send(strict, CancelToken());
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->status, 302);
}

TEST_F(HttpClientTest, BodyOfAnErrorAnswerIsNotGivenToTheSink) {
  HttpRequest get = request("/missing");
  std::string sunk;
  get.on_body = [&](std::string_view piece) -> Result<void> {
    sunk += piece;
    return {};
  };
  const auto got = client_.send(get, CancelToken());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 404);
  EXPECT_EQ(got->body, "nothing here");
  EXPECT_EQ(sunk, "");
}

TEST_F(HttpClientTest, ErrorOfTheSinkIsTheResult) {
  HttpRequest get = request("/x");
  get.on_body = [](std::string_view) -> Result<void> { return internal("disk full"); };
  const auto got = client_.send(get, CancelToken());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "disk full");
}

TEST_F(HttpClientTest, ReadsAnAnswerOfUnknownLength) {
  const auto got = client_.send(request("/stream"), CancelToken());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->body, "sss");
}

TEST_F(HttpClientTest, ServerRefusesALargeBody) {
  HttpRequest post = request("/x");
  post.method = "POST";
  post.body = std::string(4096, 'b');
  const auto got = client_.send(post, CancelToken());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 413);
}

TEST_F(HttpClientTest, LimitsTheAnswerAndReportsCancelAndRefusal) {
  HttpRequest small = request("/long-enough");
  small.max_body_bytes = 3;
  EXPECT_FALSE(client_.send(small, CancelToken()));
  const CancelToken cancel;
  cancel.cancel();
  const auto stopped = client_.send(request("/x"), cancel);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
  server_.reset();
  const auto refused = client_.send(request("/x"), CancelToken());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(refused.error().retryable);
}

TEST_F(HttpClientTest, RefusesOtherProtocols) {
  HttpRequest get;
  get.url = "gopher://127.0.0.1/";
  const auto got = client_.send(get, CancelToken());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::InvalidInput);
}

TEST_F(HttpClientTest, TakenPortIsAConflict) {
  HttpServerOptions options;
  options.port = server_->port();
  const auto second = HttpServer::start(options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
}

TEST(Percent, RoundTrip) {
  EXPECT_EQ(percent_encode("a b/c~é"), "a%20b%2Fc~%C3%A9");
  EXPECT_EQ(percent_decode("a%20b%2Fc~%C3%A9"), "a b/c~é");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%zz"), "%zz");
}

}  // namespace
}  // namespace farm::net
