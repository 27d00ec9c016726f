// What the sandbox lets through and what it ends: each attempt in a process of its own.
#include "coordinator/planner/sandbox.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace farm::coordinator {
namespace {

constexpr int kRefusedHere = 10;
constexpr int kGotOut = 11;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAsan = true;
#else
constexpr bool kAsan = false;
#endif

/// How a process ends that locks itself in and then tries `attempt` (true: it got what it wanted).
int ends_with(const std::function<bool()>& attempt, SandboxLimits limits = {}) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!enter_sandbox(limits)) ::_exit(99);
    ::_exit(attempt() ? kGotOut : kRefusedHere);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Sandbox, LetsAProgramReckonAndSpeak) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int status = ends_with([&] {
    std::string text(1U << 20, 'x');
    return ::write(ends[1], text.data(), 3) == 3 && std::getenv("PATH") != nullptr;
  });
  EXPECT_EQ(status, kGotOut);
  char read_back[4] = {};
  EXPECT_EQ(::read(ends[0], read_back, 3), 3);
  EXPECT_STREQ(read_back, "xxx");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Sandbox, OpensNothing) {
  for (const char* path : {"/etc/passwd", "/proc/self/environ", "/etc/farm/coordinator.hcl", "."}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(ends_with([&] { return ::open(path, O_RDONLY) >= 0; }), kRefusedHere);
    EXPECT_EQ(ends_with([&] { return ::access(path, F_OK) == 0; }), kRefusedHere);
  }
  EXPECT_EQ(ends_with([] { return ::open("/tmp/farm-sandbox", O_WRONLY | O_CREAT, 0600) >= 0; }),
            kRefusedHere);
}

TEST(Sandbox, EndsWhoTriesAWayOut) {
  constexpr int kSysEnd = 128 + SIGSYS;
  EXPECT_EQ(ends_with([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] { return ::fork() >= 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] {
              char* const words[] = {nullptr};
              return ::execve("/bin/true", words, words) == 0;
            }),
            kSysEnd);
  EXPECT_EQ(ends_with([] { return ::kill(::getppid(), 0) == 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] { return ::unlink("/tmp/farm-sandbox") == 0; }), kSysEnd);
  EXPECT_EQ(ends_with([] {
              return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
            }),
            kSysEnd);
}

TEST(Sandbox, LimitsMemoryAndTime) {
  if (!kAsan) {
    EXPECT_EQ(ends_with([] {
                for (int i = 0; i < 4096; ++i) {
                  void* block = ::mmap(nullptr, 1U << 20, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  if (block == MAP_FAILED) return false;
                }
                return true;
              }),
              kRefusedHere);
  }
  SandboxLimits brief;
  brief.cpu_time = std::chrono::seconds(1);
  const int status = ends_with(
      [] {
        volatile bool forever = true;
        while (forever) {
        }
        return true;
      },
      brief);
  EXPECT_TRUE(status == 128 + SIGXCPU || status == 128 + SIGKILL) << status;
}

}  // namespace
}  // namespace farm::coordinator
