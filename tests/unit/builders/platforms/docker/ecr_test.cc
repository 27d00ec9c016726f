#include "builders/communicators/docker/ecr.h"

#include <gtest/gtest.h>

#include "common/io/process.h"
#include "common/net/http/server.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::docker {
namespace {

TEST(EcrRegistry, IsReadFromTheServersName) {
  struct Case {
    const char* server;
    const char* account;
    const char* region;
    bool china;
  };
  for (const Case& c :
       {Case{"123.dkr.ecr.eu-west-1.amazonaws.com", "123", "eu-west-1", false},
        Case{"https://123.dkr.ecr.eu-west-1.amazonaws.com/team", "123", "eu-west-1", false},
        Case{"9.dkr.ecr.cn-north-1.amazonaws.com.cn", "9", "cn-north-1", true}}) {
    SCOPED_TRACE(c.server);
    const auto registry = parse_ecr_registry(c.server);
    ASSERT_TRUE(registry.has_value()) << registry.error().message;
    EXPECT_EQ(registry->account, c.account);
    EXPECT_EQ(registry->region, c.region);
    EXPECT_EQ(registry->china, c.china);
  }
  for (const char* server : {"", "registry.example", "123.dkr.ecr.amazonaws.com"}) {
    EXPECT_FALSE(parse_ecr_registry(server).has_value()) << server;
  }
}

class EcrTest : public builders::testing::BuildFixture {};

TEST_F(EcrTest, WithoutACredentialItSaysWhereItLooked) {
  environment_ = Environment({{"HOME", root_}});
  LoginOptions options;
  options.ecr = true;
  options.server = "123.dkr.ecr.eu-west-1.amazonaws.com";
  EXPECT_EQ(fetch_ecr_credential(options, context_).error().message,
            "no AWS credential found: neither aws_access_key, nor AWS_ACCESS_KEY_ID in the "
            "environment, nor profile \"default\" in " +
                root_ + "/.aws/credentials (credentials of the instance's role are not supported)");
}

// Signature version 4 as its documentation tells it, by another program.
constexpr const char* kSigner = R"(
import hashlib, hmac, sys
secret, date, target, token, host, body, service, region = sys.argv[1:]
headers = [("content-type", "application/x-amz-json-1.1"), ("host", host), ("x-amz-date", date),
           ("x-amz-security-token", token), ("x-amz-target", target)]
names = ";".join(name for name, _ in headers)
request = "\n".join(["POST", "/", ""] + ["%s:%s" % pair for pair in headers] +
                    ["", names, hashlib.sha256(body.encode()).hexdigest()])
scope = "/".join([date[:8], region, service, "aws4_request"])
text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(request.encode()).hexdigest()])
key = ("AWS4" + secret).encode()
for part in scope.split("/"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
print(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), end="")
)";

TEST_F(EcrTest, AsksWithASignature) {
  struct Case {
    const char* name;
    LoginOptions options;
    std::map<std::string, std::string> environment;
    const char* service;
    const char* region;
    const char* body;
  };
  LoginOptions keyed;
  keyed.server = "123.dkr.ecr.eu-west-1.amazonaws.com";
  keyed.aws_access_key = "AKID";
  keyed.aws_secret_key = Secret("secret/key");
  keyed.aws_token = Secret("token");
  LoginOptions by_environment;
  by_environment.server = "public.ecr.aws/team";
  LoginOptions by_profile = keyed;
  by_profile.aws_access_key.clear();
  by_profile.aws_profile = "builds";
  by_profile.aws_public = true;
  ASSERT_TRUE(io::make_directories(root_ + "/.aws"));
  ASSERT_TRUE(io::write_file(root_ + "/.aws/credentials",
                             "[default]\naws_access_key_id = other\n\n[builds]\n"
                             "aws_access_key_id = AKID\naws_secret_access_key=secret/key\n"
                             "aws_session_token = token\n"));
  const char* account = R"({"registryIds":["123"]})";
  const std::vector<Case> cases = {{"options", keyed, {}, "ecr", "eu-west-1", account},
                                   {"environment",
                                    by_environment,
                                    {{"AWS_ACCESS_KEY_ID", "AKID"},
                                     {"AWS_SECRET_ACCESS_KEY", "secret/key"},
                                     {"AWS_SESSION_TOKEN", "token"}},
                                    "ecr-public",
                                    "us-east-1",
                                    "{}"},
                                   {"profile", by_profile, {}, "ecr-public", "us-east-1", "{}"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    net::ServedRequest seen;
    auto server = net::HttpServer::start({}, [&](net::ServedRequest& request) {
      seen = request;
      net::ServedResponse response;
      // base64 of AWS:pass:word
      response.body =
          std::string(c.service) == "ecr"
              ? R"({"authorizationData":[{"authorizationToken":"QVdTOnBhc3M6d29yZA=="}]})"
              : R"({"authorizationData":{"authorizationToken":"QVdTOnBhc3M6d29yZA=="}})";
      return response;
    });
    ASSERT_TRUE(server.has_value());
    const std::string host = "127.0.0.1:" + std::to_string(server->port());
    std::map<std::string, std::string> variables = c.environment;
    variables["HOME"] = root_;
    variables["AWS_ENDPOINT_URL"] = "http://" + host + "/";
    environment_ = Environment(variables);
    const auto credential = fetch_ecr_credential(c.options, context_);
    ASSERT_TRUE(credential.has_value()) << credential.error().message;
    EXPECT_EQ(credential->username, "AWS");
    EXPECT_EQ(credential->password.reveal(), "pass:word");
    EXPECT_EQ(seen.body, c.body);
    ASSERT_NE(seen.header("X-Amz-Date"), nullptr);
    ASSERT_NE(seen.header("Authorization"), nullptr);
    io::RunOptions signer;
    signer.spawn.argv = {"python3",
                         "-c",
                         kSigner,
                         "secret/key",
                         *seen.header("X-Amz-Date"),
                         *seen.header("X-Amz-Target"),
                         "token",
                         host,
                         c.body,
                         c.service,
                         c.region};
    const auto signature = io::run_program_checked(signer, cancel_);
    ASSERT_TRUE(signature.has_value()) << signature.error().message;
    EXPECT_TRUE(seen.header("Authorization")->ends_with("Signature=" + signature->standard_output))
        << *seen.header("Authorization");
  }
}

TEST_F(EcrTest, ARefusalIsSaid) {
  auto server = net::HttpServer::start({}, [](net::ServedRequest&) {
    net::ServedResponse response;
    response.status = 400;
    response.body = "UnrecognizedClientException";
    return response;
  });
  ASSERT_TRUE(server.has_value());
  environment_ =
      Environment({{"AWS_ENDPOINT_URL", "http://127.0.0.1:" + std::to_string(server->port())}});
  LoginOptions options;
  options.server = "public.ecr.aws";
  options.aws_access_key = "a";
  options.aws_secret_key = Secret("b");
  EXPECT_EQ(fetch_ecr_credential(options, context_).error().message,
            "ECR refused to give a password: 400 UnrecognizedClientException");
}

}  // namespace
}  // namespace farm::builders::docker
