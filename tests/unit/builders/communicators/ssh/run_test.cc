#include "common/io/digests.h"
#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

class Run : public SshTest {
 protected:
  void SetUp() override {
    SshTest::SetUp();
    auto made = connect();
    ASSERT_TRUE(made) << made.error().message;
    communicator = std::move(*made);
  }
  std::unique_ptr<Communicator> communicator;
};

TEST_F(Run, KeepsOutputErrorOutputAndStatusApart) {
  const Output output = run(*communicator, "echo out; echo err >&2; exit 7");
  EXPECT_EQ(output.out, "out\n");
  EXPECT_EQ(output.err, "err\n");
  EXPECT_EQ(output.status, 7);
}

TEST_F(Run, ReportsASignal) {
  EXPECT_EQ(run(*communicator, "kill -TERM $$").status, 128 + 15);
  EXPECT_EQ(run(*communicator, "kill -KILL $$").status, 128 + 9);
  EXPECT_EQ(run(*communicator, "true").status, 0);
}

TEST_F(Run, StreamsTwoHundredMegabytesWithoutALineEnd) {
  uint64_t count = 0;
  bool only_zero = true;
  RemoteCommand command;
  command.command = "head -c 209715200 /dev/zero";
  command.on_stdout = [&](std::string_view bytes) {
    count += bytes.size();
    only_zero = only_zero && bytes.find_first_not_of('\0') == std::string_view::npos;
  };
  const auto status = communicator->run(command, cancel);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 0);
  EXPECT_EQ(count, 209715200U);
  EXPECT_TRUE(only_zero);
}

TEST_F(Run, CarriesEveryByteBothWays) {
  std::string all;
  for (int i = 0; i < 256 * 400; ++i) all.push_back(static_cast<char>(i * 7 / 3));
  size_t given = 0;
  std::string back;
  RemoteCommand command;
  command.command = "cat";
  command.input = [&](char* buffer, size_t capacity) {
    const size_t count = std::min(capacity, all.size() - given);
    all.copy(buffer, count, given);
    given += count;
    return count;
  };
  command.on_stdout = [&](std::string_view bytes) { back += bytes; };
  const auto status = communicator->run(command, cancel);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 0);
  EXPECT_TRUE(back == all);
}

TEST_F(Run, GivesACommandWithoutInputAnEmptyOne) {
  EXPECT_EQ(run(*communicator, "cat; echo end").out, "end\n");
}

TEST_F(Run, StopsWhenCancelled) {
  const CancelToken token;
  RemoteCommand command;
  command.command = "echo begun; sleep 600";
  command.on_stdout = [&](std::string_view) { token.cancel(); };
  const auto status = communicator->run(command, token);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
  // The session goes on.
  EXPECT_EQ(run(*communicator, "echo after").out, "after\n");
}

TEST_F(Run, ReportsALostConnectionAndComesBack) {
  RemoteCommand command;
  command.command = "echo begun; sleep 600";
  command.on_stdout = [&](std::string_view) { server->stop(); };
  const auto status = communicator->run(command, cancel);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, kDisconnected);

  const auto refused = communicator->run(command, cancel);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().retryable) << refused.error().message;

  ASSERT_TRUE(server->start_again());
  EXPECT_EQ(run(*communicator, "echo back").out, "back\n");
}

TEST_F(Run, NoticesAConnectionThatDiedBetweenTwoCommands) {
  EXPECT_EQ(run(*communicator, "echo one").out, "one\n");
  server->stop();
  ASSERT_TRUE(server->start_again());
  EXPECT_EQ(run(*communicator, "echo two").out, "two\n");
}

TEST_F(Run, ReadWriteTimeoutEndsASilentConnection) {
  options.read_write_timeout = std::chrono::milliseconds(300);
  options.keep_alive_interval = Duration{0};
  auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  RemoteCommand command;
  command.command = "sleep 600";
  const auto status = (*made)->run(command, cancel);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, kDisconnected);
}

TEST_F(Run, KeepAliveAnswersKeepASilentCommandGoing) {
  // libssh2 sends at most every two seconds; without its answers this would end after 3 s.
  options.read_write_timeout = std::chrono::seconds(3);
  options.keep_alive_interval = std::chrono::seconds(1);
  auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(run(**made, "sleep 4; echo done").out, "done\n");
}

TEST_F(Run, PtyGivesATerminal) {
  EXPECT_NE(run(*communicator, "test -t 0").status, 0);
  options.pty = true;
  auto made = connect();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(run(**made, "test -t 1 && echo $TERM").out, "xterm\r\n");
}

}  // namespace
}  // namespace farm::builders::ssh
