#include "common/io/process.h"
#include "tests/unit/builders/communicators/winrm/fixture.h"

namespace farm::builders::winrm {
namespace {

using Connect = WinRmTest;

TEST_F(Connect, SaysWhatUsersKnow) {
  start_machine();
  connect();
  EXPECT_EQ(ui.lines, (std::vector<std::string>{
                          "say Using WinRM communicator to connect: 127.0.0.1",
                          "say Waiting for WinRM to become available...",
                          "msg WinRM connected.", "say Connected to WinRM!"}));
}

TEST_F(Connect, LogsInByNtlm) {
  start_machine({"--auth", "ntlm"});
  options.use_ntlm = true;
  connect();
  EXPECT_EQ(run("echo hi").out, "hi\r\n");
  // One handshake for the connection, not one per request.
  EXPECT_LE(machine->count("- challenge"), 2U);
}

TEST_F(Connect, ARefusedLoginIsToldOnceAndTriedOn) {
  start_machine();
  options.password = Secret("wrong");
  options.timeout = std::chrono::milliseconds(400);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "Timeout waiting for WinRM.");
  EXPECT_EQ(opened.error().code, ErrorCode::Timeout);
  EXPECT_GT(machine->count("- 401"), 1U);
  ASSERT_EQ(ui.lines.size(), 4U);
  EXPECT_TRUE(ui.lines[2].starts_with("msg WinRM login refused: check user name and password"));
  EXPECT_TRUE(ui.lines[3].starts_with("err WinRM did not become available: WinRM login refused"));
}

TEST_F(Connect, NtlmPasswordsAreChecked) {
  start_machine({"--auth", "ntlm"});
  options.use_ntlm = true;
  options.password = Secret("wrong");
  options.timeout = std::chrono::milliseconds(300);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_GE(machine->count("- 401"), 1U);
}

TEST_F(Connect, WaitsThroughWhatAnInstallationDoes) {
  start_machine();
  ASSERT_TRUE(machine->set_faults(R"([
    {"verb": "Create", "kind": "drop", "count": 1},
    {"verb": "Create", "kind": "503", "count": 1, "after": 0},
    {"verb": "Create", "kind": "garbage", "count": 1},
    {"verb": "Command", "kind": "401", "count": 1},
    {"verb": "Receive", "kind": "expired", "count": 1}])"));
  lost_shells = 2;
  connect();
  EXPECT_EQ(machine->count("Create drop"), 1U);
  EXPECT_EQ(machine->count("Create 503"), 1U);
  EXPECT_EQ(machine->count("Create garbage"), 1U);
  EXPECT_EQ(machine->count("Command 401"), 1U);
}

TEST_F(Connect, PausesBetweenTheFirstAndTheRealConnection) {
  start_machine();
  WinRmTarget target;
  target.host = "127.0.0.1";
  target.port = machine->port();
  target.pause_before_connecting = std::chrono::milliseconds(10);
  ASSERT_TRUE(connect_winrm(options, target, cancel, ui));
  EXPECT_EQ(machine->count("Create ok"), 2U);
  EXPECT_EQ(ui.lines[2], "say Pausing 10ms before connecting...");
}

TEST_F(Connect, EndsWhenCancelled) {
  start_machine();
  options.password = Secret("wrong");
  cancel.cancel();
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Cancelled);
}

class ConnectByTls : public WinRmTest {
 protected:
  void SetUp() override {
    auto made = io::TempDirectory::create("/tmp", "farm-winrm-tls-");
    ASSERT_TRUE(made);
    directory = std::make_unique<io::TempDirectory>(std::move(*made));
    io::RunOptions program;
    program.spawn.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                          "/CN=127.0.0.1", "-keyout", directory->path() + "/key", "-out",
                          directory->path() + "/certificate"};
    const auto done = io::run_program_checked(program, CancelToken());
    ASSERT_TRUE(done) << done.error().message;
    start_machine({"--tls", directory->path() + "/certificate", directory->path() + "/key"});
    options.use_ssl = true;
  }
  std::unique_ptr<io::TempDirectory> directory;
};

TEST_F(ConnectByTls, InsecureTakesAnyCertificate) {
  options.insecure = true;
  connect();
  EXPECT_EQ(run("hostname").out, "WINGUEST\r\n");
}

TEST_F(ConnectByTls, OtherwiseTheCertificateIsChecked) {
  options.timeout = std::chrono::milliseconds(300);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_NE(ui.lines.back().find("certificate"), std::string::npos) << ui.lines.back();
  EXPECT_EQ(machine->requests(), std::vector<std::string>{});
}

}  // namespace
}  // namespace farm::builders::winrm
