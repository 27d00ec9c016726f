// TestWinRm: a Windows machine with WinRM for tests: the simulator of tests/simulators/winrm as a
// child process, gone with the object. A protocol error of ours is a fault there, and `broken` in
// the list of requests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::test {

class TestWinRm {
 public:
  /// `arguments` beyond --root, --log and --faults.
  static Result<std::unique_ptr<TestWinRm>> start(const std::vector<std::string>& arguments = {});

  uint16_t port() const { return port_; }
  const std::string& directory() const { return directory_.path(); }
  /// A file of drive C: "Windows/Temp/x".
  std::string file(const std::string& path) const { return directory() + "/c/" + path; }
  /// See server.py: a JSON list.
  Result<void> set_faults(const std::string& json);
  /// "Verb outcome" of every request until now.
  std::vector<std::string> requests() const;
  /// Of those, how many begin with `start`.
  size_t count(const std::string& start) const;

 private:
  explicit TestWinRm(io::TempDirectory directory) : directory_(std::move(directory)) {}
  Result<void> launch(const std::vector<std::string>& arguments);

  io::TempDirectory directory_;
  uint16_t port_ = 0;
  std::unique_ptr<io::Process> process_;
};

}  // namespace farm::test
