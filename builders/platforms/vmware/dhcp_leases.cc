#include "builders/platforms/vmware/dhcp_leases.h"

#include <algorithm>
#include <sstream>
#include <strings.h>

namespace farm::builders::vmware {
namespace {

struct DhcpLease {
  std::string address;
  std::string hardware;
  std::string ends;
  size_t place = 0;  // later entries replace earlier ones
};

}  // namespace

std::vector<std::string> leased_addresses(std::string_view leases, const std::string& mac) {
  std::istringstream words{std::string(leases)};
  std::vector<DhcpLease> found;
  DhcpLease now;
  bool inside = false;
  size_t place = 0;
  std::string line;
  while (std::getline(words, line)) {
    std::istringstream fields(line.substr(0, line.find('#')));
    std::string word;
    fields >> word;
    if (word == "lease") {
      now = DhcpLease{};
      fields >> now.address;
      now.place = place++;
      inside = true;
    } else if (word == "hardware") {
      std::string kind;
      fields >> kind >> now.hardware;
      if (now.hardware.ends_with(';')) now.hardware.pop_back();
    } else if (word == "ends") {
      // "ends 4 2026/11/22 10:00:00;": the day of the week says nothing; "ends never;".
      std::string day;
      std::string date;
      std::string time;
      fields >> day >> date >> time;
      now.ends = day.starts_with("never") ? "never" : date + " " + time;
    } else if (word == "}" && inside) {
      inside = false;
      if (::strcasecmp(now.hardware.c_str(), mac.c_str()) == 0) found.push_back(now);
    }
  }
  // "never" sorts after every date, which begins with a digit.
  std::stable_sort(found.begin(), found.end(), [](const DhcpLease& a, const DhcpLease& b) {
    return a.ends != b.ends ? a.ends > b.ends : a.place > b.place;
  });
  std::vector<std::string> addresses;
  for (const DhcpLease& lease : found) {
    if (std::find(addresses.begin(), addresses.end(), lease.address) == addresses.end()) {
      addresses.push_back(lease.address);
    }
  }
  return addresses;
}

}  // namespace farm::builders::vmware
