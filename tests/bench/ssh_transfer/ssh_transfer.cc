// Measures the SSH communicator against OpenSSH's own sftp, scp and ssh in the same run, on the
// loopback interface: MiB/s for one big file each way, and the time of a short command.
// Usage: ssh_transfer [MiB, default 1024] [directory for the files, default /tmp]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "builders/communicators/ssh/connector.h"
#include "builders/core/ui.h"
#include "common/io/process.h"
#include "tests/support/sshd/test_sshd.h"

namespace farm {
namespace {

class SilentUi final : public builders::Ui {
 public:
  void say(std::string_view) override {}
  void message(std::string_view) override {}
  void error(std::string_view) override {}
  void progress(std::string_view, uint64_t, uint64_t) override {}
};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class Bench {
 public:
  explicit Bench(uint64_t mebibytes) : mebibytes_(mebibytes) {}

  Result<void> run(const std::string& parent) {
    server_ = TRY(test::TestSshd::start());
    key_ = TRY(server_->keygen("id", {"-t", "ed25519"}));
    const auto files = TRY(io::TempDirectory::create(parent, "farm-ssh-bench-"));
    file_ = files.path() + "/big";
    TRY(io::run_program_checked(command({"dd", "if=/dev/urandom", "of=" + file_, "bs=1M",
                                         "count=" + std::to_string(mebibytes_)}),
                                cancel_));
    for (const bool sftp : {true, false}) TRY(compare(files.path(), sftp));
    return commands();
  }

 private:
  static io::RunOptions command(std::vector<std::string> argv) {
    io::RunOptions options;
    options.spawn.argv = std::move(argv);
    return options;
  }

  std::vector<std::string> openssh(const char* program, const char* port_flag) const {
    return {program,   "-q",
            "-i",      key_,
            port_flag, std::to_string(server_->port()),
            "-o",      "StrictHostKeyChecking=no",
            "-o",      "UserKnownHostsFile=/dev/null",
            "-o",      "IdentitiesOnly=yes"};
  }

  Result<double> timed_program(std::vector<std::string> argv) {
    const Instant start = io::steady_now();
    TRY(io::run_program_checked(command(std::move(argv)), cancel_));
    return seconds(io::steady_now() - start);
  }

  template <class F>
  static Result<double> timed(const F& action) {
    const Instant start = io::steady_now();
    TRY(action());
    return seconds(io::steady_now() - start);
  }

  Result<std::unique_ptr<builders::Communicator>> connect(bool sftp) {
    builders::ssh::SshOptions options;
    options.username = server_->user();
    options.private_key_file = key_;
    options.transfer_method =
        sftp ? builders::ssh::TransferMethod::Sftp : builders::ssh::TransferMethod::Scp;
    SilentUi ui;
    return builders::ssh::connect_ssh(options, "127.0.0.1", server_->port(), cancel_, ui);
  }

  void report(const char* what, double ours, double theirs) const {
    const auto size = static_cast<double>(mebibytes_);
    std::printf("%-14s farm %7.1f MiB/s   OpenSSH %7.1f MiB/s   ratio %.2f\n", what, size / ours,
                size / theirs, theirs / ours);
    std::fflush(stdout);
  }

  Result<void> compare(const std::string& directory, bool sftp) {
    const auto communicator = TRY(connect(sftp));
    const std::string remote = directory + "/remote";
    const std::string back = directory + "/back";
    // scp's own program speaks sftp since 9.0 unless told -O.
    std::vector<std::string> base = openssh("scp", "-P");
    base.push_back(sftp ? "-s" : "-O");
    const std::string address = server_->user() + "@127.0.0.1:" + remote;
    std::vector<std::string> up = base;
    up.insert(up.end(), {file_, address});
    std::vector<std::string> down = base;
    down.insert(down.end(), {address, back});
    const double theirs_up = TRY(timed_program(up));
    const double ours_up =
        TRY(timed([&] { return communicator->upload(file_, remote, 0600, {}, cancel_); }));
    report(sftp ? "sftp upload" : "scp upload", ours_up, theirs_up);
    const double theirs_down = TRY(timed_program(down));
    const double ours_down =
        TRY(timed([&] { return communicator->download(remote, back, {}, cancel_); }));
    report(sftp ? "sftp download" : "scp download", ours_down, theirs_down);
    TRY(io::run_program_checked(command({"cmp", file_, back}), cancel_));
    return {};
  }

  Result<void> commands() {
    constexpr int kCount = 50;
    const auto communicator = TRY(connect(false));
    builders::RemoteCommand remote;
    remote.command = "true";
    const auto many = [&]() -> Result<void> {
      for (int i = 0; i < kCount; ++i) TRY(communicator->run(remote, cancel_));
      return {};
    };
    const double ours = TRY(timed(many));
    std::vector<std::string> argv = openssh("ssh", "-p");
    argv.insert(argv.end(), {server_->user() + "@127.0.0.1", "true"});
    const double theirs = TRY(timed_program(argv));
    std::printf("%-14s farm %7.1f ms in an open session   OpenSSH %7.1f ms with login\n",
                "short command", ours / kCount * 1000, theirs * 1000);
    return {};
  }

  uint64_t mebibytes_;
  CancelToken cancel_;
  std::unique_ptr<test::TestSshd> server_;
  std::string key_;
  std::string file_;
};

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  const uint64_t mebibytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024;
  const auto done = farm::Bench(mebibytes).run(argc > 2 ? argv[2] : "/tmp");
  if (done) return 0;
  std::fprintf(stderr, "ssh_transfer: %s\n", done.error().message.c_str());
  return 1;
}
