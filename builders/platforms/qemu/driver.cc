#include "builders/platforms/qemu/driver.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kStopGrace = std::chrono::seconds(10);
constexpr auto kImageToolLimit = std::chrono::hours(12);  // converting a large disk

// What was traced while typing is no message of qemu's.
std::string without_traces(const std::string& text) {
  std::string out;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string line = text.substr(begin, end - begin);
    if (line.find("pckbd_kbd_read_data 0x") == std::string::npos) out += line;
    begin = end;
  }
  return out;
}

class SystemMachine final : public Machine {
 public:
  SystemMachine(io::Process process, std::string log, io::Fd monitor)
      : process_(std::move(process)), log_(std::move(log)), monitor_(std::move(monitor)) {}
  int exit_fd() const override { return process_.exit_fd(); }
  std::optional<io::ExitStatus> poll() override { return process_.poll(); }
  Result<io::ExitStatus> wait(Duration patience, const CancelToken& cancel) override {
    return process_.wait(io::steady_now() + patience, cancel);
  }
  void stop() override { process_.stop(kStopGrace); }
  std::string identity() const override { return process_.identity(); }
  std::string last_output() const override {
    const Result<std::string> text = io::read_file(log_);
    return text ? io::last_lines(without_traces(*text), 8) : "";
  }
  uint64_t output_size() const override { return io::file_size(log_).value_or(0); }
  std::string output_since(uint64_t offset) const override {
    const Result<io::Fd> file = io::open_file(log_, O_RDONLY);
    if (!file) return "";
    std::string text(64U << 10, '\0');
    const ssize_t got =
        ::pread(file->get(), text.data(), text.size(), static_cast<off_t>(offset));
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
  }
  void leave_running() override { process_.leave_running(); }
  io::Fd take_monitor() override { return std::move(monitor_); }

 private:
  io::Process process_;
  std::string log_;
  io::Fd monitor_;
};

class SystemDriver final : public Driver {
 public:
  explicit SystemDriver(std::string binary) : binary_(std::move(binary)) {}

  Result<void> verify(BuildContext& context) override {
    for (const std::string& program : {binary_, std::string("qemu-img")}) {
      if (!io::find_program(program, context.environment)) {
        return not_found(fmt::format("Failed creating Qemu driver: {} not found in PATH", program));
      }
    }
    return {};
  }

  Result<void> qemu_img(BuildContext& context, const std::vector<std::string>& args) override {
    io::RunOptions options;
    options.spawn.argv = {"qemu-img"};
    options.spawn.argv.insert(options.spawn.argv.end(), args.begin(), args.end());
    options.spawn.environment = context.environment.all();
    options.spawn.directory = context.working_directory;
    options.spawn.die_with_parent = true;
    options.deadline = kImageToolLimit;
    TRY(io::run_program_checked(options, context.cancel));
    return {};
  }

  Result<std::unique_ptr<Machine>> start(BuildContext& context,
                                         const std::vector<std::string>& args) override {
    // A socket pair instead of a path: nothing to race for, nothing to leave behind, and its end
    // tells at once that qemu is gone.
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return system_error("socketpair", errno);
    }
    io::Fd ours(ends[0]);
    const io::Fd theirs(ends[1]);
    io::SpawnOptions spawn;
    spawn.argv = {binary_};
    spawn.argv.insert(spawn.argv.end(), args.begin(), args.end());
    for (std::string& extra :
         std::vector<std::string>{"-chardev", fmt::format("socket,id=farm-monitor,fd={}", ends[1]),
                                  "-mon", "chardev=farm-monitor,mode=control"}) {
      spawn.argv.push_back(std::move(extra));
    }
    log::debug("qemu starts", {{"arguments", fmt::format("{}", fmt::join(spawn.argv, " "))}});
    spawn.environment = context.environment.all();
    spawn.directory = context.working_directory;
    spawn.standard_output = io::Stream::File;
    spawn.standard_error = io::Stream::File;
    spawn.output_file = context.temp_directory + "/qemu.log";
    TRY(io::remove_file(spawn.output_file));
    spawn.inherit = {ends[1]};
    // In the runner's process group: cancelling the job reaches it, and so does its death. Unless
    // it may have to outlive the build; then only the ledger ends it.
    const bool may_stay = context.on_error != OnError::Cleanup;
    spawn.die_with_parent = !may_stay;
    spawn.own_process_group = may_stay;
    io::Process process = TRY(io::Process::spawn(spawn));
    return std::unique_ptr<Machine>(
        std::make_unique<SystemMachine>(std::move(process), spawn.output_file, std::move(ours)));
  }

 private:
  std::string binary_;
};

}  // namespace

std::unique_ptr<Driver> system_driver(std::string qemu_binary) {
  return std::make_unique<SystemDriver>(std::move(qemu_binary));
}

}  // namespace farm::builders::platform_qemu
