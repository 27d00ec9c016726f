// Connect: opens the communicator to the machine at context.guest_host and guest_port and fills
// the build.* values that every builder has.
#pragma once

#include <functional>

#include "builders/communicators/communicator_options.h"
#include "builders/core/step.h"

namespace farm::builders::steps {

/// What Connect may know about the machine while it waits.
struct MachineWatch {
  /// Descriptor that becomes readable when the machine is gone; empty: cannot be known.
  std::function<int()> exit_fd;
  /// Why it is gone, asked after that.
  std::function<Error()> ended;
  /// Where the guest is, for platforms that learn it while it boots; asked before every try. An
  /// error with `retryable` means "not yet". Empty: context.guest_host holds already.
  std::function<Result<std::string>(const CancelToken&)> address = {};
};

class Connect final : public Step {
 public:
  /// `options` must outlive the step: a temporary key may be put into it by an earlier step.
  Connect(const CommunicatorOptions& options, MachineWatch watch)
      : options_(&options), watch_(std::move(watch)) {}
  std::string_view name() const override { return "connect"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<std::unique_ptr<Communicator>> open(BuildContext& context,
                                             const CancelToken& cancel) const;
  Result<void> find_guest(BuildContext& context, const CancelToken& cancel) const;
  const CommunicatorOptions* options_;
  MachineWatch watch_;
};

/// Host, Port, User, Password, ConnType, keys, ID, run uuid; HTTP values that nobody set become
/// texts that say so.
void set_connection_values(BuildContext& context, const CommunicatorOptions& options);

}  // namespace farm::builders::steps
