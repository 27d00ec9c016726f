// ProxmoxFixture: decoding of options given as short literals, and the requests they lead to.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "builders/platforms/proxmox/parameters.h"
#include "common/value/value.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_proxmox {

using value::Value;
using Options = Value::Map;

inline Value text(std::string utf8) { return Value::string(std::move(utf8)); }
inline Value number(int64_t n) { return Value::number(value::Number(n)); }
inline Value on() { return Value::boolean(true); }
inline Value off() { return Value::boolean(false); }
inline Value block(Options options) { return Value::object(std::move(options)); }
inline Value blocks(std::vector<Value> list) { return Value::tuple(std::move(list)); }

class ProxmoxFixture : public testing::BuildFixture {
 protected:
  static Options minimum(Kind kind) {
    Options all = {{"proxmox_url", text("https://pve:8006/api2/json/")},
                   {"username", text("root@pam!packer")},
                   {"token", text("t0ken")},
                   {"ssh_username", text("root")},
                   {"ssh_password", text("packer")},
                   {"vm_name", text("tiny")}};
    if (kind == Kind::Iso) {
      // One for all: the option coverage knows blocks by their address.
      static const Value boot_iso = block({{"iso_file", text("local:iso/a.iso")}});
      all["boot_iso"] = boot_iso;
    } else {
      all["clone_vm"] = text("base");
    }
    return all;
  }
  ProxmoxConfig decode(const Options& options, Kind kind = Kind::Iso) {
    Options all = minimum(kind);
    for (const auto& [name, option] : options) all[name] = option;
    findings_ = {};
    return ProxmoxConfig::decode(kind, Value::object(std::move(all)), prepare_context(),
                                 findings_);
  }
  bool refused(const Options& options, const std::string& message, Kind kind = Kind::Iso) {
    decode(options, kind);
    return std::any_of(findings_.errors.begin(), findings_.errors.end(),
                       [&](const std::string& e) { return e.find(message) != std::string::npos; });
  }
  bool warned(const std::string& message) const {
    return std::any_of(findings_.warnings.begin(), findings_.warnings.end(),
                       [&](const std::string& w) { return w.find(message) != std::string::npos; });
  }

  /// The create or change request for `options`; name -> value, only what is sent.
  std::map<std::string, std::string> request(const Options& options, Kind kind = Kind::Iso) {
    const ProxmoxConfig config = decode(options, kind);
    EXPECT_TRUE(findings_.ok()) << findings_.text();
    Placement placement;
    placement.id = 123;
    placement.name = config.vm_name;
    placement.mark = "farm-x";
    placement.slots = *plan_slots(config, {});
    for (const IsoSource& iso : config.isos) {
      placement.iso_volumes.push_back(iso.iso_file.empty() ? iso.storage_pool + ":iso/made.iso"
                                                           : iso.iso_file);
    }
    SeededRandom random(1);
    const Result<MachineParameters> made = machine_parameters(config, placement, random);
    EXPECT_TRUE(made.has_value());
    std::map<std::string, std::string> sent;
    const auto add = [&](const Parameters& form) {
      for (const auto& [name, value] : form) {
        if (!value.empty()) sent[name] = value;
      }
    };
    add(made->form);
    add({{"efidisk0", efi_disk(config)}});
    if (kind == Kind::Clone) add(cloud_init_parameters(config, "ssh-ed25519 AAAA+/= me"));
    growths_ = made->growths;
    return sent;
  }

  Findings findings_;
  std::vector<Growth> growths_;
};

}  // namespace farm::builders::platform_proxmox
