// Lines of a lease's ledger file as the messages that tell the coordinator of them.
#pragma once

#include <string_view>
#include <vector>

#include "agent/ledger/file_ledger.h"
#include "common/wire/message.h"

namespace farm::agent {

wire::ResourceEvent resource_event(const wire::JobRef& ref, const LedgerEvent& line);
/// Every whole line of `bytes`; damaged lines end the list.
std::vector<wire::ResourceEvent> resource_events(const wire::JobRef& ref, std::string_view bytes);

}  // namespace farm::agent
