// What is read out of answers of the API: errors, addresses, settings; and the names of keys.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "builders/platforms/proxmox/api_error.h"
#include "builders/platforms/proxmox/guest_address.h"
#include "builders/platforms/proxmox/send_keys.h"
#include "builders/platforms/proxmox/step_finish.h"
#include "builders/platforms/proxmox/volume.h"

namespace farm::builders::platform_proxmox {
namespace {

net::HttpResponse answer(int status, std::string reason, std::string body = {}) {
  net::HttpResponse response;
  response.status = status;
  response.reason = std::move(reason);
  response.body = std::move(body);
  return response;
}

TEST(ApiError, SaysWhatToDo) {
  struct Case {
    net::HttpResponse response;
    const char* user;
    ErrorCode code;
    const char* message;
  };
  const Case cases[] = {
      {answer(403, "Permission check failed (/storage/local, Datastore.AllocateTemplate)"),
       "me@pve!ci", ErrorCode::Denied,
       "me@pve!ci lacks the privilege Datastore.AllocateTemplate on /storage/local. Grant a role "
       "that has it: pveum acl modify /storage/local --tokens 'me@pve!ci' --roles ROLE (a token "
       "with privilege separation needs it itself, besides its user)"},
      {answer(403, "Permission check failed (/vms/100, VM.Monitor|VM.GuestAgent.Audit)"), "me@pve",
       ErrorCode::Denied,
       "me@pve lacks the privilege (one of) VM.Monitor|VM.GuestAgent.Audit on /vms/100. Grant a "
       "role that has it: pveum acl modify /vms/100 --users 'me@pve' --roles ROLE"},
      {answer(401, "No ticket"), "me@pve", ErrorCode::Denied,
       "the Proxmox API refuses me@pve (No ticket): check username (with its realm: root@pam) and "
       "password"},
      {answer(400, "Parameter verification failed.",
              R"({"data":null,"errors":{"cores":"value must have a minimum value of 1\n"}})"),
       "me@pve", ErrorCode::InvalidInput,
       "POST /x: Parameter verification failed. cores: value must have a minimum value of 1"},
      {answer(500, "Configuration file 'nodes/pve/qemu-server/100.conf' does not exist"), "me@pve",
       ErrorCode::NotFound,
       "POST /x: Configuration file 'nodes/pve/qemu-server/100.conf' does not exist"},
      {answer(500, "VM is locked (backup)"), "me@pve", ErrorCode::Conflict,
       "POST /x: VM is locked (backup) (another task works on the machine; if none does any more, "
       "remove the lock with qm unlock)"},
      {answer(595, "No route to host"), "me@pve", ErrorCode::Unavailable,
       "POST /x: the node cannot be reached from the API server: No route to host (is node spelled "
       "as in the cluster, and is it up?)"},
      {answer(500, "some text", R"({"data":null,"message":"some text\nwith more\n"})"), "me@pve",
       ErrorCode::Internal, "POST /x: 500 some text with more"},
  };
  for (const Case& c : cases) {
    const Error error = api_error("POST", "/x", c.user, c.response);
    EXPECT_EQ(error.message, c.message);
    EXPECT_EQ(error_code_name(error.code), std::string(error_code_name(c.code))) << c.message;
  }
}

std::string keys(const std::string& command) {
  std::string names;
  const Result<steps::BootCommand> parsed = steps::parse_boot_command(command);
  for (const steps::BootEvent& event : parsed->events) {
    names += (names.empty() ? "" : " ") + key_name(event).value_or("?");
  }
  return names;
}

TEST(KeyName, HasTheWholeUsKeyboard) {
  EXPECT_EQ(keys("aZ09"), "a shift-z 0 9");
  EXPECT_EQ(keys(" .,;*-[]='`/\\"),
            "spc dot comma semicolon asterisk minus bracket_left bracket_right equal apostrophe "
            "grave_accent slash backslash");
  EXPECT_EQ(keys("!@#$%^&()"),
            "shift-1 shift-2 shift-3 shift-4 shift-5 shift-6 shift-7 shift-9 shift-0");
  EXPECT_EQ(keys("{}\"+_:<>~?|"),
            "shift-bracket_left shift-bracket_right shift-apostrophe shift-equal shift-minus "
            "shift-semicolon shift-comma shift-dot shift-grave_accent shift-slash "
            "shift-backslash");
  EXPECT_EQ(keys("<bs><del><enter><return><esc><tab><spacebar><insert><home><end><pageUp>"
                 "<pageDown><menu><f1><f12><up><leftCtrl><rightAlt><leftSuper>"),
            "backspace delete ret ret esc tab spc insert home end pgup pgdn menu f1 f12 up ctrl "
            "alt_r meta_l");
  EXPECT_EQ(keys("é"), "?");
}

Json interfaces() {
  return Json::parse(R"({"result":[
    {"name":"lo","ip-addresses":[{"ip-address":"127.0.0.1"},{"ip-address":"::1"}]},
    {"name":"eth0","ip-addresses":[{"ip-address":"fe80::1"},{"ip-address":"2001:db8::7"}]},
    {"name":"eth1","ip-addresses":[{"ip-address":"169.254.1.1"},{"ip-address":"10.0.0.7"}]},
    {"name":"eth2"}]})");
}

TEST(GuestAddress, PrefersIPv4ElseWhatTheInterfaceHas) {
  EXPECT_EQ(*address_in(interfaces(), ""), "10.0.0.7");
  EXPECT_EQ(*address_in(interfaces(), "eth0"), "2001:db8::7");
  EXPECT_EQ(*address_in(interfaces(), "eth1"), "10.0.0.7");
  EXPECT_NE(address_in(interfaces(), "eth2").error().message.find("no DHCP lease"),
            std::string::npos);
  EXPECT_NE(address_in(interfaces(), "ens18").error().message.find("it has: eth0, eth1, eth2"),
            std::string::npos);
  EXPECT_TRUE(address_in(Json::parse(R"({"result":[]})"), "").error().retryable);
}

TEST(CloudInitSettings, AreThoseOfTheBuild) {
  EXPECT_EQ(cloud_init_settings(Json::parse(
                R"({"ide0":"lvm:vm-9-cloudinit,media=cdrom,size=4M","ide2":"local:iso/a.iso,)"
                R"(media=cdrom","ciuser":"root","ipconfig1":"ip=dhcp","name":"x","memory":512})")),
            "ciuser,ide0,ipconfig1");
  EXPECT_EQ(cloud_init_settings(Json::parse(R"({"name":"x"})")), "");
}

class FinalChanges : public ::testing::Test {
 protected:
  FinalChanges() {
    IsoSource iso;
    iso.type = "ide";
    iso.iso_file = "local:iso/a.iso";
    config_.isos = {iso};
    vm_.placement.name = "tiny";
    vm_.placement.slots.isos = {"ide2"};
    vm_.placement.iso_volumes = {"local:iso/a.iso"};
    vm_.server_major = 8;
    current_ = Json::parse(R"({"ide2":"local:iso/a.iso,media=cdrom,size=4K","boot":"order=ide2;)"
                           R"(scsi0","scsi0":"lvm:vm-1-disk-0,size=4G","unused0":"lvm:x"})");
  }
  std::string changes() {
    const Result<Parameters> made = final_changes(config_, vm_, current_);
    return made ? form_encode(*made) : made.error().message;
  }
  ProxmoxConfig config_;
  Vm vm_;
  Json current_;
};

TEST_F(FinalChanges, NameDescriptionAndTags) {
  EXPECT_EQ(changes(),
            "name=tiny&ide2=local%3Aiso%2Fa.iso%2Cmedia%3Dcdrom&delete=description%2Ctags%2C"
            "unused0");
  config_.template_name = "final";
  config_.template_description = "d";
  config_.tags = "a;b";
  current_.erase("unused0");
  EXPECT_EQ(changes(),
            "name=final&description=d&tags=a%3Bb&ide2=local%3Aiso%2Fa.iso%2Cmedia%3Dcdrom");
}

TEST_F(FinalChanges, DrivesGoStayOrAreEmptied) {
  config_.isos[0].unmount = true;
  EXPECT_NE(changes().find("delete=description%2Ctags%2Cide2%2Cunused0"), std::string::npos);
  config_.isos[0].keep_device = true;
  EXPECT_NE(changes().find("ide2=none%2Cmedia%3Dcdrom"), std::string::npos);
  current_.erase("ide2");
  EXPECT_EQ(changes(), "ide2 holds no CD drive any more: it is gone");
}

TEST_F(FinalChanges, CloudInitDrive) {
  config_.cloud_init.drive = true;
  config_.cloud_init.disable_upgrade = true;
  EXPECT_NE(changes().find("ide0=lvm%3Acloudinit&ciupgrade=0"), std::string::npos) << changes();
  config_.cloud_init.storage_pool = "nfs";
  config_.cloud_init.disk_type = "scsi";
  EXPECT_NE(changes().find("scsi1=nfs%3Acloudinit"), std::string::npos) << changes();
  vm_.server_major = 7;
  EXPECT_EQ(changes().find("ciupgrade"), std::string::npos);
  config_.cloud_init.storage_pool.clear();
  current_["boot"] = "order=ide2";
  EXPECT_NE(changes().find("set cloud_init_storage_pool"), std::string::npos) << changes();
}

TEST(LedgerName, GoesThereAndBack) {
  const auto name = parse_ledger_name(ledger_name("pve-2", 4711, "farm-abc-1.2"));
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->node, "pve-2");
  EXPECT_EQ(name->id, 4711);
  EXPECT_EQ(name->mark, "farm-abc-1.2");
  for (const char* bad : {"", "pve", "pve/x farm", "pve/100", "pve/100 "}) {
    EXPECT_FALSE(parse_ledger_name(bad).has_value()) << bad;
  }
}

TEST(StoredName, IsWhatTheServerMakesOfIt) {
  EXPECT_EQ(stored_name("my file+(1).iso"), "my_file__1_.iso");
}

}  // namespace
}  // namespace farm::builders::platform_proxmox
