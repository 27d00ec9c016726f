"""One Proxmox build with a real guest: the machine is created by the API, QEMU boots its CD, the boot
command is typed, the installer fetches its answers over HTTP, the address comes from the agent
endpoint, ssh provisions, and a template is left. And the example, built in the same cluster."""

import os
import shutil
import unittest

from local_farm import free_ports
from media import EXAMPLES, ROOT_SECTOR, installer_iso
from proxmox_case import ProxmoxCase
from qemu_guest import QemuGuest


class ProxmoxImage(ProxmoxCase):
    def test_real_guest(self):
        port = free_ports(1)[0]
        guests = []

        def make(cluster, machine):
            guests.append(QemuGuest(cluster, machine, self.address, port, self.env))
            return guests[-1]
        self.cluster.make_guest = make
        shutil.copytree(os.path.join(EXAMPLES, "qemu-iso", "http"), os.path.join(self.work, "http"))
        self.template(body="""vm_name = "tiny"
  bios   = "seabios"
  memory = 256
  disks {
    type         = "virtio"
    storage_pool = "local-lvm"
    disk_size    = "256M"
  }
  network_adapters {
    model  = "virtio"
    bridge = "vmbr0"
  }
  http_directory    = "http"
  http_bind_address = "%s"
  boot_wait         = "3s"
  boot_key_interval = "10ms"
  boot_command      = ["install url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh<enter>"]
  task_timeout      = "5m"
""" % self.address, boot_iso="""boot_iso {
    iso_url          = "%s"
    iso_checksum     = "none"
    iso_storage_pool = "local"
    unmount          = true
  }""" % installer_iso(), communicator="""ssh_username = "root"
  ssh_password = "packer"
  ssh_port     = %d
  ssh_timeout  = "10m"
""" % port, provision="echo built by farm > /etc/motd; sync")
        done = self.good(self.build(deadline=500))
        self.assertIn("A template was created: 100", done.out)
        machine = self.cluster.machines[100]
        self.assertTrue(machine.is_template)
        self.assertEqual(machine.config["virtio0"], "local-lvm:base-100-disk-0,aio=io_uring,"
                                                    "cache=none,replicate=0,size=256M")
        self.no_refusals()
        self.assertIsNotNone(guests[0].process.poll())
        # What the provisioner wrote is on the disk.
        root = self.path("root.img")
        self.good(self.run_program(["dd", "if=" + guests[0].disk, "of=" + root, "bs=512",
                                    "conv=sparse", "skip=%d" % ROOT_SECTOR["iso"],
                                    "status=none"]))
        shown = self.good(self.run_program(["debugfs", "-R", "cat /etc/motd", root],
                                           env={"DEBUGFS_PAGER": "cat"}))
        self.assertEqual(shown.out, "built by farm\n")

    def test_example(self):
        """Unchanged but for what only a real installation has: the guest's port and user."""
        self.work = self.path("example")
        shutil.copytree(os.path.join(EXAMPLES, "proxmox-ubuntu"), self.work)
        self.good(self.farmctl("validate", "."))
        self.put_iso("local", "ubuntu-24.04.3-live-server-amd64.iso", b"ubuntu")
        text = self.read("ubuntu-server.pkr.hcl")
        start, end = text.index("    inline = ["), text.index("    ]\n") + 6
        self.write("ubuntu-server.pkr.hcl", (text[:start] + '    inline = ["true"]\n' + text[end:])
                   .replace('boot_wait      = "10s"', 'boot_wait = "-1s"')
                   .replace('<wait>', '')
                   .replace('ssh_username = "ubuntu"', self.communicator())
                   .replace("  ssh_password = var.ssh_password\n", "")
                   .replace('  ssh_timeout  = "40m"\n', ""))
        done = self.good(self.farmctl(
            "build", "-var", "proxmox_url=" + self.simulator.url, "-var",
            "proxmox_token=" + self.simulator.tokens["root@pam!packer"], ".", deadline=120))
        self.assertIn("Node: pve", done.out)
        machine = self.cluster.machines[100]
        self.assertTrue(machine.is_template)
        self.assertEqual(machine.config["tags"], "ubuntu;template")
        self.assertTrue(machine.config["description"].startswith("Ubuntu Server 24.04, built 2"))
        self.assertEqual(machine.config["ide0"], "local-lvm:vm-100-cloudinit,media=cdrom")
        self.assertNotIn("ide2", machine.config)
        typed = [key for key in machine.keys]
        self.assertEqual(typed[:2] + typed[-1:], ["esc", "e", "f10"])
        self.no_refusals()


if __name__ == "__main__":
    unittest.main()
