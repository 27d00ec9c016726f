#include "common/template/functions/yaml_reader.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"
#include "common/template/functions/yaml_scalar.h"

#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <yaml.h>

namespace farm::functions {
namespace {

std::string position(const yaml_mark_t& mark) {
  return fmt::format("on line {}, column {}: ", mark.line + 1, mark.column + 1);
}

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

// libyaml's parser over a text that outlives it, and the event it gave last.
class Events {
 public:
  explicit Events(const std::string& text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  Result<void> next() {
    yaml_event_delete(&event_);
    event_ = {};
    if (yaml_parser_parse(&parser_, &event_) != 0) return {};
    const std::string problem = parser_.problem == nullptr ? "invalid YAML" : parser_.problem;
    return invalid_input(position(parser_.problem_mark) + problem);
  }
  const yaml_event_t& event() const { return event_; }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

// A finished value and how many values it holds, counted through aliases.
struct Node {
  Value value;
  size_t weight = 1;
};

// A mapping or sequence that has not ended.
struct Open {
  bool mapping = false;
  std::string anchor;
  size_t weight = 1;
  Value::List elements;
  Value::Map attributes;
  // Of a mapping whose next node is a value:
  bool has_key = false;
  bool merges = false;  // the key is a plain <<
  std::string key;
  yaml_mark_t key_start{};
};

// Builds the value from the events of one document.
class Builder {
 public:
  bool done() const { return root_.has_value(); }
  Value take() { return std::move(*root_); }

  Result<void> add(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_SCALAR_EVENT: return scalar(event);
      case YAML_ALIAS_EVENT: return alias(event);
      case YAML_MAPPING_START_EVENT:
        return open(event, "mapping", "map", event.data.mapping_start.tag,
                    event.data.mapping_start.anchor);
      case YAML_SEQUENCE_START_EVENT:
        return open(event, "sequence", "seq", event.data.sequence_start.tag,
                    event.data.sequence_start.anchor);
      default: return close();
    }
  }

 private:
  struct Anchor {
    size_t open = 0;  // definitions that have not ended
    std::optional<Node> node;
  };

  static Error at(const yaml_mark_t& mark, const std::string& message) {
    return invalid_input(position(mark) + message);
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().mapping && !stack_.back().has_key;
  }

  static Result<Value> meaning(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    const YamlStyle style = scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                                    scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                ? YamlStyle::Quoted
                            : scalar.style == YAML_PLAIN_SCALAR_STYLE ? YamlStyle::Plain
                                                                      : YamlStyle::Block;
    const std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    Result<Value> v = yaml_scalar(text, text_of(scalar.tag), style);
    if (!v) return at(event.start_mark, v.error().message);
    return v;
  }

  Result<void> scalar(const yaml_event_t& event) {
    Value v = TRY(meaning(event));
    if (expects_key()) return key(event, v);
    return finish({std::move(v)}, text_of(event.data.scalar.anchor));
  }

  Result<void> key(const yaml_event_t& event, const Value& v) {
    const auto& scalar = event.data.scalar;
    if (v.is_null()) return at(event.start_mark, "mapping key cannot be null");
    Open& parent = stack_.back();
    parent.key = TRY(value::convert(v, Type::string())).as_string();
    parent.merges = parent.key == "<<" && scalar.tag == nullptr &&
                    scalar.style != YAML_SINGLE_QUOTED_SCALAR_STYLE &&
                    scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    parent.key_start = event.start_mark;
    parent.has_key = true;
    return {};
  }

  Result<void> alias(const yaml_event_t& event) {
    if (expects_key()) {
      return at(event.start_mark, "only strings are allowed as mapping keys");
    }
    const std::string name = text_of(event.data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return at(event.start_mark, fmt::format("reference to undefined anchor {}", quoted(name)));
    }
    if (found->second.open > 0) {
      return at(event.start_mark,
                fmt::format("cannot refer to anchor {} from inside its own definition",
                            quoted(name)));
    }
    Node node = *found->second.node;
    alias_weight_ += node.weight;
    if (alias_weight_ > kYamlAliasLimit) {
      return at(event.start_mark,
                fmt::format("aliases stand for more than {} values", kYamlAliasLimit));
    }
    return finish(std::move(node), "");
  }

  Result<void> open(const yaml_event_t& event, std::string_view what, std::string_view own,
                    const yaml_char_t* tag, const yaml_char_t* anchor) {
    if (expects_key()) return at(event.start_mark, "only strings are allowed as mapping keys");
    const std::string text = text_of(tag);
    if (!text.empty() && text != fmt::format("tag:yaml.org,2002:{}", own)) {
      return at(event.start_mark, fmt::format("can't interpret {} as {}", what, text));
    }
    if (stack_.size() >= kYamlDepthLimit) {
      return at(event.start_mark, fmt::format("nested deeper than {} levels", kYamlDepthLimit));
    }
    Open& opened = stack_.emplace_back();
    opened.mapping = event.type == YAML_MAPPING_START_EVENT;
    opened.anchor = text_of(anchor);
    if (!opened.anchor.empty()) ++anchors_[opened.anchor].open;
    return {};
  }

  Result<void> close() {
    Open ended = std::move(stack_.back());
    stack_.pop_back();
    if (!ended.anchor.empty()) --anchors_[ended.anchor].open;
    Value v = ended.mapping ? Value::object(std::move(ended.attributes))
                            : Value::tuple(std::move(ended.elements));
    return finish({std::move(v), ended.weight}, ended.anchor);
  }

  Result<void> finish(Node node, const std::string& anchor) {
    if (!anchor.empty()) anchors_[anchor].node = node;
    if (stack_.empty()) {
      root_ = std::move(node.value);
      return {};
    }
    Open& parent = stack_.back();
    parent.weight += node.weight;
    if (!parent.mapping) {
      parent.elements.push_back(std::move(node.value));
      return {};
    }
    parent.has_key = false;
    if (parent.merges) return merge(parent, node.value);
    parent.attributes.insert_or_assign(std::move(parent.key), std::move(node.value));
    return {};
  }

  // Entries count in the order of the text: what comes later wins, merged or not.
  static Result<void> merge(Open& parent, const Value& from) {
    if (from.is_null() || from.type().kind() != value::Kind::Object) {
      return at(parent.key_start,
                fmt::format("cannot merge {} into mapping", from.type().friendly()));
    }
    for (const auto& [name, element] : from.entries()) {
      parent.attributes.insert_or_assign(name, element);
    }
    return {};
  }

  std::vector<Open> stack_;
  std::map<std::string, Anchor> anchors_;
  size_t alias_weight_ = 0;
  std::optional<Value> root_;
};

}  // namespace

Result<Value> read_yaml(const std::string& text) {
  if (!is_utf8(text)) return invalid_input("the text is not valid UTF-8");
  Events events(text);
  TRY(events.next());  // the start of the stream
  TRY(events.next());
  if (events.event().type != YAML_DOCUMENT_START_EVENT) {
    return invalid_input("on line 1, column 1: missing start of document");
  }
  Builder builder;
  while (!builder.done()) {
    TRY(events.next());
    TRY(builder.add(events.event()));
  }
  TRY(events.next());  // the end of the document
  TRY(events.next());
  if (events.event().type != YAML_STREAM_END_EVENT) {
    return invalid_input(position(events.event().start_mark) +
                         "unexpected extra content after value");
  }
  return builder.take();
}

}  // namespace farm::functions
