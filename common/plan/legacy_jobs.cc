#include "common/plan/legacy_jobs.h"

#include <algorithm>

#include "common/plan/option_rules.h"
#include "common/plan/render.h"
#include "common/plan/weak_decode.h"
#include "common/template/json/legacy_template.h"

namespace farm::plan {
namespace {

using json::LegacyComponent;
using json::LegacyPostProcessor;
using json::LegacyProvisioner;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class LegacyPlanner {
 public:
  LegacyPlanner(const templates::Template& made, const PlanOptions& options,
                ComponentLookup& lookup, JobFilter& filter, PlannedJobs& planned,
                Diagnostics& diagnostics)
      : made_(made), legacy_(*made.legacy), options_(options), lookup_(lookup), filter_(filter),
        planned_(planned), diagnostics_(diagnostics) {
    functions::Outside& outside = made.evaluation->functions.outside;
    environment_ = [&outside](const std::string& name) { return outside.environment(name); };
  }

  void plan() {
    std::vector<std::pair<std::string, const LegacyComponent*>> builders;
    for (const LegacyComponent& builder : legacy_.builders) {
      const Result<std::string> name = render(builder.name, made_.inputs);
      if (!name) {
        diagnostics_.error("Error interpolating builder '" + builder.name + "'",
                           name.error().message + ".", builder.range);
        planned_.refused.insert(builder.name);
        continue;
      }
      builders.emplace_back(*name, &builder);
    }
    std::stable_sort(builders.begin(), builders.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [name, builder] : builders) plan_builder(name, *builder);
  }

 private:
  Result<std::string> render(const std::string& text, const RenderInputs& inputs) const {
    const interpolate::Context context{inputs, made_.evaluation->functions.random, {},  nullptr,
                                       nullptr, nullptr, false, false, {}};
    return interpolate::render(text, context);
  }

  void plan_builder(const std::string& name, const LegacyComponent& builder) {
    const size_t before = diagnostics_.size();
    JobSpec job;
    job.filter_name = name;
    job.display_name = name == builder.type ? name : builder.type + "." + name;
    // What is left out on the command line is not started, so it may be anything.
    if (!filter_.wants(name)) return;
    const ComponentSchema* schema =
        lookup_.find(ComponentKind::Builder, builder.type, builder.type_range, diagnostics_);
    if (schema == nullptr) {
      planned_.refused.insert(job.display_name);
      return;
    }
    job.render = made_.inputs;
    job.render.build_name = name;
    job.render.build_type = builder.type;
    job.builder = component(builder, builder.config, *schema, job.render);
    for (const LegacyProvisioner& block : legacy_.provisioners) {
      std::optional<ProvisionerSpec> spec = provisioner(block, builder, job.render);
      if (spec) job.provisioners.push_back(std::move(*spec));
    }
    if (legacy_.error_cleanup) {
      job.error_cleanup = provisioner(*legacy_.error_cleanup, builder, job.render);
    }
    for (const auto& blocks : legacy_.post_processors) plan_sequence(blocks, builder, job);
    if (options_.component_check) options_.component_check(job, places_, diagnostics_);
    if (errors_since(before)) planned_.refused.insert(job.display_name);
    planned_.plan.jobs.push_back(std::move(job));
  }

  ComponentSpec component(const LegacyComponent& block, const value::Value& config,
                          const ComponentSchema& schema, const RenderInputs& inputs) {
    const WeakContext context{
        [&](const std::string& text) { return render(text, inputs); },
        [&](const std::vector<std::string>& path) {
          return path.empty() ? block.type_range : legacy_.range_of(block, path);
        }};
    const size_t before = diagnostics_.size();
    const DecodedBody decoded = decode_weak(config, schema.options, context, diagnostics_);
    // The rules are about what the component will read: a variable that is empty is not set.
    DecodedBody read = decoded;
    const Result<value::Value> rendered = render_config(
        decoded.config, schema, inputs, made_.evaluation->functions.random, nullptr);
    if (rendered) read.config = *rendered;
    check_options(read, schema.options,
                  std::string(component_kind_name(schema.kind)) + " \"" + block.name + "\"",
                  environment_, diagnostics_);
    places_.add(block.range, decoded.places, errors_since(before));
    ComponentSpec spec;
    spec.type = block.type;
    spec.name = block.has_name ? block.name : std::string();
    spec.config = decoded.config;
    spec.declared = block.range;
    return spec;
  }

  std::optional<ProvisionerSpec> provisioner(const LegacyProvisioner& block,
                                             const LegacyComponent& builder,
                                             const RenderInputs& inputs) {
    if (!runs_on(block.only, block.except, builder.name)) return std::nullopt;
    const ComponentSchema* schema = lookup_.find(ComponentKind::Provisioner, block.component.type,
                                                 block.component.type_range, diagnostics_);
    if (schema == nullptr) return std::nullopt;
    value::Value config = block.component.config;
    const auto found = block.overrides.find(builder.name);
    if (found != block.overrides.end() && !found->second.is_null()) {
      value::Value::Map merged = config.entries();
      for (const auto& [name, v] : found->second.entries()) merged.insert_or_assign(name, v);
      config = value::Value::object(std::move(merged));
    }
    ProvisionerSpec spec;
    spec.component = component(block.component, config, *schema, inputs);
    spec.pause_before = block.pause_before;
    spec.timeout = block.timeout;
    spec.max_retries = max_retries(block, inputs);
    return spec;
  }

  int max_retries(const LegacyProvisioner& block, const RenderInputs& inputs) {
    if (block.max_retries.empty()) return 0;
    const Result<std::string> text = render(block.max_retries, inputs);
    const Result<value::Number> number =
        text ? value::Number::parse(*text) : Result<value::Number>(text.error());
    const std::optional<int64_t> count = number ? number->to_int64() : std::nullopt;
    if (count && *count >= 0 && *count <= 1'000'000) return static_cast<int>(*count);
    diagnostics_.error("`max_retries` must be a valid integer",
                       "\"" + (text ? *text : block.max_retries) + "\" is none.",
                       block.component.range);
    return 0;
  }

  static bool runs_on(const std::vector<std::string>& only, const std::vector<std::string>& except,
                      const std::string& builder) {
    if (!only.empty()) return contains(only, builder);
    return !contains(except, builder);
  }

  void plan_sequence(const std::vector<LegacyPostProcessor>& blocks, const LegacyComponent& builder,
                     JobSpec& job) {
    std::vector<PostProcessorSpec> sequence;
    for (const LegacyPostProcessor& block : blocks) {
      if (!runs_on(block.only, block.except, builder.name)) continue;
      if (filter_.skips_post_processor(block.component.name, block.component.type)) break;
      const ComponentSchema* schema =
          lookup_.find(ComponentKind::PostProcessor, block.component.type,
                       block.component.type_range, diagnostics_);
      if (schema == nullptr) continue;
      ComponentSpec spec = component(block.component, block.component.config, *schema, job.render);
      spec.name = block.component.name;  // the type when it has none of its own, unlike in HCL2
      sequence.push_back({std::move(spec), block.keep_input_artifact});
    }
    if (!sequence.empty()) job.post_processors.push_back(std::move(sequence));
  }

  bool errors_since(size_t before) const {
    const auto first = diagnostics_.items().begin() + static_cast<std::ptrdiff_t>(before);
    return std::any_of(first, diagnostics_.items().end(),
                       [](const Diagnostic& item) { return item.severity == Severity::Error; });
  }

  const templates::Template& made_;
  const json::LegacyTemplate& legacy_;
  const PlanOptions& options_;
  ComponentLookup& lookup_;
  JobFilter& filter_;
  PlannedJobs& planned_;
  ComponentPlaces places_;
  Diagnostics& diagnostics_;
  EnvironmentLookup environment_;
};

}  // namespace

void plan_legacy_jobs(const templates::Template& made, const PlanOptions& options,
                      ComponentLookup& lookup, JobFilter& filter, PlannedJobs& planned,
                      Diagnostics& diagnostics) {
  LegacyPlanner(made, options, lookup, filter, planned, diagnostics).plan();
}

}  // namespace farm::plan
