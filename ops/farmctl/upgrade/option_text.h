// OptionText: the options of a legacy component as an HCL2 body, by the component's option table:
// which are blocks, which values the weak decoding of legacy templates would have converted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/plan/schema.h"
#include "common/value/value.h"
#include "ops/farmctl/upgrade/engine_text.h"

namespace farm::farmctl {

class OptionText {
 public:
  /// `rendered` gives a string as the template's default values make it, or nothing when that is
  /// not known now: it tells whether a number or switch may be left empty.
  using Rendered = std::function<std::optional<std::string>(const std::string&)>;
  OptionText(EngineText& engine, Rendered rendered)
      : engine_(engine), rendered_(std::move(rendered)) {}

  /// Lines of a body, each with its newline. `options` empty: a component nothing is known of.
  std::string body(const value::Value& config, const std::vector<plan::Option>& options);
  /// The options as the members of one object: `override`.
  std::string object(const value::Value& config, const std::vector<plan::Option>& options);

 private:
  std::string attribute_value(const value::Value& v, const plan::Option& option);
  std::string text(const value::Value& v);
  std::string number(const value::Value& v);
  std::string boolean(const value::Value& v);
  std::string list(const value::Value& v, const plan::Option& option, plan::OptionType element);
  std::string map(const value::Value& v);
  std::string anything(const value::Value& v);
  std::string unknown_option(const std::string& name, const value::Value& v);

  EngineText& engine_;
  Rendered rendered_;
};

}  // namespace farm::farmctl
