#include "builders/steps/vsphere/hardware_names.h"

#include <algorithm>
#include <array>

namespace farm::builders::vsphere {
namespace {

struct NamedType {
  const char* name;
  const char* type;
};

constexpr std::array<NamedType, 7> kControllers = {{{"lsilogic", "VirtualLsiLogicController"},
                                                    {"scsi", "VirtualLsiLogicController"},
                                                    {"lsilogic-sas", "VirtualLsiLogicSASController"},
                                                    {"pvscsi", "ParaVirtualSCSIController"},
                                                    {"buslogic", "VirtualBusLogicController"},
                                                    {"nvme", "VirtualNVMEController"},
                                                    {"sata", "VirtualAHCIController"}}};
constexpr std::array<NamedType, 8> kCards = {{{"e1000", "VirtualE1000"},
                                              {"e1000e", "VirtualE1000e"},
                                              {"pcnet32", "VirtualPCNet32"},
                                              {"vmxnet", "VirtualVmxnet"},
                                              {"vmxnet2", "VirtualVmxnet2"},
                                              {"vmxnet3", "VirtualVmxnet3"},
                                              {"vmxnet3vrdma", "VirtualVmxnet3Vrdma"},
                                              {"sriov", "VirtualSriovEthernetCard"}}};

template <size_t Size>
std::string type_named(const std::array<NamedType, Size>& list, const std::string& name) {
  for (const NamedType& one : list) {
    if (name == one.name) return one.type;
  }
  return {};
}

}  // namespace

std::string controller_type(const std::string& name) { return type_named(kControllers, name); }
std::string card_type(const std::string& name) { return type_named(kCards, name); }

bool is_card_type(const std::string& type) {
  return std::any_of(kCards.begin(), kCards.end(),
                     [&](const NamedType& one) { return type == one.type; });
}

}  // namespace farm::builders::vsphere
