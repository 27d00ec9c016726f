#include "builders/steps/vsphere/session.h"

#include <atomic>
#include <gtest/gtest.h>

#include "common/net/http/server.h"

namespace farm::builders::vsphere {
namespace {

constexpr const char* kContent =
    "<e:Envelope xmlns:e='x'><e:Body><RetrieveServiceContentResponse><returnval>"
    "<rootFolder type='Folder'>group-d1</rootFolder>"
    "<propertyCollector type='PropertyCollector'>pc</propertyCollector>"
    "<sessionManager type='SessionManager'>sm</sessionManager></returnval>"
    "</RetrieveServiceContentResponse></e:Body></e:Envelope>";

TEST(SessionKeeper, AsksWithTheSessionsCookie) {
  std::atomic<int> asked{0};
  std::atomic<bool> with_cookie{true};
  auto server = net::HttpServer::start({}, [&](net::ServedRequest& request) {
    net::ServedResponse response;
    if (request.body.find("RetrieveServiceContent") != std::string::npos) {
      response.body = kContent;
      return response;
    }
    if (request.body.find("<Login ") != std::string::npos) {
      response.headers.push_back({"Set-Cookie", "vmware_soap_session=\"abc\"; Path=/"});
    }
    if (request.body.find("CurrentTime") != std::string::npos) {
      ++asked;
      const std::string* cookie = request.header("Cookie");
      if (cookie == nullptr || *cookie != "vmware_soap_session=\"abc\"") with_cookie = false;
    }
    response.body = "<e:Envelope xmlns:e='x'><e:Body><R/></e:Body></e:Envelope>";
    return response;
  });
  ASSERT_TRUE(server);
  const CancelToken cancel;
  ConnectOptions options;
  options.server = "http://127.0.0.1:" + std::to_string(server->port());
  options.username = "u";
  Result<std::unique_ptr<Session>> session = Session::open(options, cancel);
  ASSERT_TRUE(session) << session.error().message;
  {
    const SessionKeeper keeper(**session, std::chrono::milliseconds(1));
    SystemClock clock;
    const Instant end = clock.now() + std::chrono::seconds(20);
    while (asked < 3 && clock.now() < end) clock.sleep(std::chrono::milliseconds(1));
  }
  EXPECT_GE(asked, 3);
  EXPECT_TRUE(with_cookie);
}

TEST(Session, SaysWhoAnswersInstead) {
  auto server = net::HttpServer::start({}, [](net::ServedRequest&) {
    net::ServedResponse response;
    response.status = 404;
    response.body = "<html><body>no";
    return response;
  });
  ASSERT_TRUE(server);
  ConnectOptions options;
  options.server = "http://127.0.0.1:" + std::to_string(server->port());
  const CancelToken cancel;
  const Result<std::unique_ptr<Session>> session = Session::open(options, cancel);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().message, "connect to " + options.server +
                                         ": RetrieveServiceContent: HTTP status 404 from " +
                                         options.server + ", no SOAP answer");
}

}  // namespace
}  // namespace farm::builders::vsphere
