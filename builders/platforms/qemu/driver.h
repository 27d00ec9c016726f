// Driver: the programs of qemu behind one interface: qemu-img and the machine process. Steps use
// nothing else, so that tests run them against a fake.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "common/io/process.h"

namespace farm::builders::platform_qemu {

/// A running qemu process. Owned by the build's thread.
class Machine {
 public:
  virtual ~Machine() = default;
  /// Readable when the process ended.
  virtual int exit_fd() const = 0;
  virtual std::optional<io::ExitStatus> poll() = 0;
  /// Timeout or Cancelled leave it running.
  virtual Result<io::ExitStatus> wait(Duration patience, const CancelToken& cancel) = 0;
  /// Asks it to quit (disk caches are written), kills it when it does not.
  virtual void stop() = 0;
  virtual std::string identity() const = 0;
  /// The last lines the process printed.
  virtual std::string last_output() const = 0;
  /// Bytes the process has printed so far, and what it printed from `offset` on.
  virtual uint64_t output_size() const = 0;
  virtual std::string output_since(uint64_t offset) const = 0;
  /// Leaves it running when this object goes (-on-error=abort).
  virtual void leave_running() = 0;
  /// Our end of the control socket; taken by the first caller.
  virtual io::Fd take_monitor() = 0;
};

class Driver {
 public:
  virtual ~Driver() = default;
  /// NotFound unless both qemu and qemu-img are in PATH.
  virtual Result<void> verify(BuildContext& context) = 0;
  virtual Result<void> qemu_img(BuildContext& context, const std::vector<std::string>& args) = 0;
  /// Starts qemu with `args` (without argv[0]) and a monitor of ours added.
  virtual Result<std::unique_ptr<Machine>> start(BuildContext& context,
                                                 const std::vector<std::string>& args) = 0;
};

std::unique_ptr<Driver> system_driver(std::string qemu_binary);

}  // namespace farm::builders::platform_qemu
