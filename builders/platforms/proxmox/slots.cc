#include "builders/platforms/proxmox/slots.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace farm::builders::platform_proxmox {
namespace {

class Slots {
 public:
  explicit Slots(const std::vector<std::string>& occupied)
      : taken_(occupied.begin(), occupied.end()) {}

  Result<std::string> next(const std::string& bus) {
    for (int slot = 0; slot <= last_slot(bus); ++slot) {
      const std::string name = fmt::format("{}{}", bus, slot);
      if (taken_.insert(name).second) return name;
    }
    return invalid_input(fmt::format("too many devices on bus {}: it has the slots 0 to {}", bus,
                                     last_slot(bus)));
  }
  bool take(const std::string& name) { return taken_.insert(name).second; }

 private:
  std::set<std::string> taken_;
};

}  // namespace

Result<SlotPlan> plan_slots(const ProxmoxConfig& config,
                            const std::vector<std::string>& occupied) {
  SlotPlan plan;
  Slots slots(occupied);
  plan.isos.resize(config.isos.size());
  std::set<std::string> given;
  for (size_t i = 0; i < config.isos.size(); ++i) {
    const IsoSource& iso = config.isos[i];
    if (!iso.index) continue;
    plan.isos[i] = fmt::format("{}{}", iso.type, *iso.index);
    if (!given.insert(plan.isos[i]).second) {
      return invalid_input("two ISOs are given the device " + plan.isos[i]);
    }
    if (!slots.take(plan.isos[i])) {
      plan.warnings.push_back("the ISO at " + plan.isos[i] +
                              " takes the place of a disk of the cloned machine");
    }
  }
  for (const DiskOptions& disk : config.disks) {
    plan.disks.push_back(TRY(slots.next(disk.type)));
  }
  for (size_t i = 0; i < config.isos.size(); ++i) {
    if (plan.isos[i].empty()) plan.isos[i] = TRY(slots.next(config.isos[i].type));
  }
  return plan;
}

}  // namespace farm::builders::platform_proxmox
