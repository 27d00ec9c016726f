#include "common/template/source/loader.h"

#include "common/template/source/discovery.h"
#include "common/template/source/hcl_loader.h"
#include "common/template/source/legacy_loader.h"

namespace farm::templates {

const Source* Template::find_source(const std::string& type, const std::string& name) const {
  while (source_index_.size() < sources.size()) {
    const size_t next = source_index_.size();
    source_index_.emplace(std::make_pair(sources[next].type, sources[next].name), next);
  }
  const auto found = source_index_.find({type, name});
  return found == source_index_.end() ? nullptr : &sources[found->second];
}

Diagnosed<Template> load_template(const LoadOptions& options, const LoadWorld& world) {
  Diagnosed<Template> result;
  const std::optional<TemplateFiles> files =
      discover(world.files, options.path, options.config_type, result.diagnostics);
  if (!files) return result;
  Template made;
  made.syntax = files->syntax;
  made.path = options.path;
  made.root = files->root;
  made.evaluation = std::unique_ptr<Evaluation>(new Evaluation{
      {},
      functions::CallContext{world.outside, world.random, world.start, world.start, files->root,
                             false, nullptr},
      {}});
  made.inputs.working_directory = world.outside.working_directory();
  made.inputs.core_version = options.core_version;
  made.inputs.start = world.start;
  made.inputs.hcl2 = files->syntax == Syntax::Hcl2;
  if (files->syntax == Syntax::Hcl2) {
    load_hcl(*files, options, world, made, result.diagnostics);
  } else {
    load_legacy(*files, options, world, made, result.diagnostics);
  }
  result.value = std::move(made);
  return result;
}

}  // namespace farm::templates
