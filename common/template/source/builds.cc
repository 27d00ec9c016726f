#include "common/template/source/builds.h"

#include <algorithm>

#include "common/template/source/literals.h"

namespace farm::templates {
namespace {

const hcl2::BodySchema& build_schema() {
  static const hcl2::BodySchema schema{{{"name", false}, {"description", false}, {"sources", false}},
                                       {{"source", {"reference"}},
                                        {"from", {"type"}},
                                        {"provisioner", {"type"}},
                                        {"error-cleanup-provisioner", {"type"}},
                                        {"post-processor", {"type"}},
                                        {"post-processors", {}},
                                        {"hcp_packer_registry", {}}}};
  return schema;
}

struct SourceName {
  std::string type;
  std::string name;
};

/// `source.TYPE.NAME`, `sources.TYPE.NAME` or `TYPE.NAME`.
std::optional<SourceName> parse_reference(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t dot = std::min(text.find('.', start), text.size());
    parts.push_back(text.substr(start, dot - start));
    start = dot + 1;
  }
  if (parts.size() == 3 && (parts[0] == "source" || parts[0] == "sources")) {
    parts.erase(parts.begin());
  }
  if (parts.size() != 2 || !is_identifier(parts[0]) || !is_identifier(parts[1])) {
    return std::nullopt;
  }
  return SourceName{parts[0], parts[1]};
}

class BuildReader {
 public:
  BuildReader(Template& made, Diagnostics& diagnostics) : made_(made), diagnostics_(diagnostics) {}

  void read(const hcl2::Block& block) {
    build_.declared = block.header_range;
    const hcl2::EvalContext& context = made_.evaluation->context;
    const hcl2::BodyContent content =
        hcl2::expand_dynamic(block.body, context)->content(build_schema(), diagnostics_);
    if (const hcl2::Attribute* name = content.find("name")) build_.name = read_text(*name);
    if (const hcl2::Attribute* text = content.find("description")) {
      build_.description = read_text(*text);
    }
    if (const hcl2::Attribute* sources = content.find("sources")) read_sources(*sources);
    for (const hcl2::Block& inner : content.blocks) {
      if (inner.type == "source") read_source_block(inner);
    }
    for (const hcl2::Block& inner : content.blocks) read_block(inner);
    if (build_.uses.empty() && !refused_) {
      diagnostics_.error("missing source reference",
                         "A build block must reference at least one source to be built: "
                         "sources = [\"source.TYPE.NAME\"] or a source block.",
                         block.header_range);
    }
    made_.builds.push_back(std::move(build_));
  }

 private:
  /// A text that must be known here; what comes of data sources that nobody asked is not, and empty.
  std::string read_text(const hcl2::Attribute& attribute) {
    const hcl2::EvalContext& context = made_.evaluation->context;
    const size_t before = diagnostics_.size();
    const auto text = evaluate_string(attribute, context, diagnostics_);
    if (text || diagnostics_.size() > before) return text.value_or("");
    std::vector<hcl2::Traversal> references;
    attribute.expression->references(references);
    Diagnostics ignored;
    const bool null = attribute.expression->evaluate(context, ignored).is_null();
    const bool late = std::any_of(references.begin(), references.end(), [](const auto& reference) {
      return reference.root == "build" || reference.root == "source";
    });
    if (null || late) {
      diagnostics_.error("Unsuitable value type",
                         null ? "Unsuitable value: null value is not allowed."
                              : "Unsuitable value: build.* and source.* are not known here.",
                         attribute.expression->range());
    }
    return {};
  }

  void read_sources(const hcl2::Attribute& attribute) {
    const std::optional<value::Value> list = evaluate_as(
        attribute, value::Type::list(value::Type::string()), made_.evaluation->context,
        diagnostics_);
    if (!list) {
      refused_ = true;
      return;
    }
    const auto items = attribute.expression->as_tuple();
    const value::Value::List& references = list->elements();
    for (size_t i = 0; i < references.size(); ++i) {
      const bool placed = items && items->size() == references.size();
      const SourceRange& place = placed ? (*items)[i]->range() : attribute.expression->range();
      const value::Value& reference = references[i];
      if (reference.is_null() || !reference.is_known()) {
        invalid_reference("a value that is not known or null", place);
        continue;
      }
      add_use(reference.as_string(), place, nullptr, std::nullopt);
    }
  }

  void read_source_block(const hcl2::Block& block) {
    hcl2::BodyPtr rest;
    const hcl2::BodyContent content =
        block.body->partial_content({{{"name", false}}, {}}, rest, diagnostics_);
    std::optional<std::string> local_name;
    if (const hcl2::Attribute* name = content.find("name")) {
      local_name = evaluate_string(*name, made_.evaluation->context, diagnostics_);
    }
    add_use(block.labels[0], block.header_range, rest, std::move(local_name));
  }

  void invalid_reference(const std::string& text, const SourceRange& place) {
    refused_ = true;
    diagnostics_.error("Invalid source reference",
                       "A source reference must have the form \"source.TYPE.NAME\" or "
                       "\"TYPE.NAME\", not " + text + ".",
                       place);
  }

  void add_use(const std::string& text, const SourceRange& place, hcl2::BodyPtr over,
               std::optional<std::string> local_name) {
    const std::optional<SourceName> name = parse_reference(text);
    if (!name) {
      invalid_reference("\"" + text + "\"", place);
      return;
    }
    if (made_.find_source(name->type, name->name) == nullptr) {
      refused_ = true;
      std::vector<std::string> known;
      for (const Source& source : made_.sources) known.push_back(source.type + "." + source.name);
      const std::string wanted = name->type + "." + name->name;
      diagnostics_.error("Unknown source " + wanted,
                         known.empty() ? "No source is declared."
                                       : "No such source block is declared in this template.",
                         place, did_you_mean(wanted, known));
      return;
    }
    build_.uses.push_back(
        {name->type, name->name, std::move(local_name), std::move(over), place});
  }

  static ComponentBlock component(const hcl2::Block& block) {
    return {block.labels[0], block.body, block.header_range};
  }

  void read_block(const hcl2::Block& block) {
    if (block.type == "provisioner") build_.provisioners.push_back(component(block));
    if (block.type == "post-processor") build_.post_processors.push_back({component(block)});
    if (block.type == "post-processors") {
      const hcl2::BodyContent content =
          block.body->content({{}, {{"post-processor", {"type"}}}}, diagnostics_);
      std::vector<ComponentBlock> sequence;
      for (const hcl2::Block& inner : content.blocks) sequence.push_back(component(inner));
      if (!sequence.empty()) build_.post_processors.push_back(std::move(sequence));
    }
    if (block.type == "error-cleanup-provisioner") {
      if (build_.error_cleanup) {
        diagnostics_.error("Only one error-cleanup-provisioner is allowed",
                           "A build block may have one error-cleanup-provisioner; another one was "
                           "declared at line " +
                               std::to_string(build_.error_cleanup->declared.start.line) + ".",
                           block.header_range);
        return;
      }
      build_.error_cleanup = component(block);
    }
    if (block.type == "hcp_packer_registry") {
      diagnostics_.warning("HCP Packer registry block ignored",
                           "farm keeps its own record of images; hcp_packer_registry has no "
                           "effect here.",
                           block.header_range);
    }
  }

  Template& made_;
  Diagnostics& diagnostics_;
  BuildBlock build_;
  bool refused_ = false;
};

}  // namespace

void read_source(const hcl2::Block& block, Template& into, Diagnostics& diagnostics) {
  const std::string& type = block.labels[0];
  const std::string& name = block.labels[1];
  if (const Source* other = into.find_source(type, name)) {
    diagnostics.error("Duplicate source block",
                      "A source block \"" + type + "." + name + "\" was already declared at " +
                          other->declared.file + ":" +
                          std::to_string(other->declared.start.line) + ".",
                      block.header_range);
    diagnostics.items().back().context = other->declared;
    return;
  }
  into.sources.push_back({type, name, block.body, block.header_range});
}

void read_build(const hcl2::Block& block, Template& into, Diagnostics& diagnostics) {
  BuildReader(into, diagnostics).read(block);
}

}  // namespace farm::templates
