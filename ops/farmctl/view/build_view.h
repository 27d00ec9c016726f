// Builds, jobs and artifacts as tables for people, from the JSON answers of coordinator/api. Used by
// the verbs that ask a coordinator and by those that read the local store.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace farm::farmctl {

/// The text of a member; `other` when it is absent or null, its JSON when it is no string.
std::string text_of(const nlohmann::json& object, const char* key, const char* other = "-");

/// A warning on standard error when the coordinator says that it is read-only.
void warn_read_only(const nlohmann::json& answer);
void print_builds(const nlohmann::json& answer);
void print_build(const nlohmann::json& build);
void print_artifacts(const nlohmann::json& answer);

}  // namespace farm::farmctl
