#include "coordinator/planner/sandbox.h"

#include <cerrno>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace farm::coordinator {
namespace {

// Under the address sanitizer the shadow memory alone is terabytes, and its reports need more calls.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct FilterRelease {
  void operator()(void* filter) const noexcept { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterRelease>;

Result<void> limit(__rlimit_resource resource, uint64_t value) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) != 0) return system_error("setrlimit", errno);
  return {};
}

Result<void> set_limits(const SandboxLimits& limits) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.cpu_time).count();
  if (!kSanitized) TRY(limit(RLIMIT_AS, limits.memory_bytes));
  TRY(limit(RLIMIT_CPU, static_cast<uint64_t>(seconds)));
  TRY(limit(RLIMIT_CORE, 0));
  TRY(limit(RLIMIT_FSIZE, 0));  // files; pipes are none
  TRY(limit(RLIMIT_NPROC, 0));
  return {};
}

// What a program needs that reads, reckons and writes to what it has open.
constexpr int kAllowed[] = {
    SCMP_SYS(read),          SCMP_SYS(write),         SCMP_SYS(writev),
    SCMP_SYS(close),         SCMP_SYS(lseek),         SCMP_SYS(fstat),
    SCMP_SYS(brk),           SCMP_SYS(munmap),        SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(futex),         SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),  SCMP_SYS(time),
    SCMP_SYS(getrandom),     SCMP_SYS(getpid),        SCMP_SYS(gettid),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),   SCMP_SYS(exit),          SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall)};

// What libraries try in passing and take a refusal of well.
constexpr int kRefused[] = {
    SCMP_SYS(open),   SCMP_SYS(openat),     SCMP_SYS(openat2), SCMP_SYS(stat),
    SCMP_SYS(lstat),  SCMP_SYS(newfstatat), SCMP_SYS(statx),   SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(ioctl),  SCMP_SYS(prctl),      SCMP_SYS(sysinfo), SCMP_SYS(sched_getaffinity)};

Result<void> add_rules(scmp_filter_ctx filter) {
  int failed = 0;
  for (const int call : kAllowed) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  for (const int call : kRefused) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 0);
  }
  // Memory, but none that holds a program.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
  // abort() raises its signal in this very process.
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
  if (failed != 0) return internal("the filter of system calls cannot be made");
  return {};
}

}  // namespace

Result<void> enter_sandbox(const SandboxLimits& limits) {
  TRY(set_limits(limits));
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return system_error("prctl", errno);
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return internal("the filter of system calls cannot be made");
  TRY(add_rules(filter.get()));
  // Sets "no new privileges" too.
  const int loaded = seccomp_load(filter.get());
  if (loaded != 0) return system_error("seccomp", -loaded);
  return {};
}

}  // namespace farm::coordinator
