// DockerCli: the container program that `docker_path` names (docker, podman or one that behaves
// like them), run with the build's environment, so that contexts, credential helpers and
// DOCKER_HOST mean what they mean to the user. Holds no connection: copies are cheap and outlive
// the build's context.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "builders/core/communicator.h"
#include "builders/core/ui.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/result.h"
#include "common/io/process.h"

namespace farm::builders::docker {

/// What `docker image inspect` says of an image.
struct ImageFacts {
  std::string id;
  std::string digest;      // first of RepoDigests; empty when it has none
  std::string command;     // CMD as JSON text, "[]" without one
  std::string entrypoint;  // likewise
};

struct ContainerFacts {
  std::string user;     // the image's or the run command's; empty: root
  std::string address;  // empty: no network of its own
};

class DockerCli {
 public:
  /// `directory`: where the program runs, for relative paths in its arguments.
  DockerCli(std::string program, const Environment& environment, std::string directory)
      : program_(std::move(program)),
        environment_(environment.all()),
        directory_(std::move(directory)) {}

  /// What the program says it is ("Docker version 20.10.24"). NotFound unless it is there.
  Result<std::string> version(const CancelToken& cancel) const;
  const std::string& program() const { return program_; }
  /// The same with one more variable.
  DockerCli with_variable(const std::string& name, std::string value) const;

  /// Options to start it with `arguments`, for callers that stream.
  io::SpawnOptions spawn_options(const std::vector<std::string>& arguments) const;
  /// Standard output without blanks around it. A failure carries what was said on standard error.
  Result<std::string> capture(const std::vector<std::string>& arguments,
                              const CancelToken& cancel) const;
  /// `input` goes to standard input; both outputs are shown line by line.
  Result<void> show(const std::vector<std::string>& arguments, std::string_view input, Ui& ui,
                    const CancelToken& cancel) const;
  /// Standard output goes to the file `path`, which is created.
  Result<void> to_file(const std::vector<std::string>& arguments, const std::string& path,
                       const CancelToken& cancel) const;
  /// The file `path` is its standard input; standard output as capture() gives it.
  Result<std::string> from_file(const std::vector<std::string>& arguments, const std::string& path,
                                const CancelToken& cancel) const;

  Result<ImageFacts> inspect_image(const std::string& image, const CancelToken& cancel) const;
  Result<ContainerFacts> inspect_container(const std::string& id, const CancelToken& cancel) const;
  /// Whether a container of this name or id exists, in any state. `by`: "name" or "id".
  Result<bool> container_exists(const std::string& by, const std::string& value,
                                const CancelToken& cancel) const;
  /// Ends and removes it with its anonymous volumes, and looks that it is gone. Ok when there is
  /// none.
  Result<void> remove_container(const std::string& by, const std::string& value,
                                const CancelToken& cancel) const;
  /// Ok when there is none.
  Result<void> remove_image(const std::string& image, const CancelToken& cancel) const;

 private:
  Error failed(const std::vector<std::string>& arguments, const io::ExitStatus& status,
               std::string_view said) const;

  std::string program_;
  std::map<std::string, std::string> environment_;
  std::string directory_;
};

}  // namespace farm::builders::docker
