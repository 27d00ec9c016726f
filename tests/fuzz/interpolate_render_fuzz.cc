// LIBS: farm_template_interpolate
// {{ }} templates of any shape: rendering must end within its bounds and never crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/template/interpolate/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  interpolate::Inputs inputs;
  inputs.user_variables = {{"a", "x"}, {"b", "{{user `a`}}"}};
  inputs.build_name = "n";
  SeededRandom random(1);
  interpolate::Context context{inputs, random, {}, nullptr, {}, {}, false, false, {}};
  context.data = {{"List", value::Value::tuple({value::Value::string("a")})},
                  {"Map", value::Value::object({{"k", value::Value::number(1)}})}};
  const Result<void> syntax = interpolate::check_syntax(text);
  const Result<std::string> rendered = interpolate::render(text, context);
  // What renders must have been good syntax.
  if (rendered.has_value() && !syntax.has_value()) __builtin_trap();
  context.keep_dot_fields = true;
  static_cast<void>(interpolate::render(text, context));
  return 0;
}
