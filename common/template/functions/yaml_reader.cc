#include "common/template/functions/yaml_reader.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"
#include "common/template/functions/yaml_scalar.h"

#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace farm::functions {
namespace {

std::string position(const YAML::Mark& mark) {
  return fmt::format("on line {}, column {}: ", mark.line + 1, mark.column + 1);
}

// A finished value and how many values it holds, counted through aliases.
struct Node {
  Value value;
  size_t weight = 1;
  bool merges = false;  // the plain word << : as a key it merges a mapping
};

struct Open {
  bool mapping = false;
  YAML::anchor_t anchor = 0;
  size_t weight = 1;
  Value::List elements;
  Value::Map attributes;  // explicit keys
  Value::Map merged;      // of <<; explicit keys win
  std::optional<Node> key;
};

// Builds the value while the parser reports events. After the first error all events are ignored.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(mark, {Value::null()}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (error_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      return fail_at(mark, "cannot refer to an anchor from inside its own definition");
    }
    alias_weight_ += found->second.weight;
    if (alias_weight_ > kYamlAliasLimit) {
      return fail_at(mark, fmt::format("aliases stand for more than {} values", kYamlAliasLimit));
    }
    Node node = found->second;
    finish(mark, std::move(node), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (error_) return;
    Result<Value> meaning = yaml_scalar(text, tag);
    if (!meaning) return fail_at(mark, meaning.error().message);
    finish(mark, {std::move(meaning).value(), 1, text == "<<" && (tag.empty() || tag == "?")},
           anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, true);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  Result<Value> take() {
    if (error_) return std::move(*error_);
    if (!root_) return invalid_input("on line 1, column 1: missing start of document");
    return std::move(*root_);
  }

 private:
  void fail_at(const YAML::Mark& mark, const std::string& message) {
    if (!error_) error_ = invalid_input(position(mark) + message);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool mapping) {
    if (error_) return;
    const std::string_view own = mapping ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq";
    if (!tag.empty() && tag != "?" && tag != "!" && tag != own) {
      return fail_at(
          mark, fmt::format("can't interpret {} as {}", mapping ? "mapping" : "sequence", tag));
    }
    if (stack_.size() >= kYamlDepthLimit) {
      return fail_at(mark, fmt::format("nested deeper than {} levels", kYamlDepthLimit));
    }
    stack_.emplace_back();
    stack_.back().mapping = mapping;
    stack_.back().anchor = anchor;
    marks_.push_back(mark);
  }

  void close() {
    if (error_) return;
    Open done = std::move(stack_.back());
    const YAML::Mark mark = marks_.back();
    stack_.pop_back();
    marks_.pop_back();
    done.attributes.merge(done.merged);
    Value v = done.mapping ? Value::object(std::move(done.attributes))
                           : Value::tuple(std::move(done.elements));
    finish(mark, {std::move(v), done.weight}, done.anchor);
  }

  void finish(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
    if (error_) return;
    if (anchor != 0) anchors_.insert_or_assign(anchor, node);
    if (stack_.empty()) {
      root_ = std::move(node.value);
      return;
    }
    Open& parent = stack_.back();
    parent.weight += node.weight;
    if (!parent.mapping) {
      parent.elements.push_back(std::move(node.value));
    } else if (!parent.key) {
      check_key(mark, node);
      parent.key = std::move(node);
    } else {
      add_entry(mark, parent, node.value);
      parent.key.reset();
    }
  }

  void check_key(const YAML::Mark& mark, const Node& key) {
    if (key.value.is_null()) {
      fail_at(mark, "mapping key cannot be null");
    } else if (!key.value.type().is_primitive()) {
      fail_at(mark, "only strings are allowed as mapping keys");
    }
  }

  void add_entry(const YAML::Mark& mark, Open& parent, const Value& element) {
    if (parent.key->merges) return merge(mark, parent, element);
    Result<Value> key = value::convert(parent.key->value, Type::string());
    if (!key) return fail_at(mark, key.error().message);
    parent.attributes.insert_or_assign(key->as_string(), element);
  }

  // One mapping or a sequence of them; the first that has a key gives its value.
  void merge(const YAML::Mark& mark, Open& parent, const Value& from) {
    const bool several = !from.is_null() && from.type().kind() == value::Kind::Tuple;
    for (const Value& one : several ? from.elements() : Value::List{from}) {
      if (one.is_null() || one.type().kind() != value::Kind::Object) {
        return fail_at(mark, fmt::format("cannot merge {} into mapping", one.type().friendly()));
      }
      for (const auto& [name, element] : one.entries()) parent.merged.emplace(name, element);
    }
  }

  std::vector<Open> stack_;
  std::vector<YAML::Mark> marks_;  // where each of stack_ starts
  std::map<YAML::anchor_t, Node> anchors_;
  size_t alias_weight_ = 0;
  std::optional<Value> root_;
  std::optional<Error> error_;
};

// Sees whether a second document follows.
class Nothing final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

Result<Value> read_yaml(const std::string& text) {
  if (!is_utf8(text)) return invalid_input("the text is not valid UTF-8");
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Builder builder;
    parser.HandleNextDocument(builder);
    Value v = TRY(builder.take());
    Nothing nothing;
    if (parser.HandleNextDocument(nothing)) {
      return invalid_input("unexpected extra content after value");
    }
    return v;
  } catch (const YAML::Exception& problem) {
    const std::string where = problem.mark.is_null() ? "" : position(problem.mark);
    return invalid_input(where + problem.msg);
  }
}

}  // namespace farm::functions
