#include "ops/farmctl/upgrade/template_upgrade.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "common/template/interpolate/engine.h"
#include "common/template/json/document.h"
#include "common/template/json/legacy_template.h"
#include "ops/farmctl/format/hcl_format.h"
#include "ops/farmctl/upgrade/option_text.h"
#include "ops/farmctl/upgrade/plugin_source.h"
#include "ops/farmctl/upgrade/variable_upgrade.h"

namespace farm::farmctl {
namespace {

using json::LegacyComponent;
using json::LegacyPostProcessor;
using json::LegacyProvisioner;
using plan::ComponentKind;

constexpr const char* kHeader =
    "# Written by `farmctl hcl2_upgrade` from a JSON template. The blocks may be moved to other\n"
    "# files of the same folder whose names end in .pkr.hcl; `farmctl inspect .` lists what is "
    "there.\n\n";
constexpr const char* kAboutPacker =
    "# Which version this template needs and which plugins its components come from.\n";
constexpr const char* kAboutVariables =
    "# Input variables. JSON templates know only text, so each is a string: set a narrower type\n"
    "# where one is meant. Values come from -var, -var-file, *.auto.pkrvars.hcl and PKR_VAR_*.\n";
constexpr const char* kAboutLocals =
    "# Values computed from variables and functions, which a variable's default may not use.\n";
constexpr const char* kAboutSources =
    "# A source is a builder with its options; build blocks refer to it by type and name.\n";
constexpr const char* kAboutBuild =
    "# What is done to the sources: provisioners in this order, then the post-processors.\n";

std::string comment_of(const std::string& text) {
  std::string lines = "# ";
  for (const char c : text) lines += c == '\n' ? std::string("\n# ") : std::string(1, c);
  return lines + "\n";
}

class Upgrader {
 public:
  Upgrader(const templates::Template& made, const plan::ComponentCatalog& catalog, Random& random,
           const UpgradeOptions& options)
      : made_(made), legacy_(*made.legacy), catalog_(catalog), random_(random), options_(options),
        variables_(legacy_) {}

  UpgradedTemplate run() {
    const std::string sources = write_sources();
    const std::string build = write_build();
    std::string text = options_.annotations ? kHeader : "";
    text += root_comments() + write_packer();
    const auto part = [&](const char* about, const std::string& blocks) {
      if (!blocks.empty()) text += (options_.annotations ? about : "") + blocks;
    };
    part(kAboutVariables, variables_.variables());
    part(kAboutLocals, variables_.locals(used_timestamp_));
    part(kAboutSources, sources);
    part(kAboutBuild, build);
    unhandled_.insert(unhandled_.begin(), variables_.unhandled().begin(),
                      variables_.unhandled().end());
    return {format_hcl(text), std::move(unhandled_)};
  }

 private:
  /// Root keys that begin with _ are the comments of a JSON template.
  std::string root_comments() const {
    std::string text;
    for (const json::Member& member : legacy_.document->root.members) {
      if (!member.key.starts_with("_") || !member.value.is_string()) continue;
      const size_t word = member.key.find_first_not_of('_');
      const std::string title = word == std::string::npos ? "" : member.key.substr(word);
      const bool named = !title.empty() && title != "comment";
      text += comment_of((named ? title + ": " : "") + member.value.text);
    }
    return text.empty() ? text : text + "\n";
  }

  std::string write_packer() const {
    std::string inside;
    if (!legacy_.min_packer_version.empty()) {
      inside += "required_version = " + hcl_quote(">= " + legacy_.min_packer_version) + "\n";
    }
    if (!plugins_.empty()) {
      inside += "required_plugins {\n";
      for (const auto& [name, source] : plugins_) {
        inside += fmt::format("{} = {{\nsource = \"{}\"\nversion = \"{}\"\n}}\n", name,
                              source.address, source.constraint);
      }
      inside += "}\n";
    }
    if (inside.empty()) return {};
    return (options_.annotations ? kAboutPacker : "") + ("packer {\n" + inside + "}\n\n");
  }

  EngineScope scope(ComponentKind kind) {
    EngineScope scope;
    scope.user = [this](const std::string& name) { return variables_.reference(name); };
    scope.timestamp = variables_.timestamp();
    scope.build_values = kind != ComponentKind::Builder;
    return scope;
  }

  std::optional<std::string> rendered(const std::string& text) const {
    const interpolate::Context context{made_.inputs, random_, {},    nullptr, {},
                                       {},           true,    false, {}};
    Result<std::string> result = interpolate::render(text, context);
    if (!result || result->find("{{") != std::string::npos) return std::nullopt;
    return std::move(result).value();
  }

  /// One component: `write` makes its lines; what it could not convert becomes comments above.
  template <class Write>
  std::string component(ComponentKind kind, const std::string& type, Write write) {
    const plan::ComponentSchema* schema = catalog_.find(kind, type);
    if (const std::optional<PluginSource> plugin = plugin_source(kind, type)) {
      plugins_.emplace(plugin->name, *plugin);
    }
    EngineText engine(scope(kind));
    OptionText options(engine, [this](const std::string& text) { return rendered(text); });
    static const std::vector<plan::Option> kNothing;
    const std::vector<plan::Option>& table = schema == nullptr ? kNothing : schema->options;
    std::string block = write(engine, options, table);
    used_timestamp_ |= engine.used_timestamp();
    std::string comments;
    if (schema == nullptr) {
      comments += comment_of("unhandled: nothing is known of the " +
                             std::string(plan::component_kind_name(kind)) + " \"" + type +
                             "\", check which of its options are blocks");
    }
    for (const std::string& note : engine.take_unhandled()) {
      unhandled_.push_back(note);
      comments += comment_of("unhandled: " + note);
    }
    return comments + block;
  }

  static value::Value without_core_options(const value::Value& config) {
    value::Value::Map kept;
    for (const auto& [name, v] : config.entries()) {
      if (!name.starts_with("packer_")) kept.emplace(name, v);
    }
    return value::Value::object(std::move(kept));
  }

  std::string write_sources() {
    std::vector<std::pair<std::string, const LegacyComponent*>> builders;
    for (const LegacyComponent& builder : legacy_.builders) {
      builders.emplace_back(rendered(builder.name).value_or(builder.name), &builder);
    }
    // Builds of a JSON template run in the order of their names.
    std::stable_sort(builders.begin(), builders.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    HclNames names;  // unique over all types: `override` knows only names
    std::string text;
    for (const auto& [shown, builder] : builders) {
      const bool nameless = !builder->has_name || builder->name == builder->type ||
                            builder->name.find("{{") != std::string::npos;
      const std::string name = names.claim(nameless ? std::string() : builder->name);
      references_.emplace(builder->name, builder->type + "." + name);
      source_names_.emplace(builder->name, name);
      order_.push_back("source." + builder->type + "." + name);
      text += component(ComponentKind::Builder, builder->type,
                        [&](EngineText&, OptionText& writer, const auto& table) {
                          return fmt::format("source \"{}\" \"{}\" {{\n{}}}\n\n", builder->type,
                                             name,
                                             writer.body(without_core_options(builder->config),
                                                         table));
                        });
    }
    return text;
  }

  std::string write_build() {
    std::string inside;
    if (!legacy_.description.empty()) {
      inside += "description = " + hcl_quote(legacy_.description) + "\n\n";
    }
    inside += "sources = [";
    for (size_t i = 0; i < order_.size(); ++i) {
      inside += (order_.size() > 1 ? std::string("\n") : std::string()) + hcl_quote(order_[i]) +
                (order_.size() > 1 ? "," : "");
    }
    inside += order_.size() > 1 ? "\n]\n" : "]\n";
    for (const LegacyProvisioner& block : legacy_.provisioners) {
      inside += "\n" + provisioner("provisioner", block);
    }
    if (legacy_.error_cleanup) {
      inside += "\n" + provisioner("error-cleanup-provisioner", *legacy_.error_cleanup);
    }
    for (const auto& sequence : legacy_.post_processors) {
      inside += "\n";
      if (sequence.size() > 1) inside += "post-processors {\n";
      for (const LegacyPostProcessor& block : sequence) inside += post_processor(block);
      if (sequence.size() > 1) inside += "}\n";
    }
    return "build {\n" + inside + "}\n";
  }

  std::string name_list(const char* key, const std::vector<std::string>& names) const {
    if (names.empty()) return {};
    std::string list;
    for (const std::string& name : names) {
      const auto found = references_.find(name);
      list += (list.empty() ? "" : ", ") +
              hcl_quote(found == references_.end() ? name : found->second);
    }
    return std::string(key) + " = [" + list + "]\n";
  }

  static std::string duration(const char* key, Duration duration) {
    if (duration.count() == 0) return {};
    constexpr int64_t kSecond = 1'000'000'000;
    const bool whole = duration.count() % kSecond == 0;
    return fmt::format("{} = \"{}{}\"\n", key,
                       whole ? duration.count() / kSecond : duration.count(), whole ? "s" : "ns");
  }

  std::string provisioner(const char* word, const LegacyProvisioner& block) {
    return component(
        ComponentKind::Provisioner, block.component.type,
        [&](EngineText& engine, OptionText& writer, const auto& table) {
          std::string lines =
              fmt::format("{} \"{}\" {{\n", word, block.component.type) +
              name_list("only", block.only) + name_list("except", block.except) +
              duration("pause_before", block.pause_before) + duration("timeout", block.timeout);
          if (!block.max_retries.empty()) {
            const bool digits =
                block.max_retries.find_first_not_of("0123456789") == std::string::npos;
            lines += "max_retries = " +
                     (digits ? std::to_string(std::stoul(block.max_retries))
                             : engine.quoted(block.max_retries)) +
                     "\n";
          }
          lines += writer.body(without_core_options(block.component.config), table);
          return lines + overrides(block, writer, table) + "}\n";
        });
  }

  std::string overrides(const LegacyProvisioner& block, OptionText& writer,
                        const std::vector<plan::Option>& table) const {
    std::string lines;
    for (const auto& [name, options] : block.overrides) {
      if (options.is_null()) continue;
      const auto found = source_names_.find(name);
      lines += hcl_key(found == source_names_.end() ? name : found->second) + " = " +
               writer.object(options, table) + "\n";
    }
    return lines.empty() ? lines : "override = {\n" + lines + "}\n";
  }

  std::string post_processor(const LegacyPostProcessor& block) {
    return component(
        ComponentKind::PostProcessor, block.component.type,
        [&](EngineText&, OptionText& writer, const auto& table) {
          std::string lines = fmt::format("post-processor \"{}\" {{\n", block.component.type);
          if (block.component.has_name) {
            lines += "name = " + hcl_quote(block.component.name) + "\n";
          }
          lines += name_list("only", block.only) + name_list("except", block.except);
          if (block.keep_input_artifact) {
            lines += fmt::format("keep_input_artifact = {}\n", *block.keep_input_artifact);
          }
          return lines + writer.body(without_core_options(block.component.config), table) + "}\n";
        });
  }

  const templates::Template& made_;
  const json::LegacyTemplate& legacy_;
  const plan::ComponentCatalog& catalog_;
  Random& random_;
  const UpgradeOptions& options_;
  VariableUpgrade variables_;
  bool used_timestamp_ = false;
  std::map<std::string, std::string> references_;    // builder's name -> "TYPE.NAME"
  std::map<std::string, std::string> source_names_;  // builder's name -> NAME
  std::vector<std::string> order_;
  std::map<std::string, PluginSource> plugins_;
  std::vector<std::string> unhandled_;
};

}  // namespace

UpgradedTemplate upgrade_template(const templates::Template& made,
                                  const plan::ComponentCatalog& catalog, Random& random,
                                  const UpgradeOptions& options) {
  return Upgrader(made, catalog, random, options).run();
}

}  // namespace farm::farmctl
