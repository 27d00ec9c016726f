#include "coordinator/http/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace farm::coordinator {
namespace {

using Kind = Route::Kind;

constexpr size_t kMaxSegment = 200;

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool plain(const std::string& segment) {
  if (segment.empty() || segment == "." || segment == ".." || segment.size() > kMaxSegment) {
    return false;
  }
  return std::all_of(segment.begin(), segment.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '\\' && c != 0x7f;
  });
}

bool fits(const Route& route, const std::vector<std::string>& path,
          std::map<std::string, std::string>& arguments) {
  const std::vector<std::string> pattern = segments_of(route.pattern);
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < path.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      arguments[pattern[i].substr(1, pattern[i].size() - 2)] = path[i];
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/api/v1/status", Kind::Query, "version", {}, "viewer", "State of the farm"},
      {"GET", "/api/v1/session", Kind::Query, "whoami", {}, "viewer", "Who is asking"},
      {"GET", "/api/v1/builds", Kind::Query, "builds", {"limit"}, "viewer", "Builds, newest first"},
      {"GET", "/api/v1/builds/{build}", Kind::Query, "build", {}, "viewer", "One build, its jobs"},
      {"GET", "/api/v1/builds/{build}/log", Kind::Query, "log", {"job", "offset", "epoch"},
       "viewer", "Log of a build's job (by name where there are several), from an offset on"},
      {"GET", "/api/v1/builds/{build}/artifacts", Kind::Query, "artifacts", {}, "viewer",
       "Artifacts of a build"},
      {"GET", "/api/v1/builds/{build}/manifest", Kind::Query, "manifest", {}, "viewer",
       "Manifest of a build"},
      {"GET", "/api/v1/builds/{build}/why", Kind::Query, "why", {}, "viewer",
       "Why the jobs of a build are where they are"},
      {"GET", "/api/v1/jobs/{job}", Kind::Query, "job", {}, "viewer", "One job"},
      {"GET", "/api/v1/jobs/{job}/log", Kind::Query, "log", {"offset", "epoch"}, "viewer",
       "Log of a job from an offset on"},
      {"GET", "/api/v1/jobs/{job}/why", Kind::Query, "why", {}, "viewer",
       "Why a job is where it is"},
      {"GET", "/api/v1/agents", Kind::Query, "agents", {}, "viewer", "Agents"},
      {"GET", "/api/v1/artifacts", Kind::Query, "artifacts", {"build"}, "viewer",
       "Artifacts of a build"},
      {"GET", "/api/v1/manifest", Kind::Query, "manifest", {"build"}, "viewer",
       "Manifest of a build"},
      {"GET", "/api/v1/why", Kind::Query, "why", {"build", "job"}, "viewer",
       "Why jobs are where they are"},
      {"GET", "/api/v1/leaks", Kind::Query, "resources", {}, "viewer",
       "Outside things that jobs have created and not given back"},
      {"GET", "/api/v1/audit", Kind::Query, "audit", {"from", "limit"}, "operator",
       "Lines of the audit log"},
      {"GET", "/api/v1/tokens", Kind::Query, "api-tokens", {}, "viewer",
       "Tokens of the HTTP API: one's own; all of them for administrators"},
      {"GET", "/metrics", Kind::Query, "metrics", {}, "viewer", "Metrics in Prometheus' text form"},
      {"POST", "/api/v1/builds/{build}/cancel", Kind::Command, "cancel", {}, "submitter",
       "Cancel a build; somebody else's needs the role operator"},
      {"POST", "/api/v1/jobs/{job}/cancel", Kind::Command, "cancel", {}, "submitter",
       "Cancel a job"},
      {"POST", "/api/v1/agents/{agent}/drain", Kind::Command, "drain", {}, "operator",
       "Give an agent no new jobs"},
      {"POST", "/api/v1/agents/{agent}/resume", Kind::Command, "resume", {}, "operator",
       "Give an agent jobs again"},
  };
  return kRoutes;
}

Result<Routed> find_route(const std::string& method, const std::string& path,
                          const std::multimap<std::string, std::string>& query) {
  if (!path.starts_with('/')) return denied("the path must begin with a slash");
  const std::vector<std::string> segments = segments_of(path);
  for (const std::string& segment : segments) {
    if (!plain(segment)) return denied("the path has a part that names nothing");
  }
  bool path_known = false;
  for (const Route& route : routes()) {
    Routed routed{&route, {}};
    if (!fits(route, segments, routed.arguments)) continue;
    path_known = true;
    if (route.method != method) continue;
    for (const auto& [name, value] : query) {
      const bool taken =
          std::find(route.options.begin(), route.options.end(), name) != route.options.end();
      if (!taken) return invalid_input(std::string(route.pattern) + " has no option `" + name + "`");
      routed.arguments[name] = value;
    }
    return routed;
  }
  if (path_known) return invalid_input("this path is not for the method " + method);
  return not_found("no such path: " + path);
}

std::string openapi_document(const std::string& version) {
  using nlohmann::ordered_json;
  ordered_json paths = ordered_json::object();
  for (const Route& route : routes()) {
    ordered_json parameters = ordered_json::array();
    for (const std::string& segment : segments_of(route.pattern)) {
      if (!segment.starts_with('{')) continue;
      parameters.push_back({{"name", segment.substr(1, segment.size() - 2)},
                            {"in", "path"},
                            {"required", true},
                            {"schema", {{"type", "string"}}}});
    }
    for (const std::string_view option : route.options) {
      parameters.push_back(
          {{"name", option}, {"in", "query"}, {"schema", {{"type", "string"}}}});
    }
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(), ::tolower);
    const bool json = route.pattern != "/metrics";
    const ordered_json answer = {
        {"description", "the answer"},
        {"content", {{json ? "application/json" : "text/plain", ordered_json::object()}}}};
    paths[std::string(route.pattern)][method] = {
        {"summary", route.summary},
        {"x-role", route.role},
        {"parameters", std::move(parameters)},
        {"responses", {{"200", answer}}}};
  }
  return ordered_json{
      {"openapi", "3.1.0"},
      {"info", {{"title", "farm"}, {"version", version}}},
      {"components",
       {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
      {"security", ordered_json::array({{{"token", ordered_json::array()}}})},
      {"paths", std::move(paths)}}
      .dump(1);
}

}  // namespace farm::coordinator
