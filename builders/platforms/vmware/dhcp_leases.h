// Leases of VMware's DHCP server (the format of ISC dhcpd.leases): which addresses a network card
// may have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farm::builders::vmware {

/// Addresses leased to `mac`, the one whose lease ends last first. Times are compared as the file
/// has them (all UTC); "never" is later than any.
std::vector<std::string> leased_addresses(std::string_view leases, const std::string& mac);

}  // namespace farm::builders::vmware
