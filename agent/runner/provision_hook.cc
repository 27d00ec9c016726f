#include "agent/runner/provision_hook.h"

#include <fmt/format.h>

#include "agent/runner/deadline_token.h"
#include "agent/runner/duration_text.h"
#include "builders/core/scoped_context.h"

namespace farm::agent {
namespace {

// Go's %q, which users know from these lines.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

}  // namespace

Result<void> ProvisionHook::run(builders::BuildContext& context) const {
  for (const plan::ProvisionerSpec& spec : job_.provisioners) {
    TRY(context.cancel.check());
    TRY(run_one(context, spec));
  }
  return {};
}

Result<void> ProvisionHook::run_error_cleanup(builders::BuildContext& context,
                                              const Error&) const {
  if (!job_.error_cleanup) return {};
  return run_one(context, *job_.error_cleanup);
}

Result<void> ProvisionHook::run_one(builders::BuildContext& context,
                                    const plan::ProvisionerSpec& spec) const {
  observer_("provisioner " + spec.component.type);
  Result<void> done = with_retries(context, spec);
  if (done || !spec.continue_on_error || context.cancel.cancelled()) return done;
  context.ui.say(fmt::format(
      "Warning: Provisioner failed with {}, but continue_on_error is set; continuing the build.",
      quoted(done.error().message)));
  return {};
}

Result<void> ProvisionHook::with_retries(builders::BuildContext& context,
                                         const plan::ProvisionerSpec& spec) const {
  Result<void> first = attempt(context, spec);
  if (first || spec.max_retries <= 0) return first;
  std::string message = first.error().message;
  for (int left = spec.max_retries; left > 0; --left) {
    TRY(context.cancel.check());
    context.ui.say(fmt::format("Provisioner failed with {}, retrying with {} trie(s) left",
                               quoted(message), left));
    const Result<void> again = attempt(context, spec);
    if (again) return {};
    message = again.error().message;
  }
  context.ui.say("retry limit reached.");
  return first;
}

Result<void> ProvisionHook::attempt(builders::BuildContext& context,
                                    const plan::ProvisionerSpec& spec) const {
  if (spec.pause_before > Duration::zero()) {
    context.ui.say(fmt::format("Pausing {} before the next provisioner...",
                               duration_text(spec.pause_before)));
    if (!context.cancel.sleep(spec.pause_before)) return context.cancel.check();
  }
  const GeneratedValues generated = generated_values(context);
  const std::unique_ptr<builders::Provisioner> provisioner =
      TRY(set_up_provisioner(setup_, spec.component, &generated));
  if (spec.timeout <= Duration::zero()) return provisioner->provision(context);

  context.ui.say(fmt::format("Setting a {} timeout for the next provisioner...",
                             duration_text(spec.timeout)));
  const DeadlineToken deadline(context.cancel, spec.timeout);
  builders::ScopedContext scoped(context, deadline.token());
  Result<void> done = provisioner->provision(scoped.context());
  if (done || !deadline.expired()) return done;
  context.ui.say("Cancelling provisioner after a timeout...");
  return timed_out("Provisioner did not end within its timeout of " +
                   duration_text(spec.timeout));
}

}  // namespace farm::agent
