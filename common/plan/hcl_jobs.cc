#include "common/plan/hcl_jobs.h"

#include <algorithm>

#include "common/plan/build_values.h"
#include "common/plan/core_attributes.h"
#include "common/plan/late_body.h"
#include "common/plan/override_options.h"

namespace farm::plan {
namespace {

using templates::BuildBlock;
using templates::ComponentBlock;
using templates::SourceUse;

/// One build block x source while it is planned.
struct Use {
  const BuildBlock& build;
  const SourceUse& source;
  std::string reference;  // "TYPE.NAME" with the local name: what only/except name
  std::string shown_name;  // NAME, local if set
  hcl2::Scope builder_scope;    // var, local, data, path, packer, source
  hcl2::Scope component_scope;  // the same and build
};

class HclPlanner {
 public:
  HclPlanner(const templates::Template& made, const PlanOptions& options, ComponentLookup& lookup,
             JobFilter& filter, PlannedJobs& planned, Diagnostics& diagnostics)
      : made_(made), options_(options), lookup_(lookup), filter_(filter), planned_(planned),
        diagnostics_(diagnostics) {
    for (const char* root : {"var", "local", "data", "path", "packer"}) {
      if (const value::Value* v = made.evaluation->globals.find(root)) roots_.set(root, *v);
    }
    functions::Outside& outside = made.evaluation->functions.outside;
    environment_ = [&outside](const std::string& name) { return outside.environment(name); };
  }

  void plan() {
    check_types();
    planned_.usable = !diagnostics_.has_errors();
    for (const BuildBlock& build : made_.builds) {
      for (const SourceUse& source : build.uses) plan_use(build, source);
    }
  }

 private:
  /// Names that mean nothing at all are wrong in every build, also those that -only leaves out;
  /// a component that only cannot run here matters where it is used.
  void check_types() {
    for (const BuildBlock& build : made_.builds) {
      for (const SourceUse& use : build.uses) {
        const templates::Source* source = made_.find_source(use.type, use.name);
        lookup_.check_name(ComponentKind::Builder, use.type, declared_at(use, source),
                           diagnostics_);
      }
      for (const ComponentBlock& block : build.provisioners) {
        lookup_.check_name(ComponentKind::Provisioner, block.type, block.declared, diagnostics_);
      }
      if (build.error_cleanup) {
        lookup_.check_name(ComponentKind::Provisioner, build.error_cleanup->type,
                           build.error_cleanup->declared, diagnostics_);
      }
      for (const auto& sequence : build.post_processors) {
        for (const ComponentBlock& block : sequence) {
          lookup_.check_name(ComponentKind::PostProcessor, block.type, block.declared,
                             diagnostics_);
        }
      }
    }
  }

  static const SourceRange& declared_at(const SourceUse& use, const templates::Source* source) {
    return source == nullptr ? use.declared : source->declared;
  }

  void plan_use(const BuildBlock& build, const SourceUse& source) {
    Use use{build, source, {}, source.local_name.value_or(source.name), hcl2::Scope(&roots_),
            hcl2::Scope(&roots_)};
    use.reference = source.type + "." + use.shown_name;
    const size_t before = diagnostics_.size();
    JobSpec job;
    job.display_name = build.name.empty() ? use.reference : build.name + "." + use.reference;
    job.filter_name = job.display_name;
    if (!filter_.wants(job.filter_name)) return;
    const value::Value source_object =
        value::Value::object({{"type", value::Value::string(source.type)},
                              {"name", value::Value::string(use.shown_name)}});
    use.builder_scope.set("source", source_object);
    use.component_scope.set("source", source_object);
    use.component_scope.set("build", planned_build_object(source.type, build.name));
    job.render = made_.inputs;
    // The reference's quirk: neither the local name nor the build's name goes in here.
    job.render.build_name = source.name;
    job.render.build_type = source.type;
    if (!plan_builder(use, job)) {
      planned_.refused.insert(job.display_name);
      return;
    }
    for (const ComponentBlock& block : build.provisioners) {
      std::optional<ProvisionerSpec> spec = provisioner(use, block);
      if (spec) job.provisioners.push_back(std::move(*spec));
    }
    if (build.error_cleanup) job.error_cleanup = provisioner(use, *build.error_cleanup);
    for (const auto& sequence : build.post_processors) plan_sequence(use, sequence, job);
    if (options_.component_check) options_.component_check(job, places_, diagnostics_);
    if (errors_since(before)) planned_.refused.insert(job.display_name);
    planned_.plan.jobs.push_back(std::move(job));
  }

  bool plan_builder(const Use& use, JobSpec& job) {
    const templates::Source* source = made_.find_source(use.source.type, use.source.name);
    const ComponentSchema* schema = lookup_.find(ComponentKind::Builder, use.source.type,
                                                 declared_at(use.source, source), diagnostics_);
    if (source == nullptr || schema == nullptr) return false;
    hcl2::BodyPtr body = source->body;
    if (use.source.over) body = hcl2::merge_bodies(body, use.source.over);
    const hcl2::EvalContext context = context_of(use.builder_scope);
    const size_t before = diagnostics_.size();
    body = hcl2::expand_dynamic(body, context);
    const DecodedBody decoded =
        decode_body(*body, schema->options, context, nullptr, diagnostics_);
    check_options(decoded, schema->options,
                  "source \"" + source->type + "\" \"" + source->name + "\"", environment_,
                  diagnostics_);
    places_.add(source->declared, decoded.places, errors_since(before));
    job.builder.type = source->type;
    job.builder.name = source->name;
    job.builder.config = decoded.config;
    job.builder.declared = source->declared;
    return true;
  }

  hcl2::EvalContext context_of(const hcl2::Scope& scope) const {
    return {scope, made_.evaluation->functions, made_.evaluation->budget};
  }

  std::optional<ProvisionerSpec> provisioner(const Use& use, const ComponentBlock& block) {
    const hcl2::EvalContext context = context_of(use.component_scope);
    hcl2::BodyPtr rest;
    const CoreAttributes core = read_core_attributes(*block.body, CoreKind::Provisioner,
                                                     context, rest, diagnostics_);
    if (!core.runs_on(use.reference)) return std::nullopt;
    std::optional<ComponentSpec> component =
        decode_component(use, block, ComponentKind::Provisioner, *rest, core);
    if (!component) return std::nullopt;
    ProvisionerSpec spec;
    spec.component = std::move(*component);
    spec.pause_before = core.pause_before;
    spec.timeout = core.timeout;
    spec.max_retries = core.max_retries;
    spec.continue_on_error = core.continue_on_error;
    return spec;
  }

  void plan_sequence(const Use& use, const std::vector<ComponentBlock>& blocks, JobSpec& job) {
    std::vector<PostProcessorSpec> sequence;
    for (const ComponentBlock& block : blocks) {
      hcl2::BodyPtr rest;
      const CoreAttributes core =
          read_core_attributes(*block.body, CoreKind::PostProcessor,
                               context_of(use.component_scope), rest, diagnostics_);
      if (!core.runs_on(use.reference)) continue;
      // A post-processor left out on the command line ends its sequence.
      if (filter_.skips_post_processor(core.name, block.type)) break;
      std::optional<ComponentSpec> component =
          decode_component(use, block, ComponentKind::PostProcessor, *rest, core);
      if (component) sequence.push_back({std::move(*component), core.keep_input_artifact});
    }
    if (!sequence.empty()) job.post_processors.push_back(std::move(sequence));
  }

  std::optional<ComponentSpec> decode_component(const Use& use, const ComponentBlock& block,
                                                ComponentKind kind, const hcl2::Body& body,
                                                const CoreAttributes& core) {
    const ComponentSchema* schema =
        lookup_.find(kind, block.type, block.declared, diagnostics_);
    if (schema == nullptr) return std::nullopt;
    const size_t before = diagnostics_.size();
    std::vector<hcl2::Traversal> references = core.references;
    DecodedBody decoded = decode_body(body, schema->options, context_of(use.component_scope),
                                      &references, diagnostics_);
    decoded.config = apply_override(decoded.config, core.override_options, use.source.name, *schema,
                                    block.declared, diagnostics_);
    if (use.source.local_name) {
      decoded.config = apply_override(decoded.config, core.override_options, use.shown_name,
                                      *schema, block.declared, diagnostics_);
    }
    check_options(decoded, schema->options,
                  std::string(component_kind_name(kind)) + " \"" + block.type + "\"", environment_,
                  diagnostics_);
    places_.add(block.declared, decoded.places, errors_since(before));
    ComponentSpec spec;
    spec.type = block.type;
    spec.name = core.name;
    spec.config = decoded.config;
    spec.declared = block.declared;
    if (needs_build_values(references)) {
      spec.late = make_late_body(*block.body, references, use.component_scope,
                                 use.build.name, use.source.name);
    }
    return spec;
  }

  bool errors_since(size_t before) const {
    const auto first = diagnostics_.items().begin() + static_cast<std::ptrdiff_t>(before);
    return std::any_of(first, diagnostics_.items().end(),
                       [](const Diagnostic& item) { return item.severity == Severity::Error; });
  }

  const templates::Template& made_;
  const PlanOptions& options_;
  ComponentLookup& lookup_;
  JobFilter& filter_;
  PlannedJobs& planned_;
  ComponentPlaces places_;
  Diagnostics& diagnostics_;
  hcl2::Scope roots_;
  EnvironmentLookup environment_;
};

}  // namespace

void plan_hcl_jobs(const templates::Template& made, const PlanOptions& options,
                   ComponentLookup& lookup, JobFilter& filter, PlannedJobs& planned,
                   Diagnostics& diagnostics) {
  HclPlanner(made, options, lookup, filter, planned, diagnostics).plan();
}

}  // namespace farm::plan
