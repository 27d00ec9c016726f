#include "builders/steps/type_boot_command.h"

#include <fmt/format.h>

#include "builders/core/config.h"
#include "common/template/interpolate/engine.h"

namespace farm::builders::steps {

Result<std::string> render_late(BuildContext& context, const std::string& text,
                                const std::map<std::string, std::string>& data) {
  if (text.find("{{") == std::string::npos) return text;
  interpolate::Context engine{.inputs = context.render, .random = context.random, .data = {}};
  engine.generated = &context.generated;
  engine.missing_field_is_error = true;
  for (const auto& [name, field] : data) engine.data[name] = value::Value::string(field);
  return interpolate::render(text, engine);
}

Result<void> wait_for_boot(BuildContext& context, const BootOptions& options,
                           const CancelToken& cancel) {
  if (options.wait.count() <= 0) return {};
  context.ui.say(fmt::format("Waiting {} for boot...", format_go_duration(options.wait)));
  return cancel.sleep(options.wait) ? Result<void>() : cancelled("cancelled");
}

Result<void> type_boot_command(BuildContext& context, const BootOptions& options,
                               const std::map<std::string, std::string>& data,
                               KeyDriver& driver, const CancelToken& cancel) {
  for (const BootOptions::Piece& piece : options.pieces) {
    const Result<std::string> keys = render_late(context, piece.keys, data);
    if (!keys) return keys.error().within("Error preparing boot command");
    const Result<BootCommand> command = parse_boot_command(*keys);
    if (!command) return command.error().within("Error generating boot command");
    if (!piece.description.empty()) {
      context.ui.message("Typing boot command for: " + piece.description);
    }
    const Result<void> typed = type_events(*command, driver, cancel);
    if (!typed) return typed.error().within("Error running boot command");
  }
  return {};
}

}  // namespace farm::builders::steps
