#include "builders/platforms/qemu/step_start_tpm.h"

#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kTpmStartLimit = std::chrono::seconds(10);
constexpr auto kPollPause = std::chrono::milliseconds(10);
constexpr size_t kMaxSocketPath = 107;  // sun_path without its final zero

}  // namespace

Result<void> StartTpm::run(BuildContext& context) {
  if (!config_->tpm.enabled) return {};
  if (!io::find_program("swtpm", context.environment)) {
    return not_found("vtpm needs the program swtpm, which is not in PATH");
  }
  io::TempDirectory folder = TRY(io::TempDirectory::create(context.temp_directory, "vtpm-"));
  const std::string socket = folder.path() + "/vtpm.sock";
  if (socket.size() > kMaxSocketPath) {
    return invalid_input("the temporary directory's path is too long for a socket: " + socket);
  }
  folder_ = folder.release();
  io::SpawnOptions spawn;
  spawn.argv = {"swtpm", "socket", "--tpmstate", "dir=" + folder_, "--ctrl",
                "type=unixio,path=" + socket};
  if (!config_->tpm.version_1) spawn.argv.push_back("--tpm2");
  spawn.environment = context.environment.all();
  spawn.standard_output = io::Stream::File;
  spawn.standard_error = io::Stream::File;
  spawn.output_file = context.temp_directory + "/swtpm.log";
  const bool may_stay = context.on_error != OnError::Cleanup;
  spawn.die_with_parent = !may_stay;
  spawn.own_process_group = may_stay;
  left_standing_ = &context.left_standing;
  intent_ = TRY(context.ledger.intend(resource_kind::kProcess, "swtpm " + socket));
  context.ui.say("Starting vtpm emulator");
  process_ = TRY(io::Process::spawn(spawn));
  TRY(context.ledger.bound(*intent_, process_->identity()));
  TRY(await_socket(context, socket));
  vm_->tpm_socket = socket;
  return {};
}

Result<void> StartTpm::await_socket(BuildContext& context, const std::string& socket) {
  const Instant deadline = io::steady_now() + kTpmStartLimit;
  while (!io::exists(socket)) {
    if (const auto status = process_->poll()) {
      const Result<std::string> log = io::read_file(context.temp_directory + "/swtpm.log");
      return internal(fmt::format("swtpm: {}: {}", status->text(),
                                  log ? io::last_lines(*log, 3) : ""));
    }
    if (io::steady_now() >= deadline) return timed_out("swtpm did not open its socket");
    if (!context.cancel.sleep(kPollPause)) return cancelled("cancelled");
  }
  return {};
}

Result<void> StartTpm::cleanup(BuildContext& context) {
  if (process_) process_->stop(std::chrono::seconds(5));
  process_.reset();
  if (!folder_.empty()) TRY(io::remove_tree(folder_));
  if (!intent_) return {};
  return context.ledger.gone(*intent_);
}

}  // namespace farm::builders::platform_qemu
