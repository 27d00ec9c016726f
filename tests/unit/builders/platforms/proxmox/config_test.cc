#include "builders/platforms/proxmox/config.h"

#include "tests/unit/builders/platforms/proxmox/proxmox_fixture.h"

namespace farm::builders::platform_proxmox {
namespace {

using ConfigTest = ProxmoxFixture;

TEST_F(ConfigTest, AccessComesFromTemplateOrEnvironment) {
  const ProxmoxConfig config = decode({{"password", text("pw")},
                                       {"insecure_skip_tls_verify", on()},
                                       {"task_timeout", text("5m")}});
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(config.access.url, "https://pve:8006/api2/json");
  EXPECT_EQ(config.access.username, "root@pam!packer");
  EXPECT_EQ(config.access.token.reveal(), "t0ken");
  EXPECT_EQ(config.access.password.reveal(), "pw");
  EXPECT_FALSE(config.access.verify_tls);
  EXPECT_EQ(config.access.task_timeout, std::chrono::minutes(5));

  const Options nothing = {{"proxmox_url", text("")}, {"username", text("")}, {"token", text("")}};
  decode(nothing);
  EXPECT_EQ(findings_.errors,
            (std::vector<std::string>{
                "username must be specified (or PROXMOX_USERNAME)",
                "password or token must be specified (or PROXMOX_PASSWORD or PROXMOX_TOKEN)",
                "proxmox_url must be specified (or PROXMOX_URL)"}));
  environment_.set("PROXMOX_URL", "https://env:8006/api2/json");
  environment_.set("PROXMOX_USERNAME", "me@pve");
  environment_.set("PROXMOX_PASSWORD", "from env");
  const ProxmoxConfig by_environment = decode(nothing);
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(by_environment.access.url, "https://env:8006/api2/json");
  EXPECT_EQ(by_environment.access.password.reveal(), "from env");
  environment_.set("PROXMOX_TOKEN", "t");
  EXPECT_TRUE(refused(nothing, "with a token, username must name it: user@realm!tokenid"));
  EXPECT_TRUE(refused({{"proxmox_url", text("pve:8006")}}, "must be a URL like https://HOST:8006"));
}

TEST_F(ConfigTest, NamesAndPlaces) {
  const ProxmoxConfig config = decode({{"node", text("pve2")},
                                       {"pool", text("images")},
                                       {"vm_id", number(4711)},
                                       {"template_name", text("debian-13")},
                                       {"template_description", text("a\nb")},
                                       {"skip_convert_to_template", on()},
                                       {"vm_interface", text("eth1")},
                                       {"cloud_init", on()},
                                       {"cloud_init_storage_pool", text("lvm")},
                                       {"cloud_init_disk_type", text("scsi")},
                                       {"cloud_init_disable_upgrade_packages", off()}});
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(config.node, "pve2");
  EXPECT_EQ(config.pool, "images");
  EXPECT_EQ(config.vm_id, 4711);
  EXPECT_EQ(config.final_name(), "debian-13");
  EXPECT_EQ(config.template_description, "a\nb");
  EXPECT_TRUE(config.skip_convert_to_template);
  EXPECT_EQ(config.vm_interface, "eth1");
  EXPECT_TRUE(config.cloud_init.drive);
  EXPECT_EQ(config.cloud_init.storage_pool + config.cloud_init.disk_type, "lvmscsi");
  EXPECT_EQ(config.cloud_init.disable_upgrade, std::optional(false));
}

TEST_F(ConfigTest, CloneSources) {
  const ProxmoxConfig by_id = decode(
      {{"clone_vm", Value()}, {"clone_vm_id", number(9000)}, {"full_clone", off()}}, Kind::Clone);
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(by_id.clone.source_id, 9000);
  EXPECT_FALSE(by_id.clone.full);
  EXPECT_TRUE(decode({}, Kind::Clone).clone.full);
}

TEST_F(ConfigTest, IsosInBothSpellings) {
  const Options cd = {{"cd_files", blocks({text("*.nothing")})},
                      {"cd_label", text("cidata")},
                      {"iso_storage_pool", text("local")},
                      {"type", text("scsi")},
                      {"unmount", on()},
                      {"keep_cdrom_device", on()}};
  const Options url = {{"iso_url", text("http://mirror/a.iso")},
                       {"iso_checksum", text("none")},
                       {"iso_target_path", text("here")},
                       {"iso_target_extension", text("IMG")},
                       {"iso_storage_pool", text("local")},
                       {"iso_download_pve", on()},
                       {"index", text("3")}};
  Options urls = url;
  urls.erase("iso_url");
  urls.erase("iso_download_pve");
  urls["iso_urls"] = blocks({text("a.iso"), text("b.iso")});
  urls["index"] = text("1");
  for (const Options& boot : {cd, url, urls, Options{{"device", text("sata1")},
                                                     {"iso_file", text("nfs:iso/x.iso")},
                                                     {"cd_content", Value()}}}) {
    const ProxmoxConfig config = decode({{"boot_iso", block(boot)},
                                         {"additional_iso_files", blocks({block(boot)})}});
    EXPECT_TRUE(findings_.ok()) << findings_.text();
    ASSERT_EQ(config.isos.size(), 2U);
  }
  const ProxmoxConfig config = decode({{"boot_iso", block(cd)},
                                       {"additional_iso_files", blocks({block(url), block(urls)})}});
  EXPECT_EQ(config.isos[0].cd.label, "cidata");
  EXPECT_TRUE(config.isos[0].unmount && config.isos[0].keep_device);
  EXPECT_TRUE(config.isos[1].download_on_node);
  EXPECT_EQ(config.isos[1].iso.target_path + config.isos[1].iso.target_extension, "hereimg");
  EXPECT_EQ(config.isos[1].index, std::optional(3));
  EXPECT_EQ(config.isos[2].iso.urls, (std::vector<std::string>{"a.iso", "b.iso"}));
  const ProxmoxConfig content =
      decode({{"boot_iso", block({{"cd_content", block({{"a", text("b")}})},
                                  {"iso_storage_pool", text("local")}})},
              {"additional_iso_files",
               blocks({block({{"cd_content", block({{"user-data", text("x")}})},
                              {"iso_storage_pool", text("local")}})})}});
  EXPECT_EQ(content.isos[1].cd.content.at("user-data"), "x");

  const ProxmoxConfig old = decode({{"boot_iso", Value()},
                                    {"iso_url", text("https://mirror/a.iso")},
                                    {"iso_checksum", text("none")},
                                    {"iso_storage_pool", text("local")},
                                    {"iso_download_pve", on()},
                                    {"iso_target_path", text("t")},
                                    {"iso_target_extension", text("img")},
                                    {"unmount_iso", on()}});
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_TRUE(warned("outside of boot_iso are deprecated"));
  ASSERT_EQ(old.isos.size(), 1U);
  EXPECT_EQ(old.isos[0].type, "ide");
  EXPECT_EQ(old.isos[0].index, std::optional(2));
  EXPECT_TRUE(old.isos[0].unmount && old.isos[0].download_on_node);
  EXPECT_EQ(old.isos[0].storage_pool, "local");
  const ProxmoxConfig urls_old = decode({{"boot_iso", Value()},
                                         {"iso_urls", blocks({text("a.iso")})},
                                         {"iso_checksum", text("none")},
                                         {"iso_storage_pool", text("local")}});
  EXPECT_EQ(urls_old.isos[0].iso.urls, std::vector<std::string>{"a.iso"});
  const ProxmoxConfig file = decode({{"boot_iso", Value()}, {"iso_file", text("local:iso/a.iso")}});
  EXPECT_EQ(file.isos[0].iso_file, "local:iso/a.iso");
  EXPECT_TRUE(refused({{"iso_file", text("local:iso/a.iso")}}, "cannot be used together"));
}

TEST_F(ConfigTest, TypingAndServing) {
  EXPECT_EQ(decode({}).boot.key_interval, std::chrono::milliseconds(5));
  const ProxmoxConfig config = decode({{"boot_key_interval", text("20ms")},
                                       {"boot_keygroup_interval", text("1s")},
                                       {"boot_wait", text("3s")},
                                       {"boot_command", blocks({text("a"), text("<enter>")})},
                                       {"http_directory", text("/srv")},
                                       {"http_interface", text("eth0")},
                                       {"http_port_min", number(9000)},
                                       {"http_port_max", number(9010)},
                                       {"http_network_protocol", text("tcp4")}});
  EXPECT_EQ(config.boot.key_interval, std::chrono::milliseconds(20));
  EXPECT_TRUE(warned("boot_keygroup_interval has no effect"));
  EXPECT_EQ(config.boot.pieces.at(0).keys, "a<enter>");
  EXPECT_EQ(config.http.interface, "eth0");
  EXPECT_EQ(config.http.port_min, 9000);
  EXPECT_EQ(config.http.port_max, 9010);
  const ProxmoxConfig other = decode({{"http_content", block({{"/a", text("b")}})},
                                      {"http_bind_address", text("10.0.0.9")}});
  EXPECT_EQ(other.http.content.at("/a"), "b");
  EXPECT_EQ(other.http.bind_address, "10.0.0.9");
  environment_.set("PACKER_KEY_INTERVAL", "70ms");
  EXPECT_EQ(decode({}).boot.key_interval, std::chrono::milliseconds(70));
}

TEST_F(ConfigTest, EveryWayIntoTheGuest) {
  const std::string key = root_ + "/key";
  ASSERT_TRUE(io::write_file(key, "not looked into").has_value());
  const Options ssh = {{"communicator", text("ssh")},
                       {"pause_before_connecting", text("1s")},
                       {"ssh_host", text("10.0.0.9")},
                       {"ssh_port", number(2222)},
                       {"ssh_keypair_name", text("k")},
                       {"temporary_key_pair_name", text("t")},
                       {"temporary_key_pair_type", text("ed25519")},
                       {"temporary_key_pair_bits", number(0)},
                       {"ssh_ciphers", blocks({text("aes128-gcm@openssh.com")})},
                       {"ssh_key_exchange_algorithms", blocks({text("curve25519-sha256")})},
                       {"ssh_clear_authorized_keys", on()},
                       {"ssh_pty", on()},
                       {"ssh_timeout", text("1h")},
                       {"ssh_handshake_attempts", number(3)},
                       {"ssh_disable_agent_forwarding", on()},
                       {"ssh_bastion_host", text("jump")},
                       {"ssh_bastion_port", number(22)},
                       {"ssh_bastion_username", text("me")},
                       {"ssh_bastion_password", text("pw")},
                       {"ssh_bastion_interactive", on()},
                       {"ssh_file_transfer_method", text("sftp")},
                       {"ssh_keep_alive_interval", text("9s")},
                       {"ssh_read_write_timeout", text("5m")},
                       {"ssh_remote_tunnels", blocks({text("1:h:2")})},
                       {"ssh_local_tunnels", blocks({text("3:h:4")})},
                       {"ssh_public_key", text("ssh-ed25519 AAAA")},
                       {"ssh_private_key", text("PEM")}};
  const ProxmoxConfig config = decode(ssh);
  EXPECT_EQ(config.communicator.host(), "10.0.0.9");
  EXPECT_EQ(config.communicator.port(), 2222);
  EXPECT_EQ(config.communicator.ssh.bastion.host, "jump");
  EXPECT_TRUE(config.communicator.ssh.pty && config.communicator.ssh.clear_authorized_keys);
  const ProxmoxConfig proxy = decode({{"ssh_proxy_host", text("socks")},
                                      {"ssh_proxy_port", number(1081)},
                                      {"ssh_proxy_username", text("me")},
                                      {"ssh_proxy_password", text("pw")},
                                      {"ssh_agent_auth", on()}});
  EXPECT_EQ(proxy.communicator.ssh.proxy.port, 1081);
  decode({{"ssh_password", Value()},
          {"ssh_private_key_file", text(key)},
          {"ssh_certificate_file", text(key)},
          {"ssh_bastion_host", text("jump")},
          {"ssh_bastion_username", text("me")},
          {"ssh_bastion_agent_auth", on()},
          {"ssh_bastion_private_key_file", text(key)},
          {"ssh_bastion_certificate_file", text(key)}});
  const ProxmoxConfig winrm = decode({{"communicator", text("winrm")},
                                      {"winrm_username", text("Administrator")},
                                      {"winrm_password", text("pw")},
                                      {"winrm_host", text("10.0.0.8")},
                                      {"winrm_no_proxy", on()},
                                      {"winrm_port", number(5999)},
                                      {"winrm_timeout", text("20m")},
                                      {"winrm_use_ssl", on()},
                                      {"winrm_insecure", on()},
                                      {"winrm_use_ntlm", on()}});
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(winrm.communicator.host() + ":" + std::to_string(winrm.communicator.port()),
            "10.0.0.8:5999");
}

struct Refusal {
  Options options;
  const char* message;
  Kind kind = Kind::Iso;
};

Options one(const char* list, Options options) {
  return {{list, blocks({block(std::move(options))})}};
}

TEST_F(ConfigTest, RefusesWhatUsersGetWrong) {
  const Refusal cases[] = {
      {{{"vm_id", number(99)}}, "vm_id must be in the range 100-999999999, not 99"},
      {{{"vm_id", number(1'000'000'000)}}, "vm_id must be in the range"},
      {{{"vm_name", text("my_vm")}}, "vm_name must be a valid DNS name"},
      {{{"template_name", text("-x")}}, "template_name must be a valid DNS name"},
      {{{"ballooning_minimum", number(1024)}},
       "ballooning_minimum (1024) must not be greater than memory (512)"},
      {{{"serials", blocks({text("socket"), text("socket"), text("socket"), text("socket"),
                            text("socket")})}},
       "at most 4 serials"},
      {{{"serials", blocks({text("tty")})}}, "\"tty\" is neither \"socket\" nor a device"},
      {one("disks", {}), "disks[0]: storage_pool must be specified"},
      {one("disks", {{"storage_pool", text("l")}, {"disk_size", text("20GB")}}),
       "disk_size \"20GB\" must be an integer followed by T, G, M or K"},
      {one("disks", {{"storage_pool", text("l")}, {"io_thread", on()}}),
       "io_thread needs scsi_controller = \"virtio-scsi-single\""},
      {one("disks", {{"storage_pool", text("l")}, {"io_thread", on()}, {"type", text("sata")}}),
       "io_thread needs a disk of type scsi or virtio"},
      {one("disks", {{"storage_pool", text("l")}, {"ssd", on()}, {"type", text("virtio")}}),
       "ssd cannot be used with a disk of type virtio"},
      {one("disks", {{"storage_pool", text("l")}, {"asyncio", text("fast")}}), "asyncio"},
      {one("network_adapters", {}), "network_adapters[0]: bridge must be specified"},
      {one("network_adapters", {{"bridge", text("b")}, {"packet_queues", number(2)}}),
       "packet_queues can only be set for model virtio"},
      {one("network_adapters", {{"bridge", text("b")}, {"mtu", number(70000)}}),
       "mtu must be in the range 0-65520"},
      {{{"boot_iso", Value()}}, "boot_iso must be specified"},
      {{{"boot_iso", block({})}}, "exactly one of iso_file, iso_url(s) and cd_files"},
      {{{"boot_iso", block({{"iso_file", text("local:iso/a.iso")},
                            {"iso_url", text("a.iso")},
                            {"iso_checksum", text("none")},
                            {"iso_storage_pool", text("l")}})}},
       "exactly one of iso_file"},
      {{{"boot_iso", block({{"iso_url", text("a.iso")}, {"iso_checksum", text("none")}})}},
       "iso_storage_pool must be specified"},
      {{{"boot_iso", block({{"iso_file", text("a.iso")}})}}, "must look like STORAGE:iso/NAME"},
      {{{"boot_iso", block({{"iso_file", text("local:iso/a.iso")}, {"type", text("virtio")}})}},
       "type must be ide, sata or scsi"},
      {{{"boot_iso", block({{"iso_file", text("local:iso/a.iso")}, {"index", text("4")}})}},
       "index \"4\" must be a number from 0 to 3 for type ide"},
      {{{"boot_iso",
         block({{"iso_file", text("local:iso/a.iso")}, {"keep_cdrom_device", on()}})}},
       "keep_cdrom_device needs unmount = true"},
      {{{"boot_iso", block({{"iso_file", text("local:iso/a.iso")}, {"iso_download_pve", on()}})}},
       "iso_download_pve needs iso_url or iso_urls"},
      {{{"boot_iso", block({{"iso_url", text("a.iso")},
                            {"iso_checksum", text("file:sums")},
                            {"iso_storage_pool", text("l")},
                            {"iso_download_pve", on()}})}},
       "http and https only"},
      {{{"efidisk", text("l")}, {"efi_config", block({{"efi_storage_pool", text("l")}})}},
       "efidisk and efi_config cannot be used together"},
      {{{"efi_config", block({{"efi_type", text("4m")}})}}, "efi_storage_pool must be specified"},
      {{{"tpm_config", block({})}}, "tpm_storage_pool must be specified"},
      {{{"tpm_config", block({{"tpm_storage_pool", text("l")}, {"tpm_version", text("v3")}})}},
       "tpm_version"},
      {{{"rng0", block({{"source", text("/dev/zero")}})}}, "rng0: source must be one of"},
      {{{"rng0", block({{"source", text("/dev/random")}, {"max_bytes", number(-1)}})}},
       "max_bytes must not be negative"},
      {{{"rng0", block({{"source", text("/dev/random")}, {"period", number(-1)}})}},
       "period must not be negative"},
      {one("pci_devices", {}), "exactly one of host and mapping"},
      {one("pci_devices", {{"host", text("00:02.0")}, {"mapping", text("m")}}), "exactly one"},
      {one("pci_devices", {{"host", text("eth0")}}), "is no PCI address"},
      {one("pci_devices", {{"mapping", text("m")}, {"vendor_id", text("8086")}}),
       "is no PCI id like 0x8086"},
      {one("pci_devices", {{"mapping", text("m")}, {"pcie", on()}}),
       "pcie needs machine = \"q35\""},
      {one("pci_devices", {{"mapping", text("m")}, {"legacy_igd", on()}}),
       "legacy_igd needs a machine of type pc-i440fx"},
      {{{"cloud_init_disk_type", text("virtio")}}, "cloud_init_disk_type"},
      {{{"clone_vm", Value()}}, "one of clone_vm and clone_vm_id must be specified", Kind::Clone},
      {{{"clone_vm_id", number(100)}}, "cannot both be specified", Kind::Clone},
      {{{"clone_vm", Value()}, {"clone_vm_id", number(7)}}, "clone_vm_id must be in the range",
       Kind::Clone},
      {{{"nameserver", text("9.9.9.9 dns")}}, "nameserver \"dns\" is no IP address", Kind::Clone},
      {one("ipconfig", {{"ip", text("dhcp")}}), "1 ipconfig blocks need as many network_adapters",
       Kind::Clone},
      {one("ipconfig", {{"ip", text("10.0.0.5")}}), "ip \"10.0.0.5\" must be dhcp or an IPv4",
       Kind::Clone},
      {one("ipconfig", {{"gateway", text("10.0.0.0/8")}}), "gateway \"10.0.0.0/8\" must be an IPv4",
       Kind::Clone},
      {one("ipconfig", {{"ip6", text("::1")}}), "ip6 \"::1\" must be auto, dhcp or", Kind::Clone},
      {one("ipconfig", {{"gateway6", text("x")}}), "gateway6 \"x\" must be an IPv6", Kind::Clone},
  };
  for (const Refusal& c : cases) {
    SCOPED_TRACE(c.message);
    EXPECT_TRUE(refused(c.options, c.message, c.kind)) << findings_.text();
  }
}

TEST(DiskSize, IsAnIntegerAndAUnit) {
  EXPECT_EQ(*parse_disk_size("20G"), 20LL * 1024 * 1024);
  EXPECT_EQ(*parse_disk_size("512M"), 512LL * 1024);
  EXPECT_EQ(*parse_disk_size("7K"), 7);
  EXPECT_EQ(*parse_disk_size("2T"), 2LL << 30);
  for (const char* bad : {"", "20", "G", "1.5G", "-1G", "20GiB", "99999999999999999T"}) {
    EXPECT_FALSE(parse_disk_size(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace farm::builders::platform_proxmox
