#include <fmt/format.h>

#include "builders/communicators/docker/docker_communicator.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"

namespace farm::builders::docker {
namespace {

// `docker cp` does not work with a running Windows container (Hyper-V isolation), so files take the
// way through the folder that is mounted in it.
class WindowsCommunicator final : public DockerCommunicator {
 public:
  using DockerCommunicator::DockerCommunicator;

  Result<void> upload(const std::string& local, const std::string& remote, uint32_t,
                      const ProgressSink& progress, const CancelToken& cancel) override {
    const io::TempDirectory shared = TRY(io::TempDirectory::create(access().host_folder, "upload"));
    const std::string file = shared.path() + "/" + io::base_name(local);
    TRY(io::copy_file(local, file, cancel, progress));
    return copy_in(inside(shared, io::base_name(local)), remote, cancel);
  }

  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t,
                            const CancelToken& cancel) override {
    const io::TempDirectory shared = TRY(io::TempDirectory::create(access().host_folder, "upload"));
    TRY(io::write_file(shared.path() + "/file", bytes));
    return copy_in(inside(shared, "file"), remote, cancel);
  }

  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>& exclude,
                                const CancelToken& cancel) override {
    if (!exclude.empty()) {
      return invalid_input("the docker communicator copies whole folders: nothing can be excluded");
    }
    const io::TempDirectory shared =
        TRY(io::TempDirectory::create(access().host_folder, "dirupload"));
    std::string source = local;
    while (source.size() > 1 && source.ends_with('/')) source.pop_back();
    const std::vector<std::string> files = TRY(io::list_files(source));
    for (const std::string& file : files) {
      const std::string target = shared.path() + "/tree" + file.substr(source.size());
      TRY(io::make_directories(io::parent_path(target)));
      TRY(io::copy_file(file, target, cancel));
    }
    const std::string destination =
        local.ends_with('/') ? remote : remote + "/" + io::base_name(source);
    return powershell(
        fmt::format("Copy-Item {} -Destination {} -Recurse", inside(shared, "tree"), destination),
        "Upload", cancel);
  }

  Result<void> download(const std::string& remote, const std::string& local,
                        const ProgressSink& progress, const CancelToken& cancel) override {
    const io::TempDirectory shared =
        TRY(io::TempDirectory::create(access().host_folder, "download"));
    TRY(powershell(
        fmt::format("Copy-Item -Path {} -Destination {}", remote, inside(shared, "file")),
        "Failed to copy file to shared drive", cancel));
    return io::copy_file(shared.path() + "/file", local, cancel, progress);
  }

  Result<void> download_directory(const std::string&, const std::string&,
                                  const std::vector<std::string>&, const CancelToken&) override {
    return invalid_input("folders cannot be downloaded from a Windows container");
  }

 protected:
  std::vector<std::string> shell() const override { return {"powershell"}; }

 private:
  // The path in the container of `name` in a folder below the shared one.
  std::string inside(const io::TempDirectory& shared, const std::string& name) const {
    return fmt::format("{}/{}/{}", access().container_folder, io::base_name(shared.path()), name);
  }

  Result<void> copy_in(const std::string& source, const std::string& remote,
                       const CancelToken& cancel) {
    return powershell(fmt::format("Copy-Item -Path {} -Destination {}", source, remote), "Upload",
                      cancel);
  }

  Result<void> powershell(const std::string& text, const std::string& what,
                          const CancelToken& cancel) {
    std::string said;
    RemoteCommand command;
    command.command = text;
    command.on_stdout = [&said](std::string_view bytes) { said.append(bytes); };
    command.on_stderr = command.on_stdout;
    const int status = TRY(run(command, cancel));
    if (status == 0) return {};
    return internal(fmt::format("{} failed with non-zero exit status: {}: {}", what, status,
                                io::last_lines(said, 5)));
  }
};

}  // namespace

std::unique_ptr<Communicator> make_windows_communicator(DockerCli cli, ContainerAccess access) {
  return std::make_unique<WindowsCommunicator>(std::move(cli), std::move(access));
}

}  // namespace farm::builders::docker
