// CoordinatorProcess: a coordinator in a process of its own, so that its processor time and memory
// can be told from those of the crowd around it, and so that it can be killed.
#pragma once

#include <array>
#include <string>
#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::bench {

class CoordinatorProcess {
 public:
  /// Control, bulk and enrolment on free ports of the loopback interface, the same after a restart.
  explicit CoordinatorProcess(std::string data);
  ~CoordinatorProcess() { kill(); }
  CoordinatorProcess(const CoordinatorProcess&) = delete;
  CoordinatorProcess& operator=(const CoordinatorProcess&) = delete;

  /// This program again, with serve() as its work.
  Result<void> start();
  /// kill -9.
  void kill();
  const std::string& control() const { return endpoints_[0]; }

  double cpu_seconds() const;
  /// Of the resident memory: as it is, and as it was at most.
  double resident_mib() const;
  double peak_mib() const;

  /// The body of the child; never returns.
  [[noreturn]] static void serve(const std::string& data,
                                 const std::array<std::string, 3>& endpoints);

 private:
  std::string data_;
  std::array<std::string, 3> endpoints_;
  pid_t pid_ = -1;
};

}  // namespace farm::bench
