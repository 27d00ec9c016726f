#include "builders/core/scoped_context.h"

#include <utility>

namespace farm::builders {
namespace {

// The fields that steps set; everything else is the same object in both contexts.
void move_state(BuildContext& from, BuildContext& to) {
  to.communicator = std::move(from.communicator);
  to.http_ip = std::move(from.http_ip);
  to.http_port = from.http_port;
  to.instance_id = std::move(from.instance_id);
  to.guest_host = std::move(from.guest_host);
  to.guest_port = from.guest_port;
  to.ssh_public_key = std::move(from.ssh_public_key);
  to.ssh_private_key = std::move(from.ssh_private_key);
  to.generated = std::move(from.generated);
  to.failure = std::move(from.failure);
  to.at_failure = std::move(from.at_failure);
  to.reach = std::move(from.reach);
  to.attachments = std::move(from.attachments);
}

}  // namespace

ScopedContext::ScopedContext(BuildContext& outer, const CancelToken& cancel)
    : outer_(outer),
      inner_{.ui = outer.ui,
             .ledger = outer.ledger,
             .clock = outer.clock,
             .random = outer.random,
             .environment = outer.environment,
             .cancel = cancel,
             .render = outer.render,
             .working_directory = outer.working_directory,
             .temp_directory = outer.temp_directory,
             .cache_directory = outer.cache_directory,
             .run_uuid = outer.run_uuid,
             .force = outer.force,
             .debug = outer.debug,
             .on_error = outer.on_error,
             .provision = outer.provision,
             .error_cleanup = outer.error_cleanup,
             .ask = outer.ask,
             .communicator = nullptr,
             .http_ip = {},
             .instance_id = {},
             .guest_host = {},
             .ssh_public_key = {},
             .ssh_private_key = {},
             .generated = {},
             .failure = std::nullopt} {
  move_state(outer_, inner_);
}

ScopedContext::~ScopedContext() { move_state(inner_, outer_); }

}  // namespace farm::builders
