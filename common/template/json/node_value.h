// NodeValue: what a JSON node means in expression position: its strings and keys are templates.
// Internal to this folder; bodies and variable files of HCL JSON evaluate with it.
#pragma once

#include <functional>
#include <string>

#include "common/template/hcl2/body.h"
#include "common/template/json/document.h"

namespace farm::json {

/// The key whose value is a comment wherever a body is read.
inline constexpr std::string_view kBodyComment = "//";

/// Whether there is more to a string than its text.
bool is_template(const std::string& text);
/// Where the text of the string at `span` begins.
SourcePosition inside_quotes(const Span& span);
/// Every string and key of `node` that is a template, with where its text begins.
void each_template(const Node& node,
                   const std::function<void(const std::string&, SourcePosition)>& visit);

/// Evaluates nodes of `file`; lives no longer than its arguments. Without a context there are no
/// templates: strings and keys stand for themselves.
class NodeEvaluator {
 public:
  NodeEvaluator(const std::string& file, const hcl2::EvalContext* context,
                Diagnostics& diagnostics)
      : file_(file), context_(context), diagnostics_(diagnostics) {}

  value::Value value_of(const Node& node) { return read(node); }
  /// The same and lets go of what it has read, so that a large file and its value are not in memory
  /// at once. `node` is good for nothing afterwards.
  value::Value take(Node& node) { return read(node); }

 private:
  template <class AnyNode>
  value::Value read(AnyNode& node);
  template <class AnyNode>
  value::Value read_array(AnyNode& node);
  template <class AnyNode>
  value::Value read_object(AnyNode& node);
  value::Value read_number(const Node& node);
  bool is_template_here(const std::string& text) const;
  value::Value text_value(const std::string& text, const Span& span);
  /// False: the key is not known, or is no key and reported.
  bool read_key(const std::string& text, const Span& span, std::string& into, bool& sensitive);
  SourceRange range(const Span& span) const { return {file_, span.start, span.end}; }

  const std::string& file_;
  const hcl2::EvalContext* context_;
  Diagnostics& diagnostics_;
};

}  // namespace farm::json
