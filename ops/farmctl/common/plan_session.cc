#include "ops/farmctl/common/plan_session.h"

#include "builders/core/schema/catalog.h"
#include "ops/farmctl/common/component_check.h"
#include "ops/farmctl/common/data_source_program.h"

namespace farm::farmctl {
namespace {

// As the checks know what comes later.
constexpr const char* kLeftToAgent = "<unknown>";

}  // namespace

PlanSession::PlanSession(const Environment& environment, std::string working_directory,
                         WallTime start)
    : environment_(environment), working_directory_(std::move(working_directory)), start_(start),
      outside_(environment_, working_directory_,
               [this](const std::string& kind, const std::vector<std::string>& arguments) {
                 return secret(kind, arguments);
               }) {}

Result<std::string> PlanSession::secret(const std::string& kind,
                                        const std::vector<std::string>& arguments) {
  if (ask_secrets_) return secret_program(environment_, working_directory_)(kind, arguments);
  unasked_secrets_.insert(kind + "()");
  Error error = unavailable(kind + "() is not asked offline");
  error.retryable = true;
  return error;
}

Diagnostics PlanSession::load(const templates::LoadOptions& options,
                              plan::CatalogDataSources::Mode data_sources) {
  return load_from(record_ ? record_->files() : files_, options, data_sources);
}

void PlanSession::start_record() {
  plan::PlanRecord record;
  record.start_nanos = start_.nanos;
  record_ = std::make_unique<plan::PlanWorld>(std::move(record),
                                              plan::RealWorld{files_, outside_, random_});
}

Diagnostics PlanSession::load_from(templates::FileTree& files,
                                   const templates::LoadOptions& options,
                                   plan::CatalogDataSources::Mode data_sources) {
  ask_secrets_ = data_sources == plan::CatalogDataSources::Mode::Ask;
  functions::Outside& outside = record_ ? record_->outside() : outside_;
  Random& random = record_ ? record_->random() : random_;
  plan::DataSourceAsker asker = data_source_program(environment_, working_directory_);
  if (record_) asker = record_->asker(std::move(asker));
  data_sources_ = std::make_unique<plan::CatalogDataSources>(
      builders::component_catalog(), data_sources,
      [&outside](const std::string& name) { return outside.environment(name); }, std::move(asker));
  const templates::LoadWorld world{files, texts_, outside, random, start_, *data_sources_};
  Diagnosed<templates::Template> result = templates::load_template(options, world);
  template_ = std::move(result.value);
  return std::move(result.diagnostics);
}

Diagnostics PlanSession::load_text(templates::LoadOptions options) {
  const bool hcl = options.config_type == "hcl2";
  options.path = hcl ? "console.pkr.hcl" : "console.json";
  return load_memory(options, hcl ? "" : "{}");
}

Diagnostics PlanSession::load_memory(const templates::LoadOptions& options,
                                     const std::string& text) {
  templates::MemoryTree memory(std::map<std::string, std::string>{{options.path, text}});
  return load_from(memory, options, plan::CatalogDataSources::Mode::Unknown);
}

void PlanSession::assume_agent_environment() {
  const plan::ComponentCatalog& catalog = builders::component_catalog();
  for (const std::string& type : catalog.names(plan::ComponentKind::Builder)) {
    const plan::ComponentSchema* schema = catalog.find(plan::ComponentKind::Builder, type);
    if (schema == nullptr) continue;
    for (const plan::Option& option : schema->options) {
      if (!option.required && option.requires_one_of.empty()) continue;
      for (const std::string_view name : option.environment) {
        if (!environment_.get(std::string(name))) environment_.set(std::string(name), kLeftToAgent);
      }
    }
  }
}

std::vector<std::string> PlanSession::unasked() const {
  std::vector<std::string> names =
      data_sources_ ? data_sources_->unasked() : std::vector<std::string>();
  names.insert(names.end(), unasked_secrets_.begin(), unasked_secrets_.end());
  return names;
}

Diagnosed<plan::Plan> PlanSession::plan(plan::PlanOptions options, bool force) {
  if (!template_) return {};
  plan::PlannedJobs planned = plan_jobs(std::move(options), force);
  return {std::move(planned.plan), std::move(planned.diagnostics)};
}

plan::PlannedJobs PlanSession::plan_jobs(plan::PlanOptions options, bool force) {
  if (!options.component_check) {
    // What is submitted runs where no terminal is; `build` brings its own check.
    const bool submitted = options.require_built_in;
    options.component_check = [this, force, submitted](const plan::JobSpec& job,
                                                       const plan::ComponentPlaces& places,
                                                       Diagnostics& diagnostics) {
      check_components(job, places,
                       {environment_, working_directory_, random_, start_, force, submitted},
                       diagnostics);
    };
  }
  return plan::plan_jobs(*template_, options, builders::component_catalog());
}

Result<templates::LoadOptions> load_options(const ParsedFlags& flags, const std::string& path) {
  templates::LoadOptions options;
  options.path = path;
  options.config_type = flags.text("config-type");
  if (!options.config_type.empty() && options.config_type != "json" &&
      options.config_type != "hcl2") {
    return invalid_input("-config-type must be json or hcl2, not \"" + options.config_type + "\"");
  }
  options.var_files = flags.list("var-file");
  for (const std::string& text : flags.list("var")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return invalid_input("No '=' value in arg: " + text + " (write -var NAME=VALUE)");
    }
    options.variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return options;
}

plan::PlanOptions plan_options(const ParsedFlags& flags) {
  plan::PlanOptions options;
  options.only = flags.comma_list("only");
  options.except = flags.comma_list("except");
  return options;
}

Diagnosed<plan::Plan> load_and_plan(PlanSession& session, const templates::LoadOptions& options,
                                    plan::PlanOptions planning, bool force) {
  Diagnosed<plan::Plan> result;
  result.diagnostics = session.load(options, plan::CatalogDataSources::Mode::Ask);
  if (session.loaded() == nullptr || result.diagnostics.has_errors()) return result;
  planning.require_built_in = true;
  session.assume_agent_environment();
  Diagnosed<plan::Plan> planned = session.plan(std::move(planning), force);
  result.diagnostics.append(std::move(planned.diagnostics));
  if (!result.diagnostics.has_errors()) result.value = std::move(planned.value);
  return result;
}

}  // namespace farm::farmctl
