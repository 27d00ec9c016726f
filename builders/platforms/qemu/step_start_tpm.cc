#include "builders/platforms/qemu/step_start_tpm.h"

#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kTpmStartLimit = std::chrono::seconds(10);
constexpr auto kPollPause = std::chrono::milliseconds(10);
constexpr std::string_view kSocketName = "/vtpm.sock";
constexpr size_t kMaxSocketPath = 107;  // sun_path without its final zero

}  // namespace

Result<void> StartTpm::run(BuildContext& context) {
  if (!config_->tpm.enabled) return {};
  if (!io::find_program("swtpm", context.environment)) {
    return not_found("vtpm needs the program swtpm, which is not in PATH");
  }
  const std::string place = TRY(make_folder(context));
  const std::string socket = place + std::string(kSocketName);
  io::SpawnOptions spawn;
  spawn.argv = {"swtpm", "socket", "--tpmstate", "dir=" + place, "--ctrl",
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

// In the job's own folder, unless its path is too long for a socket.
Result<std::string> StartTpm::make_folder(BuildContext& context) {
  const std::string own = context.temp_directory + "/vtpm";
  const std::string elsewhere =
      fmt::format("{}/farm-vtpm-{}", context.environment.get_or("TMPDIR", "/tmp"),
                  context.random.word(8));
  const std::string place =
      own.size() + kSocketName.size() <= kMaxSocketPath ? own : elsewhere;
  TRY(folder_.intend(context, place));
  TRY(io::make_directories(place, 0700));
  return place;
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
  if (intent_) TRY(context.ledger.gone(*intent_));
  intent_.reset();
  return folder_.remove(context);
}

}  // namespace farm::builders::platform_qemu
