#include "common/io/private_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace farm::io {

void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // A core_pattern that is a pipe gets its dump whatever the limit says; not of such a process.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace farm::io
