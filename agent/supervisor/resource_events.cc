#include "agent/supervisor/resource_events.h"

#include "common/base/log.h"

namespace farm::agent {

wire::ResourceEvent resource_event(const wire::JobRef& ref, const LedgerEvent& line) {
  wire::ResourceEvent event;
  event.ref = ref;
  switch (line.kind) {
    case LedgerEvent::Kind::Intent:
      event.kind = wire::ResourceEvent::Kind::Intent;
      break;
    case LedgerEvent::Kind::Bound:
      event.kind = wire::ResourceEvent::Kind::Bound;
      break;
    case LedgerEvent::Kind::Gone:
      event.kind = wire::ResourceEvent::Kind::Gone;
      break;
    case LedgerEvent::Kind::Kept:
      break;  // callers leave it out: the coordinator hears of the artifact by the result
  }
  event.intent = line.resource.intent;
  event.resource_kind = line.resource.kind;
  event.name = line.resource.name;
  event.id = line.resource.id;
  return event;
}

std::vector<wire::ResourceEvent> resource_events(const wire::JobRef& ref,
                                                 std::string_view bytes) {
  std::vector<wire::ResourceEvent> events;
  const Result<size_t> read = read_ledger_lines(bytes, [&](const LedgerEvent& line) {
    if (line.kind != LedgerEvent::Kind::Kept) events.push_back(resource_event(ref, line));
  });
  if (!read) log::warn("damaged ledger file", {{"error", read.error().message}});
  return events;
}

}  // namespace farm::agent
