// LocalCommunicator: a guest that is this machine: commands run in /bin/sh, files are copied. Stands
// for communicators that are no SSH (a container's) where a test needs real programs at the far end.
#pragma once

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "builders/core/communicator.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::testing {

class LocalCommunicator final : public builders::Communicator {
 public:
  std::vector<std::string> commands;
  /// Commands that were cut off because their token fired.
  int cancelled_commands = 0;

  Result<int> run(const builders::RemoteCommand& command, const CancelToken& cancel) override {
    commands.push_back(command.command);
    io::SpawnOptions options;
    options.argv = {"/bin/sh", "-c", command.command};
    options.standard_input = io::Stream::Pipe;
    options.own_process_group = true;
    io::Process child = TRY(io::Process::spawn(options));
    TRY(io::set_nonblocking(child.standard_input().get(), true));
    std::string pending;
    bool feeding = true;
    while (child.standard_output().valid() || child.standard_error().valid()) {
      if (cancel.cancelled()) {
        ++cancelled_commands;
        child.kill(SIGKILL);
        return farm::cancelled("cancelled");
      }
      feed(command, child, pending, feeding);
      std::array<pollfd, 2> watched{{{child.standard_output().get(), POLLIN, 0},
                                     {child.standard_error().get(), POLLIN, 0}}};
      ::poll(watched.data(), watched.size(), 5);
      drain(watched[0], child.standard_output(), command.on_stdout);
      drain(watched[1], child.standard_error(), command.on_stderr);
    }
    const io::ExitStatus status =
        TRY(child.wait(io::steady_now() + std::chrono::seconds(60), cancel));
    return status.code;
  }

  Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                      const builders::ProgressSink&, const CancelToken& cancel) override {
    TRY(io::copy_file(local, remote, cancel));
    if (::chmod(remote.c_str(), mode) != 0) return system_error("chmod " + remote, errno);
    return {};
  }
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken&) override {
    return io::write_file(remote, bytes, mode);
  }
  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>&,
                                const CancelToken& cancel) override {
    return copy_tree(local, remote, cancel);
  }
  Result<void> download(const std::string& remote, const std::string& local,
                        const builders::ProgressSink&, const CancelToken& cancel) override {
    return io::copy_file(remote, local, cancel);
  }
  Result<void> download_directory(const std::string& remote, const std::string& local,
                                  const std::vector<std::string>&,
                                  const CancelToken& cancel) override {
    return copy_tree(remote, local, cancel);
  }

 private:
  static void feed(const builders::RemoteCommand& command, io::Process& child,
                   std::string& pending, bool& feeding) {
    if (!feeding) return;
    if (pending.empty()) {
      pending.resize(32U << 10);
      const size_t count = command.input ? command.input(pending.data(), pending.size()) : 0;
      pending.resize(count == builders::kNoInputYet ? 0 : count);
      if (count == builders::kNoInputYet) return;
      if (count == 0) {
        feeding = false;
        child.standard_input().reset();
        return;
      }
    }
    const ssize_t put = ::write(child.standard_input().get(), pending.data(), pending.size());
    if (put > 0) pending.erase(0, static_cast<size_t>(put));
  }

  static void drain(const pollfd& watched, io::Fd& from, const builders::OutputSink& sink) {
    if (watched.revents == 0 || !from.valid()) return;
    std::array<char, 64U << 10> buffer;
    const auto got = io::read_some(from.get(), buffer.data(), buffer.size());
    if (!got || *got == 0) {
      from.reset();
    } else if (sink) {
      sink(std::string_view(buffer.data(), *got));
    }
  }

  static Result<void> copy_tree(const std::string& from, const std::string& to,
                                const CancelToken& cancel) {
    io::RunOptions copy;
    copy.spawn.argv = {"cp", "-r", from.ends_with('/') ? from + "." : from, to};
    if (from.ends_with('/')) TRY(io::make_directories(to));
    const Result<io::Finished> done = io::run_program_checked(copy, cancel);
    if (!done) return done.error();
    return {};
  }
};

}  // namespace farm::testing
