#include "builders/platforms/proxmox/reaper.h"

#include <nlohmann/json.hpp>

#include "builders/core/config.h"
#include "builders/platforms/proxmox/vm.h"
#include "builders/platforms/proxmox/volume.h"

namespace farm::builders::platform_proxmox {
namespace {

// The credential is the dead build's own, or what the agent's environment has in its place.
Result<Client> client_of(ReapContext& context) {
  const value::Value* config = context.config_of({"proxmox-iso", "proxmox-clone", "proxmox"});
  if (config == nullptr) return not_found("the job has no proxmox builder");
  Findings findings;
  const ConfigReader reader(*config, findings);
  Access access = read_access(reader, context.environment);
  if (!findings.ok()) return invalid_input(findings.text());
  return Client(std::move(access), context.clock, context.ui);
}

}  // namespace

Result<void> reap_machine(ReapContext& context, const LeftResource& resource) {
  const std::optional<LedgerName> name = parse_ledger_name(resource.name);
  if (!name) return corrupt("'" + resource.name + "' names no machine");
  Client client = TRY(client_of(context));
  return remove_if_ours(client, name->node, name->id, {name->mark, resource.id}, context.cancel);
}

Result<void> reap_volume(ReapContext& context, const LeftResource& resource) {
  const size_t slash = resource.name.find('/');
  if (slash == std::string::npos) return corrupt("'" + resource.name + "' names no volume");
  Client client = TRY(client_of(context));
  return remove_volume(client, resource.name.substr(0, slash), resource.name.substr(slash + 1),
                       resource.id.empty() ? Upload::Uncertain : Upload::Done, context.cancel);
}

}  // namespace farm::builders::platform_proxmox
