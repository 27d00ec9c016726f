#include "builders/platforms/qemu/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "builders/core/config_check.h"
#include "builders/platforms/qemu/accelerator.h"
#include "builders/platforms/qemu/step_wait_guest_address.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::platform_qemu {
namespace {

using testing::string_list;
using value::Value;

class QemuConfigTest : public testing::BuildFixture {
 protected:
  // A valid minimum, changed by `options`.
  QemuConfig decode(const Value::Map& options) {
    Value::Map all = {{"iso_url", Value::string("http://mirror/debian.iso")},
                      {"iso_checksum", Value::string("md5:" + std::string(32, '0'))},
                      {"ssh_username", Value::string("root")},
                      {"ssh_password", Value::string("packer")},
                      {"headless", Value::boolean(true)}};
    for (const auto& [name, option] : options) all[name] = option;
    findings_ = {};
    return QemuConfig::decode(Value::object(std::move(all)), prepare_context(), findings_);
  }
  static Vm machine(const QemuConfig& config) {
    Vm vm;
    vm.accelerator = "kvm";
    vm.headless = config.headless;
    vm.iso = "cache/debian.iso";
    vm.disks = {config.output_directory + "/" + config.vm_name};
    vm.host_port = 3333;
    vm.guest_port = 22;
    vm.vnc_port = 5907;
    vm.efi_vars = "output-base/efivars.fd";
    vm.tpm_socket = "/t/vtpm.sock";
    return vm;
  }
  std::string line(const Value::Map& options,
                   const std::function<void(Vm&)>& change = {}) {
    const QemuConfig config = decode(options);
    EXPECT_TRUE(findings_.ok()) << findings_.text();
    Vm vm = machine(config);
    if (change) change(vm);
    return fmt::format("{}", fmt::join(command_line(config, vm, config.qemuargs), " "));
  }
  static Value arguments(const std::vector<std::vector<std::string>>& entries) {
    Value::List list;
    for (const auto& entry : entries) list.push_back(string_list(entry));
    return Value::list(value::Type::list(value::Type::string()), std::move(list));
  }
  Findings findings_;
};

constexpr const char* kHead = "-name packer-base -machine type=pc,accel=kvm -m 512M -smp 1 ";
constexpr const char* kNet = "-netdev user,id=user.0,hostfwd=tcp:127.0.0.1:3333-:22 ";
constexpr const char* kDisk =
    "-drive file=output-base/packer-base,if=virtio,cache=writeback,discard=ignore,format=qcow2 ";
constexpr const char* kCd = "-drive file=cache/debian.iso,media=cdrom ";
constexpr const char* kNic = "-device virtio-net,netdev=user.0";

TEST_F(QemuConfigTest, WholeCommandLines) {
  const std::string vnc = "-vnc 127.0.0.1:7 ";
  EXPECT_EQ(line({}), std::string(kHead) + "-boot once=d " + kNet + vnc + kDisk + kCd + kNic);
  EXPECT_EQ(line({{"disk_image", Value::boolean(true)}}),
            std::string(kHead) + "-boot c " + kNet + vnc + kDisk + kNic);
  EXPECT_EQ(line({{"headless", Value::boolean(false)}, {"vga", Value::string("std")}}),
            std::string(kHead) + "-boot once=d " + kNet + vnc + "-display gtk -vga std " + kDisk +
                kCd + kNic);
  EXPECT_EQ(line({{"disable_vnc", Value::boolean(true)}}),
            std::string(kHead) + "-boot once=d " + kNet + "-display none " + kDisk + kCd + kNic);
  EXPECT_EQ(
      line({{"efi_boot", Value::boolean(true)}}),
      std::string(kHead) + kNet + vnc + kDisk + kCd +
          "-drive file=/usr/share/OVMF/OVMF_CODE.fd,if=pflash,unit=0,format=raw,readonly=on "
          "-drive file=output-base/efivars.fd,if=pflash,unit=1,format=raw " +
          kNic);
  EXPECT_EQ(line({{"vtpm", Value::boolean(true)}}),
            std::string(kHead) + "-boot once=d " + kNet + vnc + kDisk + kCd + kNic +
                " -chardev socket,id=vtpm,path=/t/vtpm.sock -tpmdev emulator,id=tpm0,chardev=vtpm "
                "-device tpm-tis,tpmdev=tpm0");
  EXPECT_EQ(line({{"disk_interface", Value::string("virtio-scsi")},
                  {"disk_detect_zeroes", Value::string("unmap")}}),
            std::string(kHead) + "-boot once=d " + kNet + vnc +
                "-device virtio-scsi-pci,id=scsi0 -device scsi-hd,bus=scsi0.0,drive=drive0 "
                "-drive if=none,file=output-base/packer-base,id=drive0,cache=writeback,"
                "discard=ignore,format=qcow2,detect-zeroes=unmap " +
                kCd + kNic);
  EXPECT_EQ(line({{"communicator", Value::string("none")}}, [](Vm& vm) { vm.host_port = 0; }),
            std::string(kHead) + "-boot once=d -netdev user,id=user.0 " + vnc + kDisk + kCd + kNic);
}

TEST_F(QemuConfigTest, ArgumentsReplaceAllDefaultsOfTheirFlag) {
  const std::string given = line({{"qemuargs", arguments({{"-m", "2048"},
                                                          {"-device", "virtio-rng-pci"},
                                                          {"-device", "usb", "-ehci"},
                                                          {"-nographic"},
                                                          {"-serial", "stdio"}})}});
  EXPECT_EQ(given, std::string("-name packer-base -machine type=pc,accel=kvm -m 2048 -smp 1 "
                               "-boot once=d ") +
                       kNet + "-vnc 127.0.0.1:7 " + kDisk + kCd +
                       "-device virtio-rng-pci -device usb-ehci -device virtio-net,netdev=user.0 "
                       "-nographic -serial stdio");
  const std::string named =
      line({{"qemuargs", arguments({{"-device", "virtio-net,netdev=user.0,mac=1"}})}});
  EXPECT_TRUE(named.ends_with(" -device virtio-net,netdev=user.0,mac=1")) << named;
  const std::string accel = line({{"qemuargs", arguments({{"-accel", "tcg"}})}});
  EXPECT_NE(accel.find("-machine type=pc -m"), std::string::npos) << accel;
}

TEST_F(QemuConfigTest, SmpOption) {
  struct Case {
    CpuOptions cpu;
    const char* option;
  };
  const Case cases[] = {{{0, 0, 0, 0}, "1"},
                        {{4, 0, 0, 0}, "4"},
                        {{0, 2, 0, 0}, "2,sockets=2"},
                        {{0, 2, 3, 2}, "12,sockets=2,cores=3,threads=2"},
                        {{4, 2, 3, 0}, "4,sockets=2,cores=3"},
                        {{64, 0, 4, 0}, "4,cores=4"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.option);
    EXPECT_EQ(smp_option(c.cpu), c.option);
  }
}

TEST_F(QemuConfigTest, DefaultsAndForcedOptions) {
  QemuConfig config = decode({});
  EXPECT_TRUE(findings_.ok()) << findings_.text();
  EXPECT_EQ(config.vm_name, "packer-base");
  EXPECT_EQ(config.output_directory, "output-base");
  EXPECT_EQ(config.disk.size, "40960M");
  EXPECT_FALSE(config.qmp_enable);
  config = decode({{"vnc_use_password", Value::boolean(true)}});
  EXPECT_TRUE(config.qmp_enable);
  EXPECT_EQ(config.qmp_socket_path, "output-base/packer-base.monitor");
  config = decode({{"format", Value::string("raw")}, {"disk_compression", Value::boolean(true)}});
  EXPECT_TRUE(config.disk.skip_compaction);
  EXPECT_FALSE(config.disk.compression);
  EXPECT_EQ(decode({{"disk_size", Value::string("20000")}}).disk.size, "20000M");
  EXPECT_EQ(decode({{"memory", Value::number(4)}}).memory, 512);
}

TEST_F(QemuConfigTest, FindingsUsersMeet) {
  struct Case {
    const char* name;
    Value::Map options;
    const char* error;
  };
  const auto text = [](const char* string) { return Value::string(string); };
  const Value yes = Value::boolean(true);
  const Case cases[] = {
      {"size", {{"disk_size", text("12 G")}}, "Invalid disk size: disk_size \"12 G\""},
      {"format", {{"format", text("vmdk")}}, "invalid format, only 'qcow2' or 'raw' are allowed"},
      {"backing", {{"use_backing_file", yes}},
       "use_backing_file can only be enabled for QCOW2 images and when disk_image is true"},
      {"resize", {{"skip_resize_disk", yes}},
       "skip_resize_disk can only be used when disk_image is true"},
      {"vnc low", {{"vnc_port_min", Value::number(5000)}}, "vnc_port_min cannot be below 5900"},
      {"host ports", {{"host_port_min", Value::number(5000)}},
       "host_port_min must be less than host_port_max"},
      {"cpus", {{"cpus", Value::number(-1)}}, "cpus must be between 0 and 65535"},
      {"both boots",
       {{"boot_command", string_list({"x"})}, {"boot_steps", arguments({{"y", "type y"}})}},
       "boot_command and boot_steps cannot be used together"},
      {"vnc off", {{"boot_command", string_list({"x"})}, {"disable_vnc", yes}},
       "A boot command cannot be used when vnc is disabled."},
      {"both urls", {{"iso_urls", string_list({"http://a/b.iso"})}},
       "Only one of iso_url or iso_urls may be specified."},
      {"s3", {{"iso_url", text("s3::https://b/a.iso")}},
       "iso_url: downloads by s3:// are not supported (http, https, ftp, ftps, file and plain "
       "paths are): s3::https://b/a.iso"},
      {"unix http", {{"http_network_protocol", text("unix")}},
       "http_network_protocol: unix is not supported (guests reach the server by TCP only)"},
      {"password", {{"vnc_password", text("123456789")}},
       "vnc_password must not be longer than 8 characters"},
      {"wait", {{"boot_command", string_list({"<wait0>"})}},
       "boot_command: <wait0>: a wait must be longer than zero"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    decode(c.options);
    ASSERT_EQ(findings_.errors.size(), 1U) << findings_.text();
    EXPECT_EQ(findings_.errors[0], c.error);
  }
}

TEST_F(QemuConfigTest, ExistingOutputDirectoryIsFound) {
  ASSERT_TRUE(io::make_directories(root_ + "/work/output-base"));
  decode({});
  ASSERT_EQ(findings_.errors.size(), 1U);
  EXPECT_EQ(findings_.errors[0], "output directory 'output-base' already exists. It must not exist.");
}

TEST(Neighbour, NeedsACompleteEntryOnTheBridge) {
  const char* table =
      "IP address       HW type     Flags       HW address            Mask     Device\n"
      "192.168.1.4      0x1         0x0         52:54:00:12:34:56     *        br0\n"
      "192.168.1.5      0x1         0x2         52:54:00:12:34:56     *        br1\n"
      "192.168.1.6      0x1         0x2         52:54:00:12:34:56     *        br0\n";
  EXPECT_EQ(find_neighbour(table, "52:54:00:12:34:56", "br0").value_or(""), "192.168.1.6");
  EXPECT_FALSE(find_neighbour(table, "52:54:00:12:34:57", "br0").has_value());
  EXPECT_FALSE(find_neighbour("", "52:54:00:12:34:56", "br0").has_value());
}

TEST(Accelerator, ProbeFirmwareBeginsAtTheResetVector) {
  const std::string image = probe_firmware();
  ASSERT_EQ(image.size(), 64U << 10);
  EXPECT_EQ(image.substr(image.size() - 16, 3), "\xE9\x0D\xFF");
}

}  // namespace
}  // namespace farm::builders::platform_qemu
