// farmctl-build: what `farmctl build` executes.
#include <cstdio>
#include <exception>
#include <unistd.h>

#include "common/io/private_memory.h"
#include "ops/farmctl/build/build_command.h"

int main(int argc, char** argv) {
  farm::io::keep_memory_private();
  try {
    const farm::Environment environment = farm::Environment::of_process();
    const farm::SystemClock clock;
    const int code =
        farm::farmctl::run_build_command({argv + 1, argv + argc}, environment, clock);
    // Nothing left to tear down is worth the time: every file is written, every child reaped.
    if (std::fflush(stdout) != 0) ::_exit(1);
    ::_exit(code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farmctl build: internal error: %s\n", error.what());
    return 1;
  }
}
