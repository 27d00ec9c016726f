// Every option of the qemu builder with a value that is not its default, and what becomes of it.
#include "builders/platforms/qemu/config.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_qemu {
namespace {

using testing::string_list;
using testing::string_map;
using value::Value;

class QemuOptionsTest : public testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    ASSERT_TRUE(io::make_directories(root_ + "/work/www"));
    ASSERT_TRUE(io::write_file(root_ + "/work/answer", ""));
  }
  QemuConfig decode(Value::Map options) {
    Findings findings;
    QemuConfig config =
        QemuConfig::decode(Value::object(std::move(options)), prepare_context(), findings);
    EXPECT_TRUE(findings.ok()) << findings.text();
    return config;
  }
  static Value text(const char* string) { return Value::string(string); }
  static Value lists(const std::vector<std::vector<std::string>>& entries) {
    Value::List list;
    for (const auto& entry : entries) list.push_back(string_list(entry));
    return Value::list(value::Type::list(value::Type::string()), std::move(list));
  }
  const Value yes_ = Value::boolean(true);
};

TEST_F(QemuOptionsTest, DisksAndImages) {
  const QemuConfig config = decode(
      {{"iso_urls", string_list({"http://a/x.qcow2", "ftp://b/x.qcow2"})},
       {"iso_checksum", text("none")},
       {"iso_target_path", text("kept.qcow2")},
       {"iso_target_extension", text("QCOW2")},
       {"communicator", text("none")},
       {"disk_image", yes_},
       {"use_backing_file", yes_},
       {"skip_resize_disk", yes_},
       {"disk_size", text("10G")},
       {"disk_additional_size", string_list({"1G", "512"})},
       {"disk_interface", text("scsi")},
       {"disk_cache", text("unsafe")},
       {"disk_discard", text("unmap")},
       {"disk_detect_zeroes", text("unmap")},
       {"disk_compression", yes_},
       {"skip_compaction", yes_},
       {"format", text("qcow2")},
       {"qemu_img_args",
        Value::object({{"convert", string_list({"-o", "a"})},
                       {"create", string_list({"-o", "b"})},
                       {"resize", string_list({"--shrink"})}})},
       {"output_directory", text("elsewhere")},
       {"vm_name", text("named")}});
  EXPECT_EQ(config.iso.urls.size(), 2U);
  EXPECT_EQ(config.iso.target_path, "kept.qcow2");
  EXPECT_EQ(config.iso.target_extension, "qcow2");
  EXPECT_TRUE(config.disk_image && config.use_backing_file && config.disk.skip_resize);
  EXPECT_EQ(config.disk.size, "10G");
  EXPECT_EQ(config.disk.additional_sizes, (std::vector<std::string>{"1G", "512M"}));
  EXPECT_EQ(config.disk.interface, "scsi");
  EXPECT_EQ(config.disk.cache, "unsafe");
  EXPECT_EQ(config.disk.discard, "unmap");
  EXPECT_EQ(config.disk.detect_zeroes, "unmap");
  EXPECT_TRUE(config.disk.compression && config.disk.skip_compaction);
  EXPECT_EQ(config.qemu_img.convert.back(), "a");
  EXPECT_EQ(config.qemu_img.create.back(), "b");
  EXPECT_EQ(config.qemu_img.resize, std::vector<std::string>{"--shrink"});
  EXPECT_EQ(config.output_directory, "elsewhere");
  EXPECT_EQ(config.vm_name, "named");
}

TEST_F(QemuOptionsTest, MachineFirmwareAndScreen) {
  const QemuConfig config = decode(
      {{"iso_url", text("http://a/x.iso")},
       {"iso_checksum", text("none")},
       {"iso_skip_cache", yes_},
       {"communicator", text("none")},
       {"qemu_binary", text("qemu-kvm")},
       {"accelerator", text("xen")},
       {"machine_type", text("q35")},
       {"cpu_model", text("host")},
       {"memory", Value::number(2048)},
       {"cpus", Value::number(6)},
       {"sockets", Value::number(1)},
       {"cores", Value::number(3)},
       {"threads", Value::number(2)},
       {"firmware", text("bios.bin")},
       {"use_pflash", yes_},
       {"efi_boot", yes_},
       {"efi_firmware_code", text("code.fd")},
       {"efi_firmware_vars", text("vars.fd")},
       {"efi_drop_efivars", yes_},
       {"cdrom_interface", text("ide")},
       {"vtpm", yes_},
       {"use_tpm1", yes_},
       {"tpm_device_type", text("tpm-crb")},
       {"headless", yes_},
       {"display", text("sdl")},
       {"use_default_display", yes_},
       {"vga", text("qxl")},
       {"vnc_bind_address", text("0.0.0.0")},
       {"vnc_use_password", yes_},
       {"vnc_password", text("geheim")},
       {"vnc_port_min", Value::number(5950)},
       {"vnc_port_max", Value::number(5960)},
       {"qmp_enable", yes_},
       {"qmp_socket_path", text("/run/q.sock")},
       {"qemuargs", lists({{"-m", "1G"}})},
       {"run_once", yes_}});
  EXPECT_TRUE(config.iso_skip_cache);
  EXPECT_EQ(config.qemu_binary, "qemu-kvm");
  EXPECT_EQ(config.accelerator, "xen");
  EXPECT_EQ(config.machine_type, "q35");
  EXPECT_EQ(config.cpu_model, "host");
  EXPECT_EQ(config.memory, 2048);
  EXPECT_EQ(config.cpu.cpus * 1000 + config.cpu.sockets * 100 + config.cpu.cores * 10 +
                config.cpu.threads,
            6132);
  EXPECT_EQ(config.firmware, "bios.bin");
  EXPECT_TRUE(config.use_pflash && config.efi.enabled && config.efi.drop_vars);
  EXPECT_EQ(config.efi.code + config.efi.vars, "code.fdvars.fd");
  EXPECT_EQ(config.cdrom_interface, "ide");
  EXPECT_TRUE(config.tpm.enabled && config.tpm.version_1);
  EXPECT_EQ(config.tpm.device_type, "tpm-crb");
  EXPECT_TRUE(config.headless && config.use_default_display);
  EXPECT_EQ(config.display + config.vga, "sdlqxl");
  EXPECT_EQ(config.vnc.bind_address, "0.0.0.0");
  EXPECT_TRUE(config.vnc.use_password && config.qmp_enable);
  EXPECT_EQ(config.vnc.password, "geheim");
  EXPECT_EQ(config.vnc.port_min, 5950);
  EXPECT_EQ(config.vnc.port_max, 5960);
  EXPECT_EQ(config.qmp_socket_path, "/run/q.sock");
  EXPECT_EQ(config.qemuargs, (std::vector<std::vector<std::string>>{{"-m", "1G"}}));
}

TEST_F(QemuOptionsTest, NetworkMediaAndTyping) {
  const QemuConfig config = decode(
      {{"iso_url", text("http://a/x.iso")},
       {"iso_checksum", text("none")},
       {"ssh_username", text("root")},
       {"ssh_password", text("packer")},
       {"net_device", text("e1000")},
       {"net_bridge", text("br0")},
       {"skip_nat_mapping", yes_},
       {"host_port_min", Value::number(3000)},
       {"host_port_max", Value::number(3100)},
       {"http_directory", text("www")},
       {"http_port_min", Value::number(8100)},
       {"http_port_max", Value::number(8200)},
       {"http_bind_address", text("127.0.0.1")},
       {"http_network_protocol", text("tcp4")},
       {"boot_wait", text("7s")},
       {"boot_steps", lists({{"<enter>", "go"}, {"x"}})},
       {"boot_key_interval", text("5ms")},
       {"boot_keygroup_interval", text("1s")},
       {"floppy_files", string_list({"answer"})},
       {"floppy_dirs", string_list({"www"})},
       {"floppy_content", string_map({{"a", "b"}})},
       {"floppy_label", text("F")},
       {"cd_files", string_list({"answer"})},
       {"cd_content", string_map({{"c", "d"}})},
       {"cd_label", text("cidata")},
       {"shutdown_command", text("poweroff")},
       {"shutdown_timeout", text("2m")}});
  EXPECT_EQ(config.net_device, "e1000");
  EXPECT_EQ(config.net_bridge, "br0");
  EXPECT_TRUE(config.skip_nat_mapping && config.qmp_enable);
  EXPECT_EQ(config.host_port_min, 3000);
  EXPECT_EQ(config.host_port_max, 3100);
  EXPECT_EQ(config.http.directory, "www");
  EXPECT_EQ(config.http.port_min, 8100);
  EXPECT_EQ(config.http.port_max, 8200);
  EXPECT_EQ(config.http.bind_address, "127.0.0.1");
  EXPECT_EQ(config.http.network_protocol, "tcp4");
  EXPECT_EQ(config.boot.wait, std::chrono::seconds(7));
  ASSERT_EQ(config.boot.pieces.size(), 2U);
  EXPECT_EQ(config.boot.pieces[0].description, "go");
  EXPECT_EQ(config.boot.key_interval, std::chrono::milliseconds(5));
  EXPECT_EQ(config.boot.keygroup_interval, std::chrono::seconds(1));
  EXPECT_TRUE(config.boot.keygroup_interval_given);
  EXPECT_EQ(config.floppy.files.size() + config.floppy.directories.size(), 2U);
  EXPECT_EQ(config.floppy.content.at("a"), "b");
  EXPECT_EQ(config.floppy.label, "F");
  EXPECT_EQ(config.cd.files, std::vector<std::string>{"answer"});
  EXPECT_EQ(config.cd.content.at("c"), "d");
  EXPECT_EQ(config.cd.label, "cidata");
  EXPECT_EQ(config.shutdown.command, "poweroff");
  EXPECT_EQ(config.shutdown.timeout, std::chrono::minutes(2));
}

TEST_F(QemuOptionsTest, OldNamesAndAlternatives) {
  const Value::Map least = {{"iso_url", text("http://a/x.iso")},
                            {"iso_checksum", text("none")},
                            {"ssh_username", text("root")},
                            {"ssh_password", text("packer")}};
  Value::Map options = least;
  options["ssh_host_port_min"] = Value::number(3300);
  options["ssh_host_port_max"] = Value::number(3400);
  options["http_content"] = string_map({{"/a", "b"}});
  options["http_interface"] = text("lo");
  options["boot_command"] = string_list({"a", "b"});
  const QemuConfig config = decode(options);
  EXPECT_EQ(config.host_port_min, 3300);
  EXPECT_EQ(config.host_port_max, 3400);
  EXPECT_EQ(config.http.content.at("/a"), "b");
  EXPECT_EQ(config.http.interface, "lo");
  ASSERT_EQ(config.boot.pieces.size(), 1U);
  EXPECT_EQ(config.boot.pieces[0].keys, "ab");
  options = least;
  options["disable_vnc"] = yes_;
  EXPECT_TRUE(decode(options).boot.disable_vnc);
}

}  // namespace
}  // namespace farm::builders::platform_qemu
