// merge_bodies(): a source's body and the `source` block of a build read as one.
#include "common/template/hcl2/body.h"
#include "common/template/hcl2/body_check.h"

namespace farm::hcl2 {
namespace {

std::string place(const SourceRange& range) {
  return range.file + ":" + std::to_string(range.start.line) + "," +
         std::to_string(range.start.column);
}

// The schema without its demands: each part alone may lack what the other has.
BodySchema relaxed(BodySchema schema) {
  for (AttributeSchema& attribute : schema.attributes) attribute.required = false;
  return schema;
}

class MergedBody : public Body {
 public:
  MergedBody(BodyPtr base, BodyPtr over) : base_(std::move(base)), over_(std::move(over)) {}

  BodyContent content(const BodySchema& schema, Diagnostics& diagnostics) const override {
    const BodySchema parts = relaxed(schema);
    BodyContent merged = base_->content(parts, diagnostics);
    merge(over_->content(parts, diagnostics), merged, diagnostics);
    check_required(schema, merged, diagnostics);
    return merged;
  }

  BodyContent partial_content(const BodySchema& schema, BodyPtr& rest,
                              Diagnostics& diagnostics) const override {
    const BodySchema parts = relaxed(schema);
    BodyPtr base_rest;
    BodyPtr over_rest;
    BodyContent merged = base_->partial_content(parts, base_rest, diagnostics);
    merge(over_->partial_content(parts, over_rest, diagnostics), merged, diagnostics);
    check_required(schema, merged, diagnostics);
    rest = std::make_shared<MergedBody>(std::move(base_rest), std::move(over_rest));
    return merged;
  }

  std::vector<Attribute> just_attributes(Diagnostics& diagnostics) const override {
    BodyContent merged;
    merged.attributes = base_->just_attributes(diagnostics);
    BodyContent over;
    over.attributes = over_->just_attributes(diagnostics);
    merge(std::move(over), merged, diagnostics);
    return merged.attributes;
  }

  std::vector<std::string> item_names() const override {
    std::vector<std::string> names = base_->item_names();
    for (std::string& name : over_->item_names()) names.push_back(std::move(name));
    return names;
  }

  SourceRange missing_item_range() const override { return over_->missing_item_range(); }
  std::string source_text() const override {
    return base_->source_text() + "\n" + over_->source_text();
  }
  SourceRange range() const override { return base_->range(); }
  bool is_json() const override { return base_->is_json() && over_->is_json(); }

 private:
  static void merge(BodyContent from, BodyContent& into, Diagnostics& diagnostics) {
    for (Attribute& attribute : from.attributes) {
      if (const Attribute* earlier = into.find(attribute.name)) {
        diagnostics.error("Duplicate argument",
                          "Argument \"" + attribute.name + "\" was already set at " +
                              place(earlier->name_range) + ".",
                          attribute.name_range);
        diagnostics.items().back().context = earlier->name_range;
        continue;
      }
      into.attributes.push_back(std::move(attribute));
    }
    for (Block& block : from.blocks) into.blocks.push_back(std::move(block));
    into.missing_item_range = from.missing_item_range;
  }

  static void check_required(const BodySchema& schema, const BodyContent& merged,
                             Diagnostics& diagnostics) {
    for (const AttributeSchema& attribute : schema.attributes) {
      if (attribute.required && merged.find(attribute.name) == nullptr) {
        diagnostics.add(missing_argument(attribute.name, merged.missing_item_range));
      }
    }
  }

  BodyPtr base_;
  BodyPtr over_;
};

}  // namespace

BodyPtr merge_bodies(BodyPtr base, BodyPtr over) {
  return std::make_shared<MergedBody>(std::move(base), std::move(over));
}

}  // namespace farm::hcl2
