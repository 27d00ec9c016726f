// Measures the SSH communicator against OpenSSH's sftp and scp, rsync, tar through ssh and packer's
// file provisioner in the same run, on the loopback interface: one big file and a folder of 5,000
// small ones each way, and the time of a short command. With "ciphers" instead of a size: the
// communicator alone, with each cipher and MAC that libssh2 has.
// Usage: ssh_transfer [MiB, default 1024 | ciphers] [directory for the files, default /tmp]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "builders/communicators/ssh/connector.h"
#include "builders/core/ui.h"
#include "common/io/process.h"
#include "common/base/environment.h"
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
  Bench(uint64_t mebibytes, bool only_ciphers)
      : mebibytes_(mebibytes), only_ciphers_(only_ciphers) {}

  Result<void> run(const std::string& parent) {
    server_ = TRY(test::TestSshd::start());
    key_ = TRY(server_->keygen("id", {"-t", "ed25519"}));
    const auto files = TRY(io::TempDirectory::create(parent, "farm-ssh-bench-"));
    file_ = files.path() + "/big";
    TRY(io::run_program_checked(command({"dd", "if=/dev/urandom", "of=" + file_, "bs=1M",
                                         "count=" + std::to_string(mebibytes_)}),
                                cancel_));
    if (only_ciphers_) return ciphers(files.path());
    TRY(make_tree(files.path() + "/tree"));
    TRY(compare(files.path()));
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

  static void report(const char* what, const std::string& who, double took, double amount,
                     const char* unit) {
    std::printf("%-16s %-22s %8.2f s %9.1f %s\n", what, who.c_str(), took, amount / took, unit);
    std::fflush(stdout);
  }
  void report_file(const char* what, const std::string& who, double took) const {
    report(what, who, took, static_cast<double>(mebibytes_), "MiB/s");
  }
  static void report_folder(const char* what, const std::string& who, double took) {
    report(what, who, took, kFiles, "files/s");
  }

  std::string ssh_command() const {
    std::string text;
    for (const std::string& word : openssh("ssh", "-p")) text += word + " ";
    return text;
  }
  std::string remote(const std::string& path) const {
    return server_->user() + "@127.0.0.1:" + path;
  }

  /// What the commands of others take, each into a target of its own.
  struct Rival {
    const char* name;
    std::vector<std::string> up;
    std::vector<std::string> down;
  };
  std::vector<Rival> rivals(const std::string& source, const std::string& there,
                            const std::string& back, bool folder) const {
    std::vector<Rival> list;
    for (const char* protocol : {"-s", "-O"}) {
      std::vector<std::string> base = openssh("scp", "-P");
      base.push_back(protocol);
      if (folder) base.push_back("-r");
      Rival rival{protocol == std::string("-s") ? "OpenSSH sftp" : "OpenSSH scp", base, base};
      rival.up.insert(rival.up.end(), {source, remote(there)});
      rival.down.insert(rival.down.end(), {remote(source), back});
      list.push_back(std::move(rival));
    }
    const std::string to = server_->user() + "@127.0.0.1 ";
    const auto shell = [](const std::string& text) {
      return std::vector<std::string>{"sh", "-c", text};
    };
    const std::string folder_name = io::parent_path(source);
    const std::string name = io::base_name(source);
    list.push_back({"rsync", shell("rsync -a -e '" + ssh_command() + "' " + source + " " +
                                   remote(there)),
                    shell("rsync -a -e '" + ssh_command() + "' " + remote(source) + " " + back)});
    const std::string pack = "tar -cf - -C " + folder_name + " " + name;
    list.push_back({"tar | ssh tar",
                    shell("mkdir -p " + there + "; " + pack + " | " + ssh_command() + to +
                          "'tar -xf - -C " + there + "'"),
                    shell("mkdir -p " + back + "; " + ssh_command() + to + "'" + pack +
                          "' | tar -xf - -C " + back)});
    return list;
  }

  /// Seconds of `packer build` with one file provisioner, less one without any.
  Result<double> packer(const std::string& directory, const std::string& provisioner) {
    const std::string builder =
        "{\"builders\":[{\"type\":\"null\",\"ssh_host\":\"127.0.0.1\",\"ssh_port\":" +
        std::to_string(server_->port()) + ",\"ssh_username\":\"" + server_->user() +
        "\",\"ssh_private_key_file\":\"" + key_ + "\"}]";
    double took[2] = {0, 0};
    for (const int with : {0, 1}) {
      const std::string file = directory + "/packer.json";
      TRY(io::write_file(file, builder + (with ? ",\"provisioners\":[" + provisioner + "]" : "") +
                                   "}"));
      took[with] = TRY(timed_program({"packer", "build", file}));
    }
    return took[1] - took[0];
  }
  Result<void> packer_both(const std::string& directory, const std::string& source,
                           const char* kind) {
    const bool file = kind == std::string("file");
    const auto report_it = [&](const char* what, double took) {
      file ? report_file(what, "packer", took) : report_folder(what, "packer", took);
    };
    const std::string there = directory + "/packer-there";
    const std::string back = directory + "/packer-back";
    TRY(io::make_directories(file ? directory : there));
    report_it(file ? "file up" : "folder up",
              TRY(packer(directory, "{\"type\":\"file\",\"source\":\"" + source +
                                        "\",\"destination\":\"" + there + "\"}")));
    report_it(file ? "file down" : "folder down",
              TRY(packer(directory, "{\"type\":\"file\",\"direction\":\"download\",\"source\":\"" +
                                        source + (file ? "" : "/") + "\",\"destination\":\"" + back +
                                        (file ? "" : "/") + "\"}")));
    TRY(io::remove_tree(there));
    return io::remove_tree(back);
  }

  Result<void> compare(const std::string& directory) {
    const std::string there = directory + "/there";
    const std::string back = directory + "/back";
    const auto clean = [&]() -> Result<void> {
      TRY(io::remove_tree(there));
      return io::remove_tree(back);
    };
    for (const bool folder : {false, true}) {
      const std::string source = folder ? directory + "/tree" : file_;
      const char* up = folder ? "folder up" : "file up";
      const char* down = folder ? "folder down" : "file down";
      const auto say = [&](const char* what, const std::string& who, double took) {
        folder ? report_folder(what, who, took) : report_file(what, who, took);
      };
      for (const Rival& rival : rivals(source, there, back, folder)) {
        say(up, rival.name, TRY(timed_program(rival.up)));
        say(down, rival.name, TRY(timed_program(rival.down)));
        TRY(clean());
      }
      for (const bool sftp : {true, false}) {
        const auto communicator = TRY(connect(sftp));
        const std::string who = sftp ? "farm (sftp)" : "farm (scp)";
        say(up, who, TRY(timed([&] {
              return folder ? communicator->upload_directory(source, there, {}, cancel_)
                            : communicator->upload(source, there, 0600, {}, cancel_);
            })));
        say(down, who, TRY(timed([&] {
              return folder ? communicator->download_directory(source, back, {}, cancel_)
                            : communicator->download(there, back, {}, cancel_);
            })));
        TRY(io::run_program_checked(
            command({"diff", "-r", source, folder ? back + "/tree" : back}), cancel_));
        TRY(clean());
      }
      if (io::find_program("packer", Environment::of_process())) {
        TRY(packer_both(directory, source, folder ? "folder" : "file"));
      }
    }
    return {};
  }

  Result<void> make_tree(const std::string& root) {
    for (int i = 0; i < kFiles; ++i) {
      const std::string folder = root + "/d" + std::to_string(i % 50);
      if (i < 50) TRY(io::make_directories(folder));
      TRY(io::write_file(folder + "/f" + std::to_string(i),
                         std::string(static_cast<size_t>(500 + i % 4096), 'x')));
    }
    return {};
  }

  Result<void> ciphers(const std::string& directory) {
    for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc",
                               "aes256-cbc", "3des-cbc"}) {
      server_ = TRY(test::TestSshd::start({{"Ciphers " + std::string(cipher)}}));
      key_ = TRY(server_->keygen("id", {"-t", "ed25519"}));
      const auto communicator = TRY(connect(false));
      const double took = TRY(timed(
          [&] { return communicator->upload(file_, directory + "/there", 0600, {}, cancel_); }));
      report_file("upload", cipher, took);
    }
    for (const char* mac : {"hmac-sha2-256", "hmac-sha1", "hmac-sha2-512"}) {
      server_ = TRY(test::TestSshd::start({{"Ciphers aes128-ctr", "MACs " + std::string(mac)}}));
      key_ = TRY(server_->keygen("id", {"-t", "ed25519"}));
      const auto communicator = TRY(connect(false));
      const double took = TRY(timed(
          [&] { return communicator->upload(file_, directory + "/there", 0600, {}, cancel_); }));
      report_file("upload", mac, took);
    }
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
    std::printf("%-16s farm %7.1f ms in an open session   OpenSSH %7.1f ms with login\n",
                "short command", ours / kCount * 1000, theirs * 1000);
    return {};
  }

  static constexpr int kFiles = 5000;
  uint64_t mebibytes_;
  bool only_ciphers_;
  CancelToken cancel_;
  std::unique_ptr<test::TestSshd> server_;
  std::string key_;
  std::string file_;
};

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  const bool only_ciphers = argc > 1 && std::string(argv[1]) == "ciphers";
  const uint64_t mebibytes = only_ciphers ? 256 : argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024;
  const auto done = farm::Bench(mebibytes, only_ciphers).run(argc > 2 ? argv[2] : "/tmp");
  if (done) return 0;
  std::fprintf(stderr, "ssh_transfer: %s\n", done.error().message.c_str());
  return 1;
}
