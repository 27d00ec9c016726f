// PlanSession: a template loaded and planned on the user's machine, with everything it was read
// through. The offline verbs, `build` and `submit` all start here.
#pragma once

#include <memory>
#include <set>
#include <optional>
#include <string>

#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/plan/catalog_data_sources.h"
#include "common/plan/plan_world.h"
#include "common/plan/planner.h"
#include "common/template/functions/local_outside.h"
#include "common/template/source/file_tree.h"
#include "common/template/source/loader.h"
#include "common/template/source/source_texts.h"
#include "ops/farmctl/common/flags.h"

namespace farm::farmctl {

class PlanSession {
 public:
  PlanSession(const Environment& environment, std::string working_directory, WallTime start);
  PlanSession(const PlanSession&) = delete;
  PlanSession& operator=(const PlanSession&) = delete;

  /// Loads the template; `data_sources` says whether they are asked or stay unknown.
  Diagnostics load(const templates::LoadOptions& options,
                   plan::CatalogDataSources::Mode data_sources);
  /// Loads an empty template in the syntax of `options.config_type` (JSON by default): a console
  /// without a file.
  Diagnostics load_text(templates::LoadOptions options);
  /// Loads `text` as if it were the file `options.path`.
  Diagnostics load_memory(const templates::LoadOptions& options, const std::string& text);
  /// From now on everything that is read and told is recorded; before load().
  void start_record();
  /// What was recorded; null without start_record().
  plan::PlanWorld* record() { return record_.get(); }
  /// Null until load() made something of the files.
  const templates::Template* loaded() const { return template_ ? &*template_ : nullptr; }
  /// Data sources and functions of secret stores that were left unknown, by name.
  std::vector<std::string> unasked() const;
  /// Plans the loaded template; the components' own pure checks are part of it.
  Diagnosed<plan::Plan> plan(plan::PlanOptions options, bool force = false);
  /// The same for those who go on without the jobs that cannot be prepared. A template must be
  /// loaded.
  plan::PlannedJobs plan_jobs(plan::PlanOptions options, bool force = false);

  /// From now on a variable that a component reads when a required option is missing (PROXMOX_TOKEN)
  /// counts as set, to what is not known here: on a farm the agent has the credentials.
  void assume_agent_environment();

  /// Texts of the files read so far, for drawing diagnostics.
  const templates::SourceTexts& texts() const { return texts_; }
  const std::string& working_directory() const { return working_directory_; }
  functions::Outside& outside() { return outside_; }
  Random& random() { return random_; }

 private:
  Diagnostics load_from(templates::FileTree& files, const templates::LoadOptions& options,
                        plan::CatalogDataSources::Mode data_sources);
  Result<std::string> secret(const std::string& kind, const std::vector<std::string>& arguments);
  Environment environment_;
  std::string working_directory_;
  WallTime start_;
  templates::DiskTree files_;
  templates::SourceTexts texts_;
  functions::LocalOutside outside_;
  SystemRandom random_;
  std::unique_ptr<plan::PlanWorld> record_;
  bool ask_secrets_ = false;
  std::set<std::string> unasked_secrets_;  // functions
  std::unique_ptr<plan::CatalogDataSources> data_sources_;
  std::optional<templates::Template> template_;
};

/// The flags of template_flags() and `path` as options of loading. InvalidInput: a -var without
/// '=', an unknown -config-type.
Result<templates::LoadOptions> load_options(const ParsedFlags& flags, const std::string& path);
/// -only and -except.
plan::PlanOptions plan_options(const ParsedFlags& flags);

/// load() and plan() in one go, for `build` and `submit`: data sources are asked, and components
/// that cannot be run are errors. The plan is present only without errors.
Diagnosed<plan::Plan> load_and_plan(PlanSession& session, const templates::LoadOptions& options,
                                    plan::PlanOptions planning, bool force = false);

}  // namespace farm::farmctl
