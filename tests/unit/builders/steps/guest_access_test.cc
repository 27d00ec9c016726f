// Steps between the machine and its guest: HTTP server, typing, provisioning, shutdown.
#include <algorithm>
#include <fmt/format.h>

#include "builders/steps/http_server.h"
#include "builders/steps/key_driver.h"
#include "builders/steps/provision.h"
#include "builders/steps/shutdown_command.h"
#include "builders/steps/temporary_key.h"
#include "builders/steps/type_boot_command.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::steps {
namespace {

class GuestAccess : public testing::BuildFixture {
 protected:
  std::string fetch(const std::string& path, int& status) {
    net::HttpClient client;
    net::HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}{}", context_.http_port, path);
    const auto answer = client.send(request, cancel_);
    status = answer ? answer->status : -1;
    return answer ? answer->body : answer.error().message;
  }
};

TEST_F(GuestAccess, HttpServerServesTextsAndSaysWhoAsked) {
  HttpOptions options;
  options.content = {{"/answer", "yes"}, {"/deep/file.cfg", "text"}};
  context_.http_ip = "10.0.2.2";
  StartHttpServer step(options, "127.0.0.1");
  ASSERT_TRUE(step.run(context_));
  EXPECT_GE(context_.http_port, options.port_min);
  EXPECT_LT(context_.http_port, options.port_max);
  int status = 0;
  EXPECT_EQ(fetch("/deep/./x/../file.cfg", status), "text");
  EXPECT_EQ(status, 200);
  fetch("/nothing", status);
  EXPECT_EQ(status, 404);
  EXPECT_EQ(context_.generated.at("PackerHTTPAddr").as_string(),
            fmt::format("10.0.2.2:{}", context_.http_port));
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_TRUE(ui_.said("HTTP: GET /nothing 404"));
  EXPECT_TRUE(ui_.said("(4 bytes) for 127.0.0.1"));
  fetch("/answer", status);
  EXPECT_EQ(status, -1) << "the server outlived its step";
}

TEST_F(GuestAccess, HttpServerServesAFolderOnAGivenAddress) {
  ASSERT_TRUE(io::make_directories(root_ + "/work/www"));
  ASSERT_TRUE(io::write_file(root_ + "/work/www/ks.cfg", "kickstart"));
  HttpOptions options;
  options.directory = "www";
  options.bind_address = "127.0.0.2";
  StartHttpServer step(options, "127.0.0.1");
  ASSERT_TRUE(step.run(context_));
  int status = 0;
  fetch("/ks.cfg", status);
  EXPECT_EQ(status, -1) << "it listens elsewhere";
  net::HttpClient client;
  net::HttpRequest request;
  request.url = fmt::format("http://127.0.0.2:{}/ks.cfg", context_.http_port);
  const auto answer = client.send(request, cancel_);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "kickstart");
  ASSERT_TRUE(step.cleanup(context_));
}

TEST_F(GuestAccess, NoHttpOptionsNoServer) {
  StartHttpServer step(HttpOptions{}, "127.0.0.1");
  ASSERT_TRUE(step.run(context_));
  EXPECT_EQ(context_.http_port, 0);
  ASSERT_TRUE(step.cleanup(context_));
}

class RecordingKeys final : public KeyDriver {
 public:
  Result<void> send(const BootEvent& event, const CancelToken&) override {
    text += event.kind == BootEvent::Kind::Special ? '^' : static_cast<char>(event.character);
    return {};
  }
  Result<void> flush(const CancelToken&) override {
    text += '|';
    return {};
  }
  void waited() override { text += 'w'; }
  std::string text;
};

TEST_F(GuestAccess, BootCommandIsRenderedAndTypedInPieces) {
  BootOptions options;
  options.pieces = {{"url={{ .HTTPIP }}<wait1ms><enter>", ""}, {"b", "the second"}};
  RecordingKeys keys;
  ASSERT_TRUE(type_boot_command(context_, options, {{"HTTPIP", "10.0.2.2"}}, keys, cancel_));
  EXPECT_EQ(keys.text, "url=10.0.2.2|w^|b|");
  EXPECT_TRUE(ui_.said("Typing boot command for: the second"));
  options.pieces = {{"{{ .Unclosed", ""}};
  const auto wrong = type_boot_command(context_, options, {}, keys, cancel_);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("Error preparing boot command"), std::string::npos);
}

TEST_F(GuestAccess, BootWaitEndsWhenCancelled) {
  BootOptions options;
  options.wait = std::chrono::hours(1);
  cancel_.cancel();
  const auto waited = wait_for_boot(context_, options, cancel_);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::Cancelled);
  options.wait = std::chrono::seconds(-1);
  EXPECT_TRUE(wait_for_boot(context_, options, cancel_));
}

TEST_F(GuestAccess, ProvisionRunsTheHookAndItsCleanupOnlyAfterFailure) {
  int provisioned = 0;
  int cleaned = 0;
  context_.provision = [&](BuildContext&) -> Result<void> {
    ++provisioned;
    return {};
  };
  context_.error_cleanup = [&](BuildContext&, const Error&) -> Result<void> {
    ++cleaned;
    return internal("cleanup broke");
  };
  Provision step;
  ASSERT_TRUE(step.run(context_));
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_EQ(cleaned, 0);
  context_.failure = internal("later");
  const auto failed = step.cleanup(context_);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "Cleanup failed: cleanup broke. Original Provisioning error: later");
  EXPECT_EQ(provisioned, 1);
}

class FakeShell final : public Communicator {
 public:
  explicit FakeShell(std::function<Result<int>(const CancelToken&)> action)
      : action_(std::move(action)) {}
  Result<int> run(const RemoteCommand& command, const CancelToken& cancel) override {
    command.on_stdout("going down\n");
    return action_(cancel);
  }
  Result<void> upload(const std::string&, const std::string&, uint32_t, const ProgressSink&,
                      const CancelToken&) override {
    return {};
  }
  Result<void> upload_bytes(std::string_view, const std::string&, uint32_t,
                            const CancelToken&) override {
    return {};
  }
  Result<void> upload_directory(const std::string&, const std::string&,
                                const std::vector<std::string>&, const CancelToken&) override {
    return {};
  }
  Result<void> download(const std::string&, const std::string&, const ProgressSink&,
                        const CancelToken&) override {
    return {};
  }
  Result<void> download_directory(const std::string&, const std::string&,
                                  const std::vector<std::string>&, const CancelToken&) override {
    return {};
  }

 private:
  std::function<Result<int>(const CancelToken&)> action_;
};

TEST_F(GuestAccess, ShutdownCommandEndsInAllItsWays) {
  ShutdownOptions options;
  options.command = "poweroff";
  EXPECT_FALSE(run_shutdown_command(context_, options, -1)) << "there is no communicator";
  const auto with = [&](std::function<Result<int>(const CancelToken&)> action) {
    context_.communicator = std::make_unique<FakeShell>(std::move(action));
    return run_shutdown_command(context_, options, -1);
  };
  EXPECT_TRUE(with([](const CancelToken&) { return Result<int>(0); }));
  // The machine goes down under the command's feet.
  EXPECT_TRUE(with([](const CancelToken&) { return Result<int>(kDisconnected); }));
  EXPECT_TRUE(ui_.said("going down"));
  const auto broken = with([](const CancelToken&) { return Result<int>(unavailable("no way in")); });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "Failed to send shutdown command: no way in");
  options.timeout = std::chrono::milliseconds(20);
  const auto late = with([](const CancelToken& cancel) -> Result<int> {
    cancel.sleep(std::chrono::seconds(60));
    return cancelled("cancelled");
  });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Timeout);
}

TEST_F(GuestAccess, TemporaryKeyStaysReachableWhenTheMachineMay) {
  CommunicatorOptions options;
  options.ssh.username = "root";
  options.ssh.temporary_key_pair_type = "ed25519";
  context_.on_error = OnError::Abort;
  CreateTemporaryKey step(options);
  ASSERT_TRUE(step.run(context_));
  EXPECT_TRUE(context_.ssh_public_key.starts_with("ssh-ed25519 ")) << context_.ssh_public_key;
  EXPECT_EQ(context_.reach.at("temporary_key"),
            "The temporary key for root is in " + root_ + "/temp/ssh-key");
  EXPECT_EQ(io::read_file(root_ + "/temp/ssh-key").value_or(""), context_.ssh_private_key);
  ASSERT_TRUE(step.cleanup(context_));
}

}  // namespace
}  // namespace farm::builders::steps
