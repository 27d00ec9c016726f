// expand_dynamic(): `dynamic` blocks become the blocks that they describe while a body is read.
// Inside their content the iterator is a variable, so expressions found there are wrapped.
#include "common/template/hcl2/dynamic_body.h"

#include <set>

#include "common/template/hcl2/body_check.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Value;

/// Iterators in force, by name; `unknown`: the content is of a for_each that is not known yet.
struct Bindings {
  Value::Map iterators;
  bool unknown = false;
};
// Shared by the bodies and expressions of one iteration.
using BindingsPtr = std::shared_ptr<const Bindings>;

/// An expression of an iteration's content.
class BoundExpression : public Expression {
 public:
  BoundExpression(ExpressionPtr inner, BindingsPtr bindings)
      : BoundExpression(inner.get(), inner, std::move(bindings)) {}
  // `owner` keeps `inner` alive, which may be a part of it.
  BoundExpression(const Expression* inner, ExpressionPtr owner, BindingsPtr bindings)
      : inner_(inner), owner_(std::move(owner)), bindings_(std::move(bindings)) {
    if (const auto items = inner_->as_tuple()) {
      for (const Expression* item : *items) tuple_.push_back(part(item));
    } else if (const auto pairs = inner_->as_object()) {
      for (const auto& [key, v] : *pairs) object_.emplace_back(part(key), part(v));
    }
  }

  Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override {
    if (bindings_->unknown) return Value::unknown();
    Scope scope(&context.scope);
    for (const auto& [name, iterator] : bindings_->iterators) scope.set(name, iterator);
    return inner_->evaluate({scope, context.functions, context.budget}, diagnostics);
  }

  void references(std::vector<Traversal>& into) const override {
    std::vector<Traversal> all;
    inner_->references(all);
    for (Traversal& reference : all) {
      if (bindings_->iterators.count(reference.root) == 0) into.push_back(std::move(reference));
    }
  }

  const SourceRange& range() const override { return inner_->range(); }

  std::optional<Traversal> as_traversal() const override {
    auto traversal = inner_->as_traversal();
    if (traversal && bindings_->iterators.count(traversal->root) != 0) return std::nullopt;
    return traversal;
  }

  std::optional<std::vector<const Expression*>> as_tuple() const override {
    if (!inner_->as_tuple()) return std::nullopt;
    std::vector<const Expression*> items;
    for (const auto& item : tuple_) items.push_back(item.get());
    return items;
  }

  std::optional<std::vector<std::pair<const Expression*, const Expression*>>> as_object()
      const override {
    if (!inner_->as_object()) return std::nullopt;
    std::vector<std::pair<const Expression*, const Expression*>> items;
    for (const auto& [key, v] : object_) items.emplace_back(key.get(), v.get());
    return items;
  }

  std::optional<std::string> as_keyword() const override { return inner_->as_keyword(); }
  std::optional<Call> as_call() const override { return inner_->as_call(); }

 private:
  std::unique_ptr<BoundExpression> part(const Expression* inner) const {
    return std::make_unique<BoundExpression>(inner, owner_, bindings_);
  }

  const Expression* inner_;
  ExpressionPtr owner_;
  BindingsPtr bindings_;
  std::vector<std::unique_ptr<BoundExpression>> tuple_;
  std::vector<std::pair<std::unique_ptr<BoundExpression>, std::unique_ptr<BoundExpression>>>
      object_;
};

/// What a `dynamic` block says.
struct DynamicBlock {
  std::string type;
  std::string iterator;
  const Attribute* for_each = nullptr;
  const Attribute* labels = nullptr;
  const Block* content = nullptr;
};

const BodySchema& dynamic_schema() {
  static const BodySchema schema{{{"for_each", true}, {"iterator"}, {"labels"}}, {{"content", {}}}};
  return schema;
}

class DynamicBody : public Body {
 public:
  DynamicBody(BodyPtr original, const EvalContext& context, BindingsPtr bindings,
              std::set<std::string> hidden = {})
      : original_(std::move(original)), context_(context), bindings_(std::move(bindings)),
        hidden_(std::move(hidden)) {}

  BodyContent content(const BodySchema& schema, Diagnostics& diagnostics) const override {
    return expanded(original_->content(with_dynamic(schema), diagnostics), schema,
                    /*report_others=*/true, diagnostics);
  }

  BodyContent partial_content(const BodySchema& schema, BodyPtr& rest,
                              Diagnostics& diagnostics) const override {
    BodyPtr without_dynamic;
    BodyContent content =
        original_->partial_content(with_dynamic(schema), without_dynamic, diagnostics);
    // The rest keeps its dynamic blocks, those of the types handed out now excepted.
    Diagnostics reported_above;
    BodyPtr original_rest;
    original_->partial_content(schema, original_rest, reported_above);
    std::set<std::string> hidden = hidden_;
    for (const BlockSchema& block : schema.blocks) hidden.insert(block.type);
    rest = std::make_shared<DynamicBody>(std::move(original_rest), context_, bindings_,
                                         std::move(hidden));
    return expanded(std::move(content), schema, /*report_others=*/false, diagnostics);
  }

  std::vector<Attribute> just_attributes(Diagnostics& diagnostics) const override {
    BodyPtr rest;
    for (const Block& block : dynamic_blocks(rest, diagnostics)) {
      diagnostics.error("Unexpected \"" + block.labels[0] + "\" block",
                        "Blocks are not allowed here.", block.type_range);
    }
    std::vector<Attribute> attributes = rest->just_attributes(diagnostics);
    for (Attribute& attribute : attributes) bind(attribute);
    return attributes;
  }

  std::vector<std::string> item_names() const override {
    BodyPtr rest;
    Diagnostics reported_when_read;
    const std::vector<Block> made = dynamic_blocks(rest, reported_when_read);
    std::vector<std::string> names = rest->item_names();
    for (const Block& block : made) names.push_back(block.labels[0]);
    return names;
  }

  SourceRange missing_item_range() const override { return original_->missing_item_range(); }
  SourceRange range() const override { return original_->range(); }
  bool is_json() const override { return original_->is_json(); }
  // As it is written: `dynamic` blocks and iterators are there still.
  std::string source_text() const override { return original_->source_text(); }
  const Value::Map& iterators() const { return bindings_->iterators; }

 private:
  static BodySchema with_dynamic(BodySchema schema) {
    schema.blocks.push_back({"dynamic", {"type"}});
    return schema;
  }

  // The dynamic blocks that were not handed out yet; `rest` is the body without any.
  std::vector<Block> dynamic_blocks(BodyPtr& rest, Diagnostics& diagnostics) const {
    BodyContent content = original_->partial_content(with_dynamic({}), rest, diagnostics);
    std::erase_if(content.blocks, [this](const Block& block) {
      return hidden_.count(block.labels[0]) != 0;
    });
    return std::move(content.blocks);
  }

  void bind(Attribute& attribute) const {
    if (bindings_->iterators.empty()) return;
    attribute.expression =
        std::make_shared<BoundExpression>(std::move(attribute.expression), bindings_);
  }

  BodyContent expanded(BodyContent content, const BodySchema& schema, bool report_others,
                       Diagnostics& diagnostics) const;
  void expand(const Block& block, const BlockSchema& schema, std::vector<Block>& into,
              Diagnostics& diagnostics) const;
  bool read_dynamic(const BodyContent& content, const Block& block, DynamicBlock& into,
                    Diagnostics& diagnostics) const;
  bool iterate(const DynamicBlock& dynamic, const Block& block, const BlockSchema& schema,
               const Value& collection, std::vector<Block>& into, Diagnostics& diagnostics) const;
  bool add_block(const DynamicBlock& dynamic, const Block& block, const BlockSchema& schema,
                 const Value& key, const Value& v, bool unknown, std::vector<Block>& into,
                 Diagnostics& diagnostics) const;
  bool evaluate_labels(const DynamicBlock& dynamic, const Bindings& bindings, Block& made,
                       Diagnostics& diagnostics) const;
  Value evaluate(const Expression& expression, const Bindings& bindings,
                 Diagnostics& diagnostics) const;

  BodyPtr original_;
  EvalContext context_;  // refers to what the caller of expand_dynamic() keeps alive
  BindingsPtr bindings_;
  std::set<std::string> hidden_;  // types whose dynamic blocks were handed out
};

BodyContent DynamicBody::expanded(BodyContent content, const BodySchema& schema,
                                  bool report_others, Diagnostics& diagnostics) const {
  for (Attribute& attribute : content.attributes) bind(attribute);
  std::vector<Block> blocks;
  for (Block& block : content.blocks) {
    if (block.type != "dynamic") {
      block.body = std::make_shared<DynamicBody>(std::move(block.body), context_, bindings_);
      blocks.push_back(std::move(block));
      continue;
    }
    const std::string& type = block.labels[0];
    if (const BlockSchema* wanted = find_block(schema, type)) {
      if (hidden_.count(type) == 0) expand(block, *wanted, blocks, diagnostics);
    } else if (report_others && hidden_.count(type) == 0) {
      diagnostics.add(unsupported_block(type, block.label_ranges[0], schema));
    }
  }
  content.blocks = std::move(blocks);
  return content;
}

Value DynamicBody::evaluate(const Expression& expression, const Bindings& bindings,
                            Diagnostics& diagnostics) const {
  Scope scope(&context_.scope);
  for (const auto& [name, iterator] : bindings.iterators) scope.set(name, iterator);
  return expression.evaluate({scope, context_.functions, context_.budget}, diagnostics);
}

bool DynamicBody::read_dynamic(const BodyContent& content, const Block& block,
                               DynamicBlock& into, Diagnostics& diagnostics) const {
  into.type = block.labels[0];
  into.iterator = into.type;
  into.for_each = content.find("for_each");
  into.labels = content.find("labels");
  if (into.for_each == nullptr) return false;  // reported by the schema
  if (content.blocks.size() != 1) {
    diagnostics.error(content.blocks.empty() ? "Missing dynamic content block"
                                             : "Extraneous dynamic content block",
                      "A dynamic block has exactly one content block, the body of the blocks "
                      "that it makes.",
                      content.blocks.empty() ? block.header_range
                                             : content.blocks[1].type_range);
    return false;
  }
  into.content = &content.blocks[0];
  if (const Attribute* iterator = content.find("iterator")) {
    const auto name = iterator->expression->as_keyword();
    if (!name) {
      diagnostics.error("Invalid dynamic iterator name",
                        "The iterator is one variable name, not in quotes.",
                        iterator->expression->range());
      return false;
    }
    into.iterator = *name;
  }
  return true;
}

void DynamicBody::expand(const Block& block, const BlockSchema& schema, std::vector<Block>& into,
                         Diagnostics& diagnostics) const {
  const BodyContent content = block.body->content(dynamic_schema(), diagnostics);
  DynamicBlock dynamic;
  if (!read_dynamic(content, block, dynamic, diagnostics)) return;
  const SourceRange& where = dynamic.for_each->expression->range();
  if (bindings_->unknown) {
    add_block(dynamic, block, schema, Value::unknown(), Value::unknown(), true, into,
              diagnostics);
    return;
  }
  Diagnostics found;
  const Value collection = evaluate(*dynamic.for_each->expression, *bindings_, found);
  const bool failed = found.has_errors();
  diagnostics.append(std::move(found));
  if (failed) return;
  if (collection.is_null()) {
    diagnostics.error("Invalid dynamic for_each value", "Cannot use a null value in for_each.",
                      where);
  } else if (collection.type().is_primitive()) {
    diagnostics.error("Invalid dynamic for_each value",
                      "Cannot use a " + collection.type().friendly() +
                          " value in for_each. An iterable collection is required.",
                      where);
  } else if (!collection.is_known()) {
    add_block(dynamic, block, schema, Value::unknown(), Value::unknown(), true, into,
              diagnostics);
  } else {
    iterate(dynamic, block, schema, collection, into, diagnostics);
  }
}

bool DynamicBody::iterate(const DynamicBlock& dynamic, const Block& block,
                          const BlockSchema& schema, const Value& collection,
                          std::vector<Block>& into, Diagnostics& diagnostics) const {
  for (const auto& [key, element] : collection.iterate()) {
    if (context_.budget.steps < 100) {
      diagnostics.error("Template too expensive", "The dynamic blocks make too many blocks.",
                        block.header_range);
      return false;
    }
    context_.budget.steps -= 100;  // a block costs more than an expression
    const bool sensitive = collection.is_sensitive() || element.is_sensitive();
    const Value v = sensitive ? element.with_sensitive() : element;
    const Value k = collection.is_sensitive() ? key.with_sensitive() : key;
    if (!add_block(dynamic, block, schema, k, v, false, into, diagnostics)) return false;
  }
  return true;
}

bool DynamicBody::add_block(const DynamicBlock& dynamic, const Block& block,
                            const BlockSchema& schema, const Value& key, const Value& v,
                            bool unknown, std::vector<Block>& into,
                            Diagnostics& diagnostics) const {
  auto bindings = std::make_shared<Bindings>(*bindings_);
  bindings->unknown = unknown;
  bindings->iterators[dynamic.iterator] = Value::object({{"key", key}, {"value", v}});
  Block made;
  made.type = dynamic.type;
  made.type_range = block.label_ranges[0];
  made.header_range = block.header_range;
  if (!evaluate_labels(dynamic, *bindings, made, diagnostics)) return false;
  if (!labels_fit(schema, made, diagnostics)) return false;
  made.body = std::make_shared<DynamicBody>(dynamic.content->body, context_, std::move(bindings));
  into.push_back(std::move(made));
  return true;
}

bool DynamicBody::evaluate_labels(const DynamicBlock& dynamic, const Bindings& bindings,
                                  Block& made, Diagnostics& diagnostics) const {
  if (dynamic.labels == nullptr) return true;
  const Expression& expression = *dynamic.labels->expression;
  Diagnostics found;
  const Value labels = evaluate(expression, bindings, found);
  const bool failed = found.has_errors();
  diagnostics.append(std::move(found));
  if (failed) return false;
  const auto texts = value::convert(labels, value::Type::list(value::Type::string()));
  if (!texts || texts->is_null() || !texts->is_wholly_known()) {
    diagnostics.error("Invalid dynamic block label",
                      !texts ? "The labels must be a list of strings: " + texts.error().message +
                                   "."
                             : "The labels must be known here and must not be null.",
                      expression.range());
    return false;
  }
  for (const Value& label : texts->elements()) {
    if (label.is_null()) {
      diagnostics.error("Invalid dynamic block label", "A label must not be null.",
                        expression.range());
      return false;
    }
    made.labels.push_back(label.as_string());
    made.label_ranges.push_back(expression.range());
  }
  return true;
}

}  // namespace

BodyPtr expand_dynamic(BodyPtr body, const EvalContext& context) {
  return std::make_shared<DynamicBody>(std::move(body), context,
                                       std::make_shared<const Bindings>());
}

Value::Map iterators_of(const Body& body) {
  const auto* dynamic = dynamic_cast<const DynamicBody*>(&body);
  return dynamic == nullptr ? Value::Map{} : dynamic->iterators();
}

}  // namespace farm::hcl2
