#include "common/template/source/hcl_loader.h"

#include <algorithm>

#include "common/template/source/builds.h"
#include "common/template/source/literals.h"
#include "common/template/source/locals_graph.h"
#include "common/template/source/packer_block.h"
#include "common/template/source/variables.h"

namespace farm::templates {
namespace {

const hcl2::BodySchema& top_schema() {
  static const hcl2::BodySchema schema{{},
                                       {{"packer", {}},
                                        {"variable", {"name"}},
                                        {"variables", {}},
                                        {"locals", {}},
                                        {"local", {"name"}},
                                        {"data", {"type", "name"}},
                                        {"source", {"type", "name"}},
                                        {"build", {}},
                                        {"hcp_packer_registry", {}},
                                        {"communicator", {"type", "name"}},
                                        {"dynamic", {"block type"}}}};
  return schema;
}

class HclLoader {
 public:
  HclLoader(const TemplateFiles& files, const LoadOptions& options, const LoadWorld& world,
            Template& made, Diagnostics& diagnostics)
      : files_(files), options_(options), world_(world), made_(made), diagnostics_(diagnostics),
        bare_context_{nothing_, made.evaluation->functions, made.evaluation->budget},
        variables_(bare_context_, world.texts) {}

  void load() {
    parse();
    if (diagnostics_.has_errors()) return;
    check_core_version();
    if (diagnostics_.has_errors()) return;
    read_contents();
    read_declarations();
    gather_values();
    if (options_.syntax_only || diagnostics_.has_errors()) {
      made_.variables = variables_.variables();
      return;
    }
    evaluate();
    if (diagnostics_.has_errors() && !options_.allow_unset) return;
    read_builds();
  }

 private:
  struct File {
    hcl2::BodyPtr body;
    hcl2::BodyContent content;
    bool dynamic = false;
  };

  void parse() {
    const auto add = [&](const std::string& path, bool json) {
      const Result<const std::string*> text = world_.texts.read(world_.files, path);
      if (!text) {
        diagnostics_.error("Failed to read file", text.error().message);
        return;
      }
      hcl2::BodyPtr body = json ? hcl2::parse_json_body(**text, path, diagnostics_)
                                : hcl2::parse_native(**text, path, diagnostics_);
      if (body) parsed_.push_back({std::move(body), {}, false});
    };
    for (const std::string& path : files_.native_files) add(path, false);
    for (const std::string& path : files_.json_files) add(path, true);
  }

  void check_core_version() {
    for (const File& file : parsed_) {
      Diagnostics ignored;  // the rest of the file is not looked at before the version fits
      hcl2::BodyPtr rest;
      const hcl2::BodyContent content =
          file.body->partial_content({{}, {{"packer", {}}}}, rest, ignored);
      for (const hcl2::Block& block : content.blocks) {
        check_required_version(*block.body, options_.core_version, bare_context_, diagnostics_);
      }
    }
  }

  void read_contents() {
    for (File& file : parsed_) {
      file.content = file.body->content(top_schema(), diagnostics_);
      file.dynamic = std::any_of(file.content.blocks.begin(), file.content.blocks.end(),
                                 [](const hcl2::Block& block) { return block.type == "dynamic"; });
    }
  }

  template <class Take>
  void each_block(const char* type, Take take) {
    for (const File& file : parsed_) {
      for (const hcl2::Block& block : file.content.blocks) {
        if (block.type == type) take(block);
      }
    }
  }

  void read_declarations() {
    each_block("packer", [&](const hcl2::Block& block) {
      read_required_plugins(*block.body, bare_context_, made_.plugins, diagnostics_);
    });
    for (const File& file : parsed_) {
      for (const hcl2::Block& block : file.content.blocks) {
        if (block.type == "variable") variables_.declare(block, diagnostics_);
        if (block.type == "variables") variables_.declare_all(*block.body, diagnostics_);
      }
    }
    each_block("data", [&](const hcl2::Block& block) { read_data(block); });
    for (const File& file : parsed_) {
      for (const hcl2::Block& block : file.content.blocks) {
        if (block.type == "local") read_local(block);
        if (block.type == "locals") read_locals(block);
      }
    }
    size_t registries = 0;
    each_block("hcp_packer_registry", [&](const hcl2::Block& block) {
      if (++registries > 1) {
        diagnostics_.error("Only one hcp_packer_registry is allowed",
                           "Another hcp_packer_registry block was declared before.",
                           block.header_range);
        return;
      }
      diagnostics_.warning("HCP Packer registry block ignored",
                           "farm keeps its own record of images; hcp_packer_registry has no "
                           "effect here.",
                           block.header_range);
    });
  }

  void read_data(const hcl2::Block& block) {
    for (size_t i = 0; i < block.labels.size(); ++i) {
      if (is_identifier(block.labels[i])) continue;
      diagnostics_.error(i == 0 ? "Invalid data source type" : "Invalid data source name",
                         kIdentifierRule, block.label_ranges[i]);
      return;
    }
    DataSource data{block.labels[0], block.labels[1], block.body, value::Value::unknown(),
                    block.header_range};
    const auto [known, fresh] = data_places_.emplace(data.type + "." + data.name, data.declared);
    if (!fresh) {
      duplicate("Duplicate data block", "A data source \"" + data.type + "." + data.name + "\"",
                known->second, data.declared);
      return;
    }
    made_.data.push_back(std::move(data));
  }

  void duplicate(const char* summary, const std::string& what, const SourceRange& first,
                 const SourceRange& second) {
    diagnostics_.error(summary,
                       what + " was already declared at " + first.file + ":" +
                           std::to_string(first.start.line) + ".",
                       second);
    diagnostics_.items().back().context = first;
  }

  void add_local(Local local) {
    const auto [known, fresh] = local_places_.emplace(local.name, local.declared);
    if (!fresh) {
      duplicate("Duplicate local definition", "A local named \"" + local.name + "\"",
                known->second, local.declared);
      return;
    }
    local.value = value::Value::unknown();
    made_.locals.push_back(std::move(local));
  }

  void read_local(const hcl2::Block& block) {
    const hcl2::BodyContent content =
        block.body->content({{{"expression", true}, {"sensitive", false}}, {}}, diagnostics_);
    const hcl2::Attribute* expression = content.find("expression");
    if (!is_identifier(block.labels[0])) {
      diagnostics_.error("Invalid local name", kIdentifierRule, block.label_ranges[0]);
      return;
    }
    if (expression == nullptr) return;
    bool sensitive = false;
    if (const hcl2::Attribute* flag = content.find("sensitive")) {
      sensitive = evaluate_bool(*flag, bare_context_, diagnostics_).value_or(false);
    }
    add_local({block.labels[0], expression->expression, sensitive, {}, block.header_range});
  }

  void read_locals(const hcl2::Block& block) {
    for (const hcl2::Attribute& attribute : block.body->just_attributes(diagnostics_)) {
      add_local({attribute.name, attribute.expression, false, {}, attribute.range});
    }
  }

  void gather_values() {
    variables_.take_environment(world_.outside, diagnostics_);
    const VariableTable::Undeclared undeclared = options_.warn_undeclared
                                                     ? VariableTable::Undeclared::Warn
                                                     : VariableTable::Undeclared::Ignore;
    for (const std::string& path : files_.auto_var_files) {
      variables_.take_file(world_, path, undeclared, diagnostics_);
    }
    for (const std::string& path : options_.var_files) {
      variables_.take_file(world_, path, undeclared, diagnostics_);
    }
    for (const auto& [name, text] : options_.variables) {
      variables_.take_argument(name, text, diagnostics_);
    }
  }

  void evaluate() {
    variables_.check(options_.allow_unset, diagnostics_);
    made_.variables = variables_.variables();
    if (diagnostics_.has_errors() && !options_.allow_unset) return;
    hcl2::Scope& globals = made_.evaluation->globals;
    std::string working_directory = world_.outside.working_directory();
    std::replace(working_directory.begin(), working_directory.end(), '\\', '/');
    globals.set("var", variables_.object());
    globals.set("path", value::Value::object({{"cwd", value::Value::string(working_directory)},
                                              {"root", value::Value::string(made_.root)}}));
    globals.set("packer",
                value::Value::object(
                    {{"version", value::Value::string(options_.core_version)},
                     {"iterationID", value::Value::unknown(value::Type::string())},
                     {"versionFingerprint", value::Value::unknown(value::Type::string())}}));
    // Known only per build: here they are unknown, so that a reference is no mistake.
    globals.set("source", value::Value::unknown());
    globals.set("build", value::Value::unknown());
    evaluate_locals(made_, world_.data_sources, diagnostics_);
    for (const Variable& variable : made_.variables) {
      if (variable.sensitive) value::collect_sensitive_strings(variable.value, made_.sensitive);
    }
    for (const Local& local : made_.locals) {
      if (local.sensitive) value::collect_sensitive_strings(local.value, made_.sensitive);
    }
    std::erase(made_.sensitive, std::string());  // an empty text cannot be hidden
  }

  void read_builds() {
    std::vector<hcl2::Block> builds;
    const auto take = [&](const hcl2::Block& block) {
      if (block.type == "source") read_source(block, made_, diagnostics_);
      if (block.type == "build") builds.push_back(block);
    };
    for (const File& file : parsed_) {
      if (!file.dynamic) {
        for (const hcl2::Block& block : file.content.blocks) take(block);
        continue;
      }
      const hcl2::BodyPtr expanded = hcl2::expand_dynamic(file.body, made_.evaluation->context);
      const hcl2::BodyContent content = expanded->content(top_schema(), diagnostics_);
      for (const hcl2::Block& block : content.blocks) take(block);
    }
    for (const hcl2::Block& block : builds) read_build(block, made_, diagnostics_);
    if (builds.empty() && !options_.allow_unset) {
      diagnostics_.error("Missing build block",
                         "A build block with one or more sources is needed to build anything.");
    }
  }

  const TemplateFiles& files_;
  const LoadOptions& options_;
  const LoadWorld& world_;
  Template& made_;
  Diagnostics& diagnostics_;
  const hcl2::Scope nothing_;
  const hcl2::EvalContext bare_context_;  // no variables
  VariableTable variables_;
  std::vector<File> parsed_;
  std::map<std::string, SourceRange> local_places_;
  std::map<std::string, SourceRange> data_places_;
};

}  // namespace

void load_hcl(const TemplateFiles& files, const LoadOptions& options, const LoadWorld& world,
              Template& made, Diagnostics& diagnostics) {
  HclLoader(files, options, world, made, diagnostics).load();
}

}  // namespace farm::templates
