#include "ops/farmctl/view/build_view.h"

#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "ops/farmctl/view/table.h"

namespace farm::farmctl {

using nlohmann::json;

namespace {

std::string brief(const std::string& id) { return id.substr(0, 6); }

}  // namespace

std::string text_of(const json& object, const char* key, const char* other) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return other;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

namespace {

std::string state_of(const json& build) {
  return text_of(build, "state") + (build.value("damaged", false) ? ", DAMAGED" : "");
}

}  // namespace

void warn_read_only(const json& answer) {
  const std::string reason = text_of(answer, "read_only", "");
  if (reason.empty()) return;
  std::fprintf(stderr, "warning: the coordinator is read-only: %s\n", reason.c_str());
}

void print_builds(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& build : answer.value("builds", json::array())) {
    rows.push_back({brief(text_of(build, "id")), text_of(build, "template"),
                    state_of(build),
                    fmt::format("{}/{}", build.value("jobs_done", 0), build.value("jobs_total", 0)),
                    human_duration(build.value("elapsed", 0.0)), text_of(build, "submitter")});
  }
  std::fputs(format_table({"BUILD", "NAME", "STATE", "JOBS", "AGE", "BY"}, rows).c_str(), stdout);
}

void print_build(const json& build) {
  std::printf("build %s  %s  %s  by %s  %s\n", brief(text_of(build, "id")).c_str(),
              text_of(build, "template").c_str(), state_of(build).c_str(),
              text_of(build, "submitter").c_str(),
              human_duration(build.value("elapsed", 0.0)).c_str());
  std::vector<std::vector<std::string>> rows;
  for (const json& job : build.value("jobs", json::array())) {
    rows.push_back({text_of(job, "name"), text_of(job, "type"), text_of(job, "agent"),
                    text_of(job, "state"), text_of(job, "step", ""),
                    fmt::format("{}", job.value("attempt", 0)),
                    human_duration(job.value("elapsed", 0.0)), text_of(job, "error", "")});
  }
  std::fputs(format_table({"JOB", "BUILDER", "AGENT", "STATE", "STEP", "ATTEMPT", "TIME", "ERROR"},
                          rows)
                 .c_str(),
             stdout);
  for (const json& job : build.value("jobs", json::array())) {
    for (const json& past : job.value("history", json::array())) {
      if (text_of(past, "error", "").empty()) continue;
      std::printf("  %s attempt %s on %s: %s\n", text_of(job, "name").c_str(),
                  text_of(past, "attempt").c_str(), text_of(past, "agent").c_str(),
                  text_of(past, "error").c_str());
    }
  }
}

void print_artifacts(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  // Post-processors that pass their input on list its files again.
  std::set<std::pair<std::string, std::string>> seen;
  for (const json& artifact : answer.value("artifacts", json::array())) {
    const json files = artifact.value("files", json::array());
    if (files.empty()) {
      rows.push_back({artifact.value("name", ""), artifact.value("id", ""), "-", "-",
                      artifact.value("text", "")});
    }
    for (const json& file : files) {
      const std::string name = artifact.value("name", "");
      if (!seen.insert({name, file.value("path", "")}).second) continue;
      const std::string digest = file.value("sha256", "");
      rows.push_back({artifact.value("name", ""), file.value("path", ""),
                      human_size(file.value("size", uint64_t{0})),
                      digest.empty() ? "-" : "sha256:" + digest.substr(0, 12),
                      file.value("stored", false) ? "stored" : "in place"});
    }
  }
  std::fputs(format_table({"JOB", "FILE", "SIZE", "DIGEST", "STATE"}, rows).c_str(), stdout);
}

}  // namespace farm::farmctl
