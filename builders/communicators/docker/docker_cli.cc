#include "builders/communicators/docker/docker_cli.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "builders/communicators/docker/piped_program.h"
#include "builders/core/output_lines.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::builders::docker {
namespace {

using nlohmann::json;

// Pulling, pushing and exporting take as long as the image is large.
constexpr auto kLongest = std::chrono::hours(12);
constexpr size_t kKeepStderr = 16U << 10;

std::string trimmed(std::string text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string::npos) {
    text.pop_back();
  }
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin);
}

void keep_tail(std::string& text, std::string_view more) {
  text.append(more);
  if (text.size() > 2 * kKeepStderr) text.erase(0, text.size() - kKeepStderr);
}

// `document[name]` as text; empty when it is none.
std::string text_of(const json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

const json& object_of(const json& document, const char* name) {
  static const json kNone = json::object();
  const auto found = document.find(name);
  return found != document.end() && found->is_object() ? *found : kNone;
}

// CMD and ENTRYPOINT are lists, or null.
std::string list_text(const json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_array() ? found->dump() : "[]";
}

Result<json> first_of(const std::string& text, const std::string& what) {
  json document = json::parse(text, nullptr, false);
  if (!document.is_array() || document.empty() || !document[0].is_object()) {
    return corrupt("inspect of " + what + " gave no JSON object");
  }
  return document[0];
}

}  // namespace

Result<std::string> DockerCli::version(const CancelToken& cancel) const {
  if (!io::find_program(program_, Environment(environment_))) {
    return not_found(program_ + ": executable file not found in $PATH");
  }
  Result<std::string> version = capture({"-v"}, cancel);
  if (!version) return std::move(version).error().within("Error asking for the Docker version");
  log::debug("docker", {{"version", *version}});
  return version;
}

DockerCli DockerCli::with_variable(const std::string& name, std::string value) const {
  DockerCli copy = *this;
  copy.environment_[name] = std::move(value);
  return copy;
}

io::SpawnOptions DockerCli::spawn_options(const std::vector<std::string>& arguments) const {
  io::SpawnOptions spawn;
  spawn.argv = {program_};
  spawn.argv.insert(spawn.argv.end(), arguments.begin(), arguments.end());
  spawn.environment = environment_;
  spawn.directory = directory_;
  spawn.die_with_parent = true;
  return spawn;
}

Error DockerCli::failed(const std::vector<std::string>& arguments, const io::ExitStatus& status,
                        std::string_view said) const {
  return internal(fmt::format("{} {}: {}\nStderr: {}", program_,
                              arguments.empty() ? "" : arguments.front(), status.text(),
                              trimmed(std::string(said))));
}

Result<std::string> DockerCli::capture(const std::vector<std::string>& arguments,
                                       const CancelToken& cancel) const {
  io::RunOptions run;
  run.spawn = spawn_options(arguments);
  run.deadline = kLongest;
  const io::Finished finished = TRY(io::run_program(run, cancel));
  if (!finished.status.success()) {
    return failed(arguments, finished.status, finished.standard_error);
  }
  return trimmed(finished.standard_output);
}

Result<void> DockerCli::show(const std::vector<std::string>& arguments, std::string_view input,
                             Ui& ui, const CancelToken& cancel) const {
  OutputLines out([&ui](std::string_view line) { ui.message(line); });
  OutputLines err([&ui](std::string_view line) { ui.message(line); });
  io::RunOptions run;
  run.spawn = spawn_options(arguments);
  run.input = std::string(input);
  run.deadline = kLongest;
  run.on_stdout = [&out](std::string_view bytes) { out.feed(bytes); };
  run.on_stderr = [&err](std::string_view bytes) { err.feed(bytes); };
  const io::Finished finished = TRY(io::run_program(run, cancel));
  out.finish();
  err.finish();
  if (!finished.status.success()) {
    return failed(arguments, finished.status, finished.standard_error);
  }
  return {};
}

Result<void> DockerCli::to_file(const std::vector<std::string>& arguments, const std::string& path,
                                const CancelToken& cancel) const {
  io::Fd file = TRY(io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  std::string said;
  Result<void> written;
  PipedProgram program;
  program.spawn = spawn_options(arguments);
  program.deadline = kLongest;
  program.on_stdout = [&](std::string_view bytes) {
    if (written) written = io::write_all(file.get(), bytes);
  };
  program.on_stderr = [&](std::string_view bytes) { keep_tail(said, bytes); };
  const io::ExitStatus status = TRY(run_piped(program, cancel));
  if (!status.success()) return failed(arguments, status, said);
  TRY(std::move(written));
  return file.close();
}

Result<std::string> DockerCli::from_file(const std::vector<std::string>& arguments,
                                         const std::string& path, const CancelToken& cancel) const {
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  std::string out;
  std::string said;
  Result<void> read;
  PipedProgram program;
  program.spawn = spawn_options(arguments);
  program.deadline = kLongest;
  program.input = [&](char* buffer, size_t capacity) -> size_t {
    const Result<size_t> got = io::read_some(file.get(), buffer, capacity);
    if (!got) read = got.error();
    return got.value_or(0);
  };
  program.on_stdout = [&](std::string_view bytes) { keep_tail(out, bytes); };
  program.on_stderr = [&](std::string_view bytes) { keep_tail(said, bytes); };
  const io::ExitStatus status = TRY(run_piped(program, cancel));
  TRY(std::move(read));
  if (!status.success()) return failed(arguments, status, said);
  return trimmed(out);
}

Result<ImageFacts> DockerCli::inspect_image(const std::string& image,
                                            const CancelToken& cancel) const {
  const std::string text = TRY(capture({"image", "inspect", image}, cancel));
  const json document = TRY(first_of(text, image));
  ImageFacts facts;
  facts.id = text_of(document, "Id");
  const auto digests = document.find("RepoDigests");
  if (digests != document.end() && digests->is_array() && !digests->empty() &&
      (*digests)[0].is_string()) {
    facts.digest = (*digests)[0].get<std::string>();
  }
  const json& config = object_of(document, "Config");
  facts.command = list_text(config, "Cmd");
  facts.entrypoint = list_text(config, "Entrypoint");
  return facts;
}

Result<ContainerFacts> DockerCli::inspect_container(const std::string& id,
                                                    const CancelToken& cancel) const {
  const std::string text = TRY(capture({"container", "inspect", id}, cancel));
  const json document = TRY(first_of(text, id));
  ContainerFacts facts;
  facts.user = text_of(object_of(document, "Config"), "User");
  const json& network = object_of(document, "NetworkSettings");
  facts.address = text_of(network, "IPAddress");
  // Where there is no address of the bridge, that of the first network that has one.
  for (const auto& [name, one] : object_of(network, "Networks").items()) {
    if (facts.address.empty() && one.is_object()) facts.address = text_of(one, "IPAddress");
  }
  return facts;
}

Result<bool> DockerCli::container_exists(const std::string& by, const std::string& value,
                                         const CancelToken& cancel) const {
  const std::string filter =
      by == "name" ? fmt::format("name=^/?{}$", value) : fmt::format("{}={}", by, value);
  const std::string found =
      TRY(capture({"ps", "--all", "--quiet", "--no-trunc", "--filter", filter}, cancel));
  return !found.empty();
}

Result<void> DockerCli::remove_container(const std::string& by, const std::string& value,
                                         const CancelToken& cancel) const {
  // podman's `rm --force` asks politely first and waits for ten seconds; a killed container is
  // removed at once by either program. It may have ended already.
  (void)capture({"kill", value}, cancel);
  Result<std::string> removed = capture({"rm", "--force", "--volumes", value}, cancel);
  const bool there = TRY(container_exists(by, value, cancel));
  if (!there) return {};
  if (!removed) return std::move(removed).error();
  return unavailable("container " + value + " is still there after its removal");
}

Result<void> DockerCli::remove_image(const std::string& image, const CancelToken& cancel) const {
  Result<std::string> removed = capture({"rmi", image}, cancel);
  if (removed) return {};
  const bool is_id = image.starts_with("sha256:");
  std::vector<std::string> list = {"images", "--quiet", "--no-trunc"};
  list.push_back(is_id ? "--all" : image);
  const std::string left = TRY(capture(list, cancel));
  const bool there = is_id ? left.find(image) != std::string::npos : !left.empty();
  return there ? Result<void>(std::move(removed).error()) : Result<void>();
}

}  // namespace farm::builders::docker
