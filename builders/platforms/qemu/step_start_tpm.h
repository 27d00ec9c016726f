// StartTpm: a software TPM (swtpm) beside the machine, with its state in the job's temp folder.
#pragma once

#include <optional>

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"
#include "builders/steps/tracked_path.h"
#include "common/io/process.h"

namespace farm::builders::platform_qemu {

class StartTpm final : public Step {
 public:
  StartTpm(const QemuConfig& config, Vm& vm) : config_(&config), vm_(&vm) {}
  StartTpm(StartTpm&&) = default;
  ~StartTpm() override {
    if (process_ && left_standing_ != nullptr && *left_standing_) process_->leave_running();
  }
  std::string_view name() const override { return "start_tpm"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<std::string> make_folder(BuildContext& context);
  Result<void> await_socket(BuildContext& context, const std::string& socket);
  const QemuConfig* config_;
  Vm* vm_;
  steps::TrackedPath folder_;
  std::optional<io::Process> process_;
  const bool* left_standing_ = nullptr;  // of the context, which outlives the steps
  std::optional<uint64_t> intent_;
};

}  // namespace farm::builders::platform_qemu
