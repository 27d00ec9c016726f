// The world that the engine's tests render in: fixed time, seeded randomness, a few variables.
#pragma once

#include <string>

#include "common/template/interpolate/engine.h"

namespace farm::interpolate {

struct EngineWorld {
  EngineWorld() {
    inputs.user_variables = {{"name", "web"}, {"empty", ""}, {"region", "eu-west-1"}};
    inputs.build_name = "base";
    inputs.build_type = "qemu";
    inputs.template_dir = "/templates";
    inputs.working_directory = "/work";
    inputs.core_version = "1.16.0";
    inputs.start = WallTime{1'704'164'645'000'000'000};  // 2024-01-02T03:04:05Z
  }

  Context context() {
    Context made{inputs, random, {}, nullptr, {}, {}, false, false, {}};
    return made;
  }

  /// The rendered text or, after "error: ", what was wrong.
  std::string render(const std::string& text) { return render(text, context()); }
  static std::string render(const std::string& text, const Context& context) {
    Result<std::string> result = interpolate::render(text, context);
    return result ? *result : "error: " + result.error().message;
  }

  Inputs inputs;
  SeededRandom random{7};
};

}  // namespace farm::interpolate
