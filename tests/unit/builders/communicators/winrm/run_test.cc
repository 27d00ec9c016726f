#include <chrono>

#include "builders/core/powershell.h"
#include "tests/unit/builders/communicators/winrm/fixture.h"

namespace farm::builders::winrm {
namespace {

class Run : public WinRmTest {
 protected:
  void SetUp() override {
    start_machine();
    connect();
  }
};

TEST_F(Run, StreamsAndExitCodes) {
  struct Case {
    const char* name;
    std::string command;
    int status;
    std::string out;
    std::string err;
  };
  const Case cases[] = {
      {"output", "echo one& echo two", 0, "one\r\ntwo\r\n", ""},
      {"exit code", "exit 7", 7, "", ""},
      {"large exit code", "exit 3221225477", static_cast<int>(0xC0000005U), "", ""},
      {"not found", "nonsense", 1, "",
       "'nonsense' is not recognized as an internal or external command,\r\noperable program or "
       "batch file.\r\n"},
      {"markup", "echo \"<a> & 'b'\"", 0, "\"<a> & 'b'\"\r\n", ""},
      {"UTF-8", "echo gr\u00fc\u00df \U0001F600", 0, "gr\u00fc\u00df \U0001F600\r\n", ""},
      {"powershell", powershell_command("Write-Output \"it's $env:COMPUTERNAME\"; exit 3"), 3,
       "it's WINGUEST\r\n", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Output output = run(c.command);
    EXPECT_EQ(output.status, c.status);
    EXPECT_EQ(output.out, c.out);
    EXPECT_EQ(output.err, c.err);
  }
}

TEST_F(Run, OutputArrivesWhileTheCommandRuns) {
  // The command waits for a file that appears only after its first line was seen.
  on_output = [&](std::string_view) {
    ASSERT_TRUE(io::write_file(machine->file("go"), ""));
  };
  const Output output = run(powershell_command(
      "Write-Host first; while (!(Test-Path 'C:\\go')) { Start-Sleep -Milliseconds 10 }; "
      "Write-Host second"));
  EXPECT_EQ(output.out, "first\r\nsecond\r\n");
}

TEST_F(Run, MuchOutputWithoutANewlineComesWhole) {
  const Output output = run("flood 3000000");
  EXPECT_EQ(output.out.size(), 3000000U);
  EXPECT_EQ(output.out.find_first_not_of('x'), std::string::npos);
}

TEST_F(Run, StandardInput) {
  int calls = 0;
  const auto output = try_run("sort", [&](char* buffer, size_t) -> size_t {
    const std::string lines[] = {"b\r\nc\r\n", "a\r\n"};
    if (calls == 2) return 0;
    std::copy(lines[calls].begin(), lines[calls].end(), buffer);
    return lines[calls++].size();
  });
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->out, "a\r\nb\r\nc\r\n");
}

TEST_F(Run, OperationTimeoutsAreAskedAgain) {
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Receive", "kind": "timeout", "count": 5}])"));
  EXPECT_EQ(run("echo hi").out, "hi\r\n");
  EXPECT_EQ(machine->count("Receive fault w:TimedOut"), 5U);
}

TEST_F(Run, ABrokenConnectionInBetweenIsMadeAgain) {
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Receive", "kind": "drop", "count": 1}])"));
  const Output output = run("echo hi");
  EXPECT_EQ(output.out, "hi\r\n");
  EXPECT_EQ(output.status, 0);
}

TEST_F(Run, ALostShellIsADisconnect) {
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Receive", "kind": "expired", "count": 1}])"));
  lost_shells = 1;
  EXPECT_EQ(run("emit 50 a b c").status, kDisconnected);
  EXPECT_EQ(run("echo again").out, "again\r\n");
}

TEST_F(Run, ARestartIsADisconnect) {
  const Output output = run("shutdown /r /t 0& emit 100 a b c d e f g h i j k l m n o p");
  EXPECT_EQ(output.status, kDisconnected);
  lost_shells = 1;
  EXPECT_EQ(run("echo again").out, "again\r\n");
}

TEST_F(Run, InputThatComesLaterDoesNotHoldTheOutput) {
  bool seen = false;
  on_output = [&](std::string_view) { seen = true; };
  int calls = 0;
  const auto output = try_run(
      powershell_command("begin{Write-Host first}process{}end{Write-Host last}"),
      [&](char* buffer, size_t) -> size_t {
        if (!seen) return kNoInputYet;
        if (calls++ > 0) return 0;
        buffer[0] = '\n';
        return 1;
      });
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->out, "first\r\nlast\r\n");
}

TEST_F(Run, NoShellIsAnErrorThatMayBeTriedAgain) {
  ASSERT_TRUE(machine->set_faults(R"([{"verb": "Create", "kind": "503", "count": 1}])"));
  const auto refused = try_run("echo hi");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "WinRM answered with HTTP status 503 and no SOAP envelope");
  EXPECT_TRUE(refused.error().retryable);
}

TEST_F(Run, ATooLongCommandLineIsToldInTheMachinesWords) {
  const auto refused = try_run("echo " + std::string(9000, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "start command: WinRM fault 2150859071: The command line is too long.");
}

TEST_F(Run, CancellingEndsTheCommandInTheMachine) {
  CancelToken token;
  on_output = [&](std::string_view) { token.cancel(); };
  const auto output = try_run(
      powershell_command("Write-Host started; while ($true) { Start-Sleep -Milliseconds 20 }"), {},
      token);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(machine->count("Signal ok"), 3U);  // connecting, ctrl_c, terminate
}

}  // namespace
}  // namespace farm::builders::winrm
