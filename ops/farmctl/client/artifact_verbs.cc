// artifacts list|get, manifest: results of builds.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "common/transfer/downloader.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/view/build_view.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

constexpr Duration kSilenceLimit = std::chrono::seconds(60);

struct StoredFile {
  std::string job;
  std::string path;
  std::string sha256;
  uint64_t size = 0;
  bool stored = false;
};

std::vector<StoredFile> files_of(const json& answer, const std::string& only_job) {
  std::vector<StoredFile> files;
  std::set<std::pair<std::string, std::string>> seen;
  for (const json& artifact : answer.value("artifacts", json::array())) {
    const std::string job = artifact.value("name", "");
    if (!only_job.empty() && job != only_job && artifact.value("job", "") != only_job) continue;
    for (const json& file : artifact.value("files", json::array())) {
      // Post-processors that pass their input on list its files again.
      const std::string path = file.value("path", "");
      if (!seen.insert({job, path}).second) continue;
      files.push_back({job, file.value("path", ""), file.value("sha256", ""),
                       file.value("size", uint64_t{0}), file.value("stored", false)});
    }
  }
  return files;
}

// A path of an artifact below `folder`: absolute ones and those that climb out lose that part.
std::string target_of(const std::string& folder, const std::string& path) {
  std::filesystem::path inside;
  for (const auto& part : std::filesystem::path(path).relative_path()) {
    if (part != ".." && part != ".") inside /= part;
  }
  return (std::filesystem::path(folder) / inside).string();
}

Result<void> fetch(Client& client, Connection& connection, const StoredFile& file,
                   const std::string& target) {
  Line* line = TRY(connection.bulk());
  transfer::Downloader download = TRY(
      transfer::Downloader::open(connection.new_request(), file.sha256, target, 0644));
  TRY(line->send(download.begin()));
  const bool show = client.output.settings().terminal;
  Instant last_sign = client.clock.now();
  while (!download.complete()) {
    std::optional<wire::Message> message =
        TRY(line->receive(client.clock.now() + std::chrono::seconds(1)));
    if (!message) {
      if (client.clock.now() - last_sign > kSilenceLimit) {
        return timed_out("the coordinator sends no more of " + file.path);
      }
      continue;
    }
    if (const auto* failed = std::get_if<wire::FetchFailed>(&*message)) {
      if (failed->fetch == download.id()) return failed->error;
    }
    const auto* data = std::get_if<wire::FetchData>(&*message);
    if (data == nullptr || data->fetch != download.id()) continue;
    last_sign = client.clock.now();
    const wire::FetchCredit credit = TRY(download.data(*data));
    TRY(line->send(credit));
    if (show) {
      std::fprintf(stderr, "\r%s  %s of %s", file.path.c_str(),
                   human_size(download.bytes_done()).c_str(), human_size(file.size).c_str());
    }
  }
  if (show) std::fprintf(stderr, "\n");
  return download.finish(CancelToken());
}

int get_files(Client& client, Connection& connection, const json& answer,
              const std::string& only_job, const std::string& folder) {
  size_t fetched = 0;
  for (const StoredFile& file : files_of(answer, only_job)) {
    const std::string target = target_of(folder, file.path);
    if (!file.stored) {
      std::fprintf(stderr, "warning: %s stays where it was built; the farm has no copy\n",
                   file.path.c_str());
      continue;
    }
    Result<void> done = fetch(client, connection, file, target);
    if (!done) return client.fail(std::move(done).error().within(file.path));
    std::printf("%s  %s  sha256:%s\n", target.c_str(), human_size(file.size).c_str(),
                file.sha256.c_str());
    ++fetched;
  }
  if (fetched == 0) return client.fail(not_found("the build has no stored files to fetch"));
  return kDone;
}

}  // namespace

int run_artifacts(Client& client) {
  std::vector<std::string> words = client.words;
  const bool get = !words.empty() && words[0] == "get";
  if (!words.empty() && (words[0] == "get" || words[0] == "list")) words.erase(words.begin());
  const std::vector<Flag> table =
      client_flags({{"o", FlagKind::Text, "folder for fetched files (default: here)"}});
  // Flags may stand behind the build too: kubectl's manner, not Packer's.
  if (words.size() > 1 && !words[0].starts_with('-')) std::rotate(words.begin(), words.begin() + 1, words.end());
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("artifacts", "[list|get] BUILD[/JOB]", "list and fetch results", table));
    return kDone;
  }
  if (flags->arguments().size() != 1) {
    return client.fail(invalid_input("usage: farmctl artifacts [list|get] BUILD[/JOB]"));
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  std::string name = flags->arguments()[0];
  std::string only_job;
  if (const size_t slash = name.find('/'); slash != std::string::npos) {
    only_job = name.substr(slash + 1);
    name.resize(slash);
  }
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  Result<std::string> text = (*connection)->query("artifacts", {{"build", name}});
  if (!text) return client.fail(text.error());
  const json answer = json::parse(*text, nullptr, false);
  if (answer.is_discarded()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  if (get) {
    const std::string folder = flags->text("o");
    return get_files(client, **connection, answer, only_job, folder.empty() ? "." : folder);
  }
  if (*as_json) {
    std::printf("%s\n", text->c_str());
  } else {
    print_artifacts(answer);
  }
  return kDone;
}

int run_manifest(Client& client) {
  const std::vector<Flag> table = client_flags({});
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("manifest", "BUILD", "manifest of a build", table));
    return kDone;
  }
  const std::string build = flags->arguments().empty() ? "@last" : flags->arguments()[0];
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  Result<std::string> text = (*connection)->query("manifest", {{"build", build}});
  if (!text) return client.fail(text.error());
  std::printf("%s\n", text->c_str());
  return kDone;
}

}  // namespace farm::farmctl
