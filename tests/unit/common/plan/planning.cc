#include "tests/unit/common/plan/planning.h"

#include "builders/core/schema/catalog.h"

namespace farm::plan {

std::string shown(const value::Value& v) {
  if (!v.is_known()) return "<unknown " + v.type().str() + ">";
  if (v.is_null()) return "null";
  std::string text;
  switch (v.type().kind()) {
    case value::Kind::String: text = "\"" + v.as_string() + "\""; break;
    case value::Kind::Number: text = v.as_number().str(); break;
    case value::Kind::Bool: text = v.as_bool() ? "true" : "false"; break;
    case value::Kind::Map:
    case value::Kind::Object:
      for (const auto& [key, item] : v.entries()) {
        text += (text.empty() ? "" : ", ") + key + " = " + shown(item);
      }
      text = "{" + text + "}";
      break;
    default:
      for (const value::Value& item : v.elements()) {
        text += (text.empty() ? "" : ", ") + shown(item);
      }
      text = "[" + text + "]";
  }
  return v.is_sensitive() ? "sensitive(" + text + ")" : text;
}

namespace {

constexpr const char* kWorkingDirectory = "/home/ann/images";

/// The user's side of a template whose files are in memory.
class MemoryOutside final : public functions::Outside {
 public:
  MemoryOutside(Planning::Texts files, const Environment& environment)
      : files_(std::move(files)), environment_(environment) {}

  Result<std::string> read_file(const std::string& path) override {
    const auto found = files_.find(relative(path));
    if (found == files_.end()) return not_found("no file " + path);
    return found->second;
  }
  Result<bool> file_exists(const std::string& path) override {
    return files_.contains(relative(path));
  }
  Result<std::vector<std::string>> list_files(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, text] : files_) {
      if (path.starts_with(relative(directory) + "/")) {
        names.push_back(path.substr(relative(directory).size() + 1));
      }
    }
    return names;
  }
  std::string working_directory() override { return kWorkingDirectory; }
  std::string home_directory() override { return "/home/ann"; }
  std::optional<std::string> environment(const std::string& name) override {
    return environment_.get(name);
  }
  Result<std::string> secret(const std::string& kind, const std::vector<std::string>&) override {
    return unavailable(kind + " cannot be asked in a test");
  }

 private:
  static std::string relative(const std::string& path) {
    const std::string prefix = std::string(kWorkingDirectory) + "/";
    return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
  }
  Planning::Texts files_;
  const Environment& environment_;
};

std::string dump_component(const ComponentSpec& spec, const std::string& indent) {
  std::string text = spec.type + (spec.name.empty() ? "" : " (" + spec.name + ")") + "\n";
  for (const auto& [name, v] : spec.config.entries()) {
    text += indent + "  " + name + " = " + shown(v) + "\n";
  }
  if (spec.late) text += indent + "  late, scope " + shown(spec.late->scope) + "\n";
  return text;
}

std::string dump_provisioner(const ProvisionerSpec& spec) {
  std::string text = dump_component(spec.component, "  ");
  if (spec.pause_before.count() != 0) {
    text += "    pause_before " + std::to_string(spec.pause_before.count()) + " ns\n";
  }
  if (spec.timeout.count() != 0) {
    text += "    timeout " + std::to_string(spec.timeout.count()) + " ns\n";
  }
  if (spec.max_retries != 0) text += "    max_retries " + std::to_string(spec.max_retries) + "\n";
  if (spec.continue_on_error) text += "    continue_on_error\n";
  return text;
}

}  // namespace

Planning::Planning(const std::string& path, const std::string& text)
    : Planning(Texts{{path, text}}) {
  load.path = path;
}

Planning::Planning(Texts files, Texts environment)
    : environment_(std::move(environment)), files_(files),
      outside_(std::make_unique<MemoryOutside>(std::move(files), environment_)) {}

Diagnosed<Plan> Planning::run() {
  data_sources_ = std::make_unique<CatalogDataSources>(
      builders::component_catalog(), CatalogDataSources::Mode::Unknown,
      [this](const std::string& name) { return environment_.get(name); });
  const templates::LoadWorld world{files_,  texts_, *outside_, random_,
                                   WallTime{1'704'164'645'000'000'000}, *data_sources_};
  Diagnosed<templates::Template> result = templates::load_template(load, world);
  template_ = std::move(result.value);
  Diagnosed<Plan> planned;
  if (template_ && !result.diagnostics.has_errors() && !load.syntax_only) {
    planned = plan_template(*template_, options, builders::component_catalog());
  }
  Diagnostics all = std::move(result.diagnostics);
  all.append(std::move(planned.diagnostics));
  planned.diagnostics = std::move(all);
  return planned;
}

std::string dump(const Plan& plan) {
  std::string text;
  for (const JobSpec& job : plan.jobs) {
    text += "job " + job.display_name + " (filter " + job.filter_name + ", build_name " +
            job.render.build_name + ", build_type " + job.render.build_type + ")\n";
    text += "  builder " + dump_component(job.builder, "  ");
    for (const ProvisionerSpec& spec : job.provisioners) {
      text += "  provisioner " + dump_provisioner(spec);
    }
    if (job.error_cleanup) text += "  error-cleanup " + dump_provisioner(*job.error_cleanup);
    for (size_t i = 0; i < job.post_processors.size(); ++i) {
      for (const PostProcessorSpec& spec : job.post_processors[i]) {
        text += "  post-processor " + std::to_string(i) + " " +
                dump_component(spec.component, "  ");
        if (spec.keep_input_artifact) {
          text += std::string("    keep_input_artifact ") +
                  (*spec.keep_input_artifact ? "true" : "false") + "\n";
        }
      }
    }
  }
  for (const std::string& secret : plan.sensitive) text += "sensitive \"" + secret + "\"\n";
  return text;
}

std::string dump(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& item : diagnostics.items()) {
    text += item.severity == Severity::Error ? "error " : "warning ";
    if (item.subject && item.subject->known()) {
      text += item.subject->file + ":" + std::to_string(item.subject->start.line) + ":" +
              std::to_string(item.subject->start.column) + " ";
    }
    text += item.summary + " | " + item.detail;
    if (!item.hint.empty()) text += " | " + item.hint;
    text += "\n";
  }
  return text;
}

}  // namespace farm::plan
