// The names that templates give to virtual hardware, and the types the server knows it by.
#pragma once

#include <string>

namespace farm::builders::vsphere {

/// Type of a disk controller ("pvscsi"); empty for unknown names.
std::string controller_type(const std::string& name);
/// Type of a network card ("vmxnet3"); empty for unknown names.
std::string card_type(const std::string& name);
bool is_card_type(const std::string& type);

}  // namespace farm::builders::vsphere
