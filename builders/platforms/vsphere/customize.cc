#include <arpa/inet.h>
#include <fmt/format.h>

#include "builders/core/build_context.h"
#include "builders/platforms/vsphere/step_create.h"
#include "common/io/files.h"

namespace farm::builders::vsphere {
namespace {

std::string mask_of_bits(int64_t bits) {
  const uint32_t mask = bits == 0 ? 0 : ~uint32_t{0} << (32 - bits);
  return fmt::format("{}.{}.{}.{}", mask >> 24, (mask >> 16) & 0xFF, (mask >> 8) & 0xFF,
                     mask & 0xFF);
}

bool holds(const std::string& address, int64_t bits, const std::string& gateway) {
  if (address.empty() || gateway.empty()) return false;
  const Result<AddressBlock> block = parse_address_block(fmt::format("{}/{}", address, bits));
  return block && block->contains(gateway);
}

void write_linux(XmlWriter& out, const LinuxCustomization& wanted) {
  out.element("identity", "CustomizationLinuxPrep", [&] {
    out.element("hostName", "CustomizationFixedName", [&] { out.text("name", wanted.host_name); });
    out.text("domain", wanted.domain);
    out.text("timeZone", wanted.time_zone);
    out.flag("hwClockUTC", wanted.hardware_clock_utc);
  });
}

void write_windows(XmlWriter& out, const WindowsCustomization& wanted) {
  out.element("identity", "CustomizationSysprep", [&] {
    out.element("guiUnattended", [&] {
      if (!wanted.admin_password.empty()) {
        out.element("password", [&] {
          out.text("value", wanted.admin_password.reveal());
          out.flag("plainText", true);
        });
      }
      out.number("timeZone", wanted.time_zone);
      out.flag("autoLogon", wanted.auto_logon.value_or(false));
      out.number("autoLogonCount", wanted.auto_logon_count);
    });
    out.element("userData", [&] {
      out.text("fullName", wanted.full_name);
      out.text("orgName", wanted.organization);
      out.element("computerName", "CustomizationFixedName",
                  [&] { out.text("name", wanted.computer_name); });
      out.text("productId", wanted.product_key);
    });
    if (!wanted.run_once.empty()) {
      out.element("guiRunOnce", [&] {
        for (const std::string& command : wanted.run_once) out.text("commandList", command);
      });
    }
    out.element("identification", [&] { out.text_if("joinWorkgroup", wanted.workgroup); });
  });
}

// Each gateway goes to the first interface whose subnet holds it.
void write_interfaces(XmlWriter& out, const Customization& custom) {
  bool v4_given = false;
  bool v6_given = false;
  for (const CustomizedInterface& one : custom.interfaces) {
    out.element("nicSettingMap", [&] {
      out.element("adapter", [&] {
        if (one.ipv4_address.empty()) {
          out.empty_element("ip", "CustomizationDhcpIpGenerator");
        } else {
          out.element("ip", "CustomizationFixedIp",
                      [&] { out.text("ipAddress", one.ipv4_address); });
          out.text("subnetMask", mask_of_bits(one.ipv4_netmask));
          if (!v4_given && holds(one.ipv4_address, one.ipv4_netmask, custom.ipv4_gateway)) {
            out.text("gateway", custom.ipv4_gateway);
            v4_given = true;
          }
        }
        if (!one.ipv6_address.empty()) {
          out.element("ipV6Spec", [&] {
            out.element("ip", "CustomizationFixedIpV6", [&] {
              out.text("ipAddress", one.ipv6_address);
              out.number("subnetMask", one.ipv6_netmask);
            });
            if (!v6_given && holds(one.ipv6_address, one.ipv6_netmask, custom.ipv6_gateway)) {
              out.text("gateway", custom.ipv6_gateway);
              v6_given = true;
            }
          });
        }
        for (const std::string& server : one.dns_servers) out.text("dnsServerList", server);
        out.text_if("dnsDomain", one.dns_domain);
      });
    });
  }
}

}  // namespace

Result<void> CustomizeGuest::run(BuildContext& context) {
  if (!config_->customization) return {};
  const Customization& custom = *config_->customization;
  std::string sysprep = custom.sysprep_text;
  if (!custom.sysprep_file.empty()) {
    sysprep = TRY(io::read_file(resolve_path(context, custom.sysprep_file), 1U << 20));
  }
  context.ui.say("Customizing VM...");
  const Result<XmlNode> done = run_task(
      *machine_->session, machine_->ref, "CustomizeVM_Task",
      [&](XmlWriter& out) {
        out.element("spec", [&] {
          if (custom.linux_options) {
            out.empty_element("options", "CustomizationLinuxOptions");
            write_linux(out, *custom.linux_options);
          } else {
            out.element("options", "CustomizationWinOptions", [&] {
              out.flag("changeSID", true);
              out.flag("deleteAccounts", false);
            });
            if (custom.windows_options) {
              write_windows(out, *custom.windows_options);
            } else {
              out.element("identity", "CustomizationSysprepText",
                          [&] { out.text("value", sysprep); });
            }
          }
          out.element("globalIPSettings", [&] {
            for (const std::string& suffix : custom.dns_suffixes) out.text("dnsSuffixList", suffix);
            for (const std::string& server : custom.dns_servers) out.text("dnsServerList", server);
          });
          write_interfaces(out, custom);
        });
      },
      context.cancel);
  if (!done) return done.error();
  return {};
}

}  // namespace farm::builders::vsphere
