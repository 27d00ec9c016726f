#include "builders/communicators/docker/docker_communicator.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "builders/communicators/docker/piped_program.h"
#include "builders/communicators/docker/single_file_tar.h"
#include "common/io/files.h"

namespace farm::builders::docker {
namespace {

constexpr auto kTransferLimit = std::chrono::hours(12);
constexpr int kMaxLinks = 16;
// `docker exec` itself failed: no such container, it does not run, no daemon.
constexpr size_t kKeepSaid = 16U << 10;

std::string folder_of(const std::string& remote) {
  const std::string folder = io::parent_path(remote);
  return folder.empty() ? "/" : folder;
}

Error no_excludes() {
  return invalid_input("the docker communicator copies whole folders: nothing can be excluded");
}

}  // namespace

Result<int> DockerCommunicator::run(const RemoteCommand& command, const CancelToken& cancel) {
  std::vector<std::string> arguments = {"exec"};
  if (!access_.exec_user.empty()) {
    arguments.emplace_back("-u");
    arguments.push_back(access_.exec_user);
  }
  // With -i docker wants its own input to be a terminal, which it is not in a build.
  if (access_.pty && command.input) {
    return invalid_input("a command that takes input cannot run with `pty`");
  }
  arguments.emplace_back(access_.pty ? "-t" : "-i");
  arguments.push_back(access_.container_id);
  for (std::string& word : shell()) arguments.push_back(std::move(word));
  arguments.push_back("(" + command.command + ")");
  PipedProgram program;
  program.spawn = cli_.spawn_options(arguments);
  program.input = command.input;
  program.on_stdout = command.on_stdout;
  program.on_stderr = command.on_stderr;
  const io::ExitStatus status = TRY(run_piped(program, cancel));
  if (status.success()) return 0;
  // A container that went away is no answer of the command.
  const Result<bool> there = cli_.container_exists("id", access_.container_id, cancel);
  if (there && !*there) return kDisconnected;
  return status.code;
}

Result<void> DockerCommunicator::fix_owner(const std::string& remote,
                                           const CancelToken& cancel) const {
  if (!access_.fix_upload_owner) return {};
  const std::string& user = access_.container_user;
  const Result<std::string> done =
      cli_.capture({"exec", "--user", "root", access_.container_id, "/bin/sh", "-c",
                    fmt::format("chown -R {} {}", user.empty() ? "root" : user, remote)},
                   cancel);
  if (done) return {};
  return done.error().within("Failed to set owner of the uploaded file");
}

Result<void> DockerCommunicator::send(SingleFileTar tar, const std::string& remote,
                                      const CancelToken& cancel) {
  std::string said;
  PipedProgram program;
  program.spawn = cli_.spawn_options(
      {"cp", "-", fmt::format("{}:{}", access_.container_id, folder_of(remote))});
  program.deadline = kTransferLimit;
  program.input = [&tar](char* buffer, size_t capacity) { return tar.read(buffer, capacity); };
  program.on_stderr = [&said](std::string_view bytes) {
    if (said.size() < kKeepSaid) said.append(bytes);
  };
  const io::ExitStatus status = TRY(run_piped(program, cancel));
  TRY(tar.status());
  if (!status.success()) {
    return internal(fmt::format("Failed to upload to '{}' in container: {}. {}.", remote,
                                io::last_lines(said, 5), status.text()));
  }
  return fix_owner(remote, cancel);
}

Result<void> DockerCommunicator::upload(const std::string& local, const std::string& remote,
                                        uint32_t mode, const ProgressSink& progress,
                                        const CancelToken& cancel) {
  SingleFileTar tar = TRY(SingleFileTar::of_file(local, io::base_name(remote), mode, progress));
  return send(std::move(tar), remote, cancel);
}

Result<void> DockerCommunicator::upload_bytes(std::string_view bytes, const std::string& remote,
                                              uint32_t mode, const CancelToken& cancel) {
  SingleFileTar tar = TRY(SingleFileTar::of_bytes(bytes, io::base_name(remote), mode));
  return send(std::move(tar), remote, cancel);
}

Result<void> DockerCommunicator::upload_directory(const std::string& local,
                                                  const std::string& remote,
                                                  const std::vector<std::string>& exclude,
                                                  const CancelToken& cancel) {
  if (!exclude.empty()) return no_excludes();
  const std::string source = local.ends_with('/') ? local + "." : local;
  const Result<std::string> copied =
      cli_.capture({"cp", source, fmt::format("{}:{}", access_.container_id, remote)}, cancel);
  if (!copied) return copied.error().within("Failed to upload to '" + remote + "' in container");
  return fix_owner(remote, cancel);
}

Result<void> DockerCommunicator::download(const std::string& remote, const std::string& local,
                                          const ProgressSink& progress, const CancelToken& cancel) {
  std::string path = remote;
  for (int links = 0; links < kMaxLinks; ++links) {
    io::SpawnOptions spawn =
        cli_.spawn_options({"cp", fmt::format("{}:{}", access_.container_id, path), "-"});
    io::Process program = TRY(io::Process::spawn(spawn));
    const Instant deadline = io::steady_now() + kTransferLimit;
    const Result<FirstEntry> first =
        read_first_entry(program.standard_output().get(), local, progress, deadline, cancel);
    if (!first && first.error().code == ErrorCode::Cancelled) return first.error();
    program.standard_output().reset();
    char said[4096];
    const Result<size_t> length = io::read_some(program.standard_error().get(), said, sizeof said);
    const io::ExitStatus status = TRY(program.wait(deadline, cancel));
    if (!status.success() && !first) {
      return not_found(fmt::format("Failed to read '{}' from container: {}", path,
                                   io::last_lines({said, length.value_or(0)}, 5)));
    }
    if (!first) return first.error().within("Failed to read '" + path + "' from container");
    if (first->kind == FirstEntry::Kind::File) return {};
    if (first->kind == FirstEntry::Kind::Directory) {
      return invalid_input(fmt::format("'{}' in the container is no regular file", path));
    }
    path = io::join_path(folder_of(path), first->link);
  }
  return invalid_input("'" + remote + "' in the container: too many symbolic links");
}

Result<void> DockerCommunicator::download_directory(const std::string& remote,
                                                    const std::string& local,
                                                    const std::vector<std::string>& exclude,
                                                    const CancelToken& cancel) {
  if (!exclude.empty()) return no_excludes();
  TRY(io::make_directories(local));
  // Into the folder that is there now: a trailing slash gives the contents, else the folder itself.
  const std::string source = remote.ends_with('/') ? remote + "." : remote;
  const Result<std::string> copied =
      cli_.capture({"cp", fmt::format("{}:{}", access_.container_id, source), local}, cancel);
  if (!copied) return copied.error().within("Failed to download '" + remote + "' from container");
  return {};
}

}  // namespace farm::builders::docker
