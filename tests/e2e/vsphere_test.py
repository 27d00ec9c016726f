"""vSphere builders against a vCenter simulator that refuses what the official interface description
refuses: whole builds from an ISO and from a template, and the requests their options cause."""

import hashlib
import json
import os
import re
import unittest

from case import SOURCE
from local_farm import SshServer
from vcenter import VsphereCase

EVERYTHING = """
  vm_name       = "made"
  folder        = "images/linux"
  cluster       = "DC0_C0"
  host          = "DC0_C0_H0"
  resource_pool = "DC0_C0_RP1"
  datastore_cluster = "DC0_POD0"
  datacenter    = "DC0"
  set_host_for_datastore_uploads = false
  vm_version    = 19
  guest_os_type = "ubuntu64Guest"
  notes         = "made by a test & kept"
  firmware      = "efi-secure"
  CPUs = 4
  cpu_cores = 2
  CPU_reservation = 100
  CPU_limit = 2000
  CPU_hot_plug = true
  RAM = 2048
  RAM_reserve_all = true
  RAM_hot_plug = true
  video_ram = 8192
  displays = 2
  vgpu_profile = "grid_a100"
  pci_passthrough_allowed_device {
    vendor_id = "0x10de"
    device_id = "1db6"
    sub_vendor_id = "10de"
    sub_device_id = "0"
  }
  NestedHV = true
  force_bios_setup = true
  vTPM = true
  precision_clock = "ptp"
  vbs_enabled = true
  vvtd_enabled = true
  disk_controller_type = ["pvscsi", "nvme", "sata", "lsilogic-sas"]
  storage {
    disk_size = 1024
    disk_thin_provisioned = true
  }
  storage {
    disk_size = 2048
    disk_eagerly_scrub = true
    disk_controller_index = 1
  }
  network_adapters {
    network = "VM Network"
    network_card = "vmxnet3"
    mac_address = "00:50:56:AA:BB:CC"
    passthrough = true
  }
  network_adapters {
    network = "DC0_DVPG0"
    network_card = "e1000e"
  }
  usb_controller = ["usb", "xhci"]
  cdrom_type = "sata"
  iso_paths = ["[LocalDS_0] tools/extra.iso"]
  iso_url = "tiny.iso"
  iso_checksum = "CHECKSUM"
  remote_cache_datastore = "LocalDS_0"
  remote_cache_path = "cache/isos"
  cd_content = { "meta-data" = "x" }
  cd_label = "cidata"
  floppy_content = { "answers.txt" = "yes" }
  floppy_label = "answers"
  floppy_img_path = "[LocalDS_0] tools/driver.flp"
  configuration_parameters = { "guestinfo.answer" = "42" }
  tools_sync_time = true
  tools_sync_time_periodically = true
  tools_upgrade_policy = true
  boot_order = "cdrom,disk,ethernet,floppy"
  boot_wait = "-1s"
  boot_command = ["<esc>Ab <leftCtrlOn>c<leftCtrlOff>{{ .Name }} {{ .HTTPPort }}<enter><rightAlt>"]
  http_content = { "/a" = "b" }
  http_ip = "192.0.2.7"
  ip_wait_timeout = "30s"
  ip_settle_timeout = "1s"
  ip_wait_address = "127.0.0.0/8"
  ssh_port = PORT
  ssh_username = "USER"
  ssh_private_key_file = "KEY"
  shutdown_timeout = "20s"
  reattach_cdroms = 2
  remove_network_adapter = true
  create_snapshot = true
  snapshot_name = "clean"
  convert_to_template = true
  export {
    name = "image"
    image_files = true
    manifest = "sha512"
    output_directory = "out"
    directory_permission = "0755"
    options = ["mac", "uuid"]
  }
"""


class Iso(VsphereCase):
    def test_every_option_causes_its_request(self):
        server = SshServer(self)
        import pwd
        with open(os.path.join(self.work, "tiny.iso"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        text = (EVERYTHING.replace("PORT", str(server.port), 1).replace("KEY", server.key)
                .replace("USER", pwd.getpwuid(os.geteuid()).pw_name)
                .replace("CHECKSUM", "sha256:" + digest))
        text = text.replace("{{ .HTTP%d }}" % server.port, "{{ .HTTPPort }}")
        self.build_body = '  provisioner "shell" {\n    inline = ["echo I am $PACKER_BUILD_NAME"]\n  }\n'
        self.source("vsphere-iso", text)
        done = self.good(self.build(deadline=90))
        self.assertIn("I am x", done.text)
        self.assertIn("IP address: 127.0.0.1", done.text)
        self.assertNotIn("secret", done.text)
        self.check_creation()
        self.check_hardware()
        self.check_media(digest)
        self.check_end()

    def check_creation(self):
        created, = self.vcenter.bodies("CreateVM_Task")
        for part in (
                "<name>made</name><version>vmx-19</version>", "<guestId>ubuntu64Guest</guestId>",
                "<annotation>made by a test &amp; kept</annotation>", "<vmPathName>[LocalDS_1]",
                'xsi:type="ParaVirtualSCSIController"', 'xsi:type="VirtualNVMEController"',
                'xsi:type="VirtualAHCIController"', 'xsi:type="VirtualLsiLogicSASController"',
                "<thinProvisioned>true</thinProvisioned><eagerlyScrub>false",
                "<thinProvisioned>false</thinProvisioned><eagerlyScrub>true",
                "<controllerKey>-102</controllerKey><unitNumber>0</unitNumber>"
                "<capacityInKB>2097152<", 'xsi:type="VirtualVmxnet3"', 'xsi:type="VirtualE1000e"',
                "<deviceName>VM Network</deviceName>", "<addressType>manual</addressType>"
                "<macAddress>00:50:56:aa:bb:cc</macAddress><uptCompatibilityEnabled>true",
                "<portgroupKey>dvportgroup-", 'xsi:type="VirtualUSBController"',
                'xsi:type="VirtualUSBXHCIController"', "<key>farm.build</key>",
                "<efiSecureBootEnabled>true", "<firmware>efi</firmware>", '<pool type="ResourcePool">',
                '<host type="HostSystem">'):
            self.assertIn(part, created)
        recommended, = self.vcenter.bodies("RecommendDatastores")
        self.assertIn('<storagePod type="StoragePod">', recommended)
        folders = self.vcenter.bodies("CreateFolder")
        self.assertEqual(len(folders), 2)
        self.assertIn("<name>linux</name>", folders[1])

    def check_hardware(self):
        changes = self.vcenter.bodies("ReconfigVM_Task")
        self.assertRegex(
            changes[0],
            "<numCPUs>4</numCPUs><numCoresPerSocket>2</numCoresPerSocket><memoryMB>2048</memoryMB>"
            "<memoryHotAddEnabled>true</memoryHotAddEnabled><cpuHotAddEnabled>true")
        for part in ("<videoRamSizeInKB>8192</videoRamSizeInKB><numDisplays>2</numDisplays>",
                     "<vgpu>grid_a100</vgpu>",
                     "<allowedDevice><vendorId>4318</vendorId><deviceId>7606</deviceId>"
                     "<subVendorId>4318</subVendorId><subDeviceId>0</subDeviceId>",
                     "<cpuAllocation><reservation>100</reservation><limit>2000</limit>",
                     "<bootOptions><enterBIOSSetup>true</enterBIOSSetup><efiSecureBootEnabled>true",
                     "<memoryReservationLockedToMax>true", "<nestedHVEnabled>true"):
            self.assertIn(part, changes[0])
        text = "\n".join(changes)
        for part in ('xsi:type="VirtualTPM"', "<protocol>ptp</protocol>",
                     "<flags><vvtdEnabled>true</vvtdEnabled><vbsEnabled>true",
                     '<key>guestinfo.answer</key><value xsi:type="xsd:string">42',
                     "<tools><toolsUpgradePolicy>upgradeAtPowerCycle</toolsUpgradePolicy>"
                     "<syncTimeWithHostAllowed>true</syncTimeWithHostAllowed><syncTimeWithHost>true"):
            self.assertIn(part, text)
        order = [body for body in changes if "<bootOrder" in body]
        self.assertRegex(order[0], "BootableCdromDevice.*BootableDiskDevice.*BootableDiskDevice.*"
                         "BootableEthernetDevice.*BootableFloppyDevice")

    def check_media(self, digest):
        name = hashlib.sha1(("sha256:" + digest).encode()).hexdigest() + ".iso"
        uploads = [entry["object"] for entry in self.vcenter.calls("PUT /folder")]
        self.assertEqual(len(uploads), 3, uploads)
        self.assertRegex(uploads[0], r"/folder/cache/isos/%s\..*\.part\?dcPath=%%2FDC0&dsName=LocalDS_0"
                         % name)
        self.assertRegex(uploads[1], r"/folder/cache/isos/farm-.*-made\.iso")
        self.assertRegex(uploads[2], r"/folder/made/farm-.*\.flp\?.*dsName=LocalDS_1")
        # The CD made of cd_content holds what is this build's alone; the ISO stays for the next.
        self.assert_nothing_left(["/DC0/vm/images/linux/made"], ["[LocalDS_0] cache/isos/" + name])
        images = re.findall(r"VirtualCdromIsoBackingInfo\"><fileName>([^<]*)",
                            "".join(self.vcenter.bodies("ReconfigVM_Task")))
        self.assertEqual(images[0], "[LocalDS_0] cache/isos/" + name)
        self.assertEqual(images[1], "[LocalDS_0] tools/extra.iso")
        self.assertIn("-made.iso", images[2])
        floppies = re.findall(r"VirtualFloppyImageBackingInfo\"><fileName>([^<]*)",
                              "".join(self.vcenter.bodies("ReconfigVM_Task")))
        self.assertEqual(floppies[1], "[LocalDS_0] tools/driver.flp")

    def check_end(self):
        machine = self.vcenter.machines()["/DC0/vm/images/linux/made"]
        self.assertTrue(machine["template"])
        self.assertEqual(machine["snapshots"], ["clean"])
        self.assertEqual(machine["extra"]["farm.build"], "")
        devices = machine["devices"]
        self.assertEqual(devices.count("VirtualCdrom"), 2)
        for gone in ("VirtualFloppy", "VirtualVmxnet3", "VirtualE1000e"):
            self.assertNotIn(gone, devices)
        self.assertEqual(machine["keys"][0], str(0x29 << 16 | 7))
        self.assertEqual(machine["keys"][1:5], [
            str(0x04 << 16 | 7) + "+leftShift", str(0x05 << 16 | 7), str(0x2C << 16 | 7),
            str(0x06 << 16 | 7) + "+leftControl"])
        self.assertEqual(machine["keys"][-2:], [str(0x28 << 16 | 7), str(0xE6 << 16 | 7)])
        files = sorted(os.listdir(os.path.join(self.work, "out")))
        self.assertEqual(files, ["image-disk-0.vmdk", "image-disk-1.vmdk", "image-machine.nvram",
                                 "image.mf", "image.ovf"])
        for line in self.read("out/image.mf").splitlines():
            file, digest = re.fullmatch(r"SHA512\((.*)\)= ([0-9a-f]{128})", line).groups()
            with open(os.path.join(self.work, "out", file), "rb") as content:
                self.assertEqual(hashlib.sha512(content.read()).hexdigest(), digest)
        described, = self.vcenter.bodies("CreateDescriptor")
        self.assertIn("<exportOption>mac</exportOption><exportOption>uuid</exportOption>", described)
        self.assertEqual(list(self.vcenter.state()["leases"].values()), ["completed"])
        self.assertEqual(self.vcenter.journal()[-1]["method"], "Logout")

    def test_an_iso_that_is_there_is_neither_fetched_nor_uploaded_again(self):
        self.source("vsphere-iso", self.ISO)
        self.good(self.build())
        self.assertEqual(len(self.vcenter.calls("PUT /folder")), 1)
        os.unlink(os.path.join(self.work, "tiny.iso"))
        again = self.build()
        self.assertNotEqual(again.code, 0)
        self.assertIn("made already exists, you can use -force flag to destroy it", again.text)
        done = self.good(self.build("-force"))
        self.assertIn("already exists; skipping download", done.text)
        self.assertEqual(len(self.vcenter.calls("PUT /folder")), 1)
        self.assertEqual(sorted(self.vcenter.machines()), ["/DC0/vm/made"])
        # The caches on both sides can be told to be made anew, and to be emptied after.
        with open(os.path.join(self.work, "tiny.iso"), "wb") as file:
            file.write(b"another")
        self.source("vsphere-iso", self.ISO + "  remote_cache_overwrite = true\n"
                    "  local_cache_overwrite = true\n  remote_cache_cleanup = true\n")
        self.good(self.build("-force"))
        self.assertEqual(len(self.vcenter.calls("PUT /folder")), 2)
        self.assert_nothing_left(["/DC0/vm/made"])

    def test_two_machines_of_one_image_side_by_side(self):
        one = self.connection() + self.ISO
        self.write("t.pkr.hcl", 'source "vsphere-iso" "a" {\n%s}\nsource "vsphere-iso" "b" {\n%s}\n'
                   'build {\n  sources = ["source.vsphere-iso.a", "source.vsphere-iso.b"]\n}\n'
                   % (one, one.replace('"made"', '"made2"')))
        self.vcenter.fault(method="PUT /folder", action="delay", delay_ms=700, count=2)
        self.good(self.build())
        self.assertEqual(sorted(self.vcenter.machines()), ["/DC0/vm/made", "/DC0/vm/made2"])
        images = [file for file in self.vcenter.files() if "packer_cache/" in file]
        self.assertEqual(len(images), 1, images)

    def test_uploads_may_go_to_the_host(self):
        self.source("vsphere-iso", self.ISO + "  set_host_for_datastore_uploads = true\n"
                    "  destroy = true\n")
        self.good(self.build())
        ticket, = self.vcenter.bodies("AcquireGenericServiceTicket")
        self.assertIn("<method>httpPut</method>", ticket)
        upload, = self.vcenter.calls("PUT /folder")
        self.assertIn("dcPath=ha-datacenter", upload["object"])
        self.assertEqual(self.vcenter.machines(), {})

    def test_exports_can_be_packed(self):
        """With a stand-in for ovftool, which is not free to install."""
        self.env["VMWARE_STANDIN"] = self.folder("standin")
        text = self.ISO + '  export {\n    output_format = "ova"\n    manifest = "sha1"\n  }\n'
        self.source("vsphere-iso", text)
        failed = self.build()
        self.assertIn("needs ovftool in the PATH", failed.text)
        self.assertEqual(self.vcenter.machines(), {})
        self.env["PATH"] = "%s:%s" % (os.path.join(SOURCE, "tests", "simulators", "vmware"),
                                      self.env["PATH"])
        self.good(self.build())
        self.assertEqual(os.listdir(os.path.join(self.work, "output-x")), ["made.ova"])
        with open(self.path("standin", "journal")) as file:
            self.assertIn('"--acceptAllEulas", "--shaAlgorithm=sha1"', file.read())
        # What is there stays unless it may be replaced.
        self.vcenter.clear()
        self.source("vsphere-iso", text.replace('"made"', '"made"\n  folder = "other"'))
        taken = self.build()
        self.assertIn("made.ova already exists; 'force = true' in the export block", taken.text)
        self.source("vsphere-iso", text.replace("export {", "export {\n    force = true"))
        self.good(self.build("-force"))

    def test_content_libraries(self):
        library = self.vcenter.library("images")
        destination = """
  content_library_destination {
    library = "images"
    ovf = true
    name = "item"
    description = "an item"
    ovf_flags = ["EXTRA_CONFIG"]
    destroy = true
  }
"""
        self.source("vsphere-iso", self.ISO + destination)
        self.good(self.build())
        created, = self.vcenter.bodies("ovf.create")
        body = json.loads(created)
        self.assertEqual(body["create_spec"], {"name": "item", "description": "an item",
                                               "flags": ["EXTRA_CONFIG"]})
        self.assertEqual(body["source"]["type"], "VirtualMachine")
        self.assertEqual(body["target"], {"library_id": library})
        self.assertEqual(self.vcenter.machines(), {})
        # The same name again updates the item.
        self.good(self.build())
        again = json.loads(self.vcenter.bodies("ovf.create")[1])
        self.assertIn("library_item_id", again["target"])

        destination = """
  content_library_destination {
    library = "images"
    name = "vmtx"
    folder = "images"
    host = "DC0_H0"
    datastore = "LocalDS_0"
  }
"""
        self.source("vsphere-iso", self.ISO + '  folder = "images"\n' + destination)
        self.good(self.build())
        spec = json.loads(self.vcenter.bodies("vmtx.create")[0])["spec"]
        self.assertEqual(spec["name"], "vmtx")
        self.assertEqual(spec["description"], "Packer imported made VM template")
        self.assertTrue(spec["placement"]["host"].startswith("host-"))
        self.assertTrue(spec["placement"]["folder"].startswith("folder-"))
        self.assertIn("LocalDS_0", spec["vm_home_storage"]["datastore"])
        self.assertIn("/DC0/vm/images/made", self.vcenter.machines())
        self.source("vsphere-iso", self.ISO + destination.replace("name =", "skip_import = true\n name ="))
        self.assertIn("skip_import", self.good(self.build("-force")).text)
        self.source("vsphere-iso", self.ISO + destination.replace('"images"', '"none"'))
        missing = self.build("-force")
        self.assertIn("content library 'none' not found; there are: images", missing.text)


class OpenHost(VsphereCase):
    """A cluster whose hosts are not chosen by the server."""

    VCENTER = ("-without-drs",)

    def test_the_host_with_most_memory_is_taken(self):
        self.source("vsphere-iso", self.ISO.replace('host          = "DC0_H0"',
                                                    'cluster       = "DC0_C0"'))
        done = self.good(self.build())
        self.assertRegex(done.out, r"Host: DC0_C0_H1 \(\d+ MiB of memory free\)")
        self.assertIn('type="HostSystem"', self.vcenter.bodies("CreateVM_Task")[0])


if __name__ == "__main__":
    unittest.main()
