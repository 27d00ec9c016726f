"""proxmox-iso and proxmox-clone against a simulated Proxmox VE that refuses whatever the official
description refuses: the straight ways, both versions, both ways to log in."""

import hashlib
import os
import unittest

from proxmox_case import ProxmoxCase, SshGuest


class Straight:
    """What is run against both versions."""

    def finished(self, vmid=100):
        machine = self.cluster.machines[vmid]
        self.assertTrue(machine.is_template)
        self.assertFalse(machine.running)
        return machine

    def test_iso(self):
        self.template(body="""
  vm_name       = "tiny"
  template_name = "tiny-template"
  template_description = "made by farm"
  tags          = "linux;small"
  boot_wait     = "-1s"
  boot_command  = ["<esc>install Url=<leftShiftOn>x<leftShiftOff><enter>"]
  cloud_init    = true
  cloud_init_storage_pool = "local-lvm"
  network_adapters {
    model  = "virtio"
    bridge = "vmbr0"
  }
  disks {
    type         = "scsi"
    storage_pool = "local-lvm"
    disk_size    = "5000M"
  }
""", provision="echo provisioned on $PACKER_BUILDER_TYPE")
        done = self.good(self.build())
        self.assertIn("provisioned on proxmox-iso", done.out)
        self.assertIn("A template was created: 100", done.out)
        machine = self.finished()
        self.assertEqual(machine.config["name"], "tiny-template")
        self.assertEqual(machine.config["description"], "made by farm")
        self.assertEqual(machine.config["tags"], "linux;small")
        self.assertEqual(machine.config["ide0"], "local-lvm:vm-100-cloudinit,media=cdrom")
        self.assertNotIn("ide2", machine.config)
        self.assertIn("size=5000M", machine.config["scsi0"])
        self.assertEqual(machine.keys, ["esc"] + list("install") + ["spc", "shift-u", "r", "l",
                                                                    "equal", "shift-x", "ret"])
        self.no_refusals()

    def test_clone(self):
        self.source_template()
        self.template("proxmox-clone", """
  clone_vm   = "base"
  vm_name    = "copy"
  vm_id      = 321
  full_clone = false
  pool       = "images"
  nameserver = "9.9.9.9 149.112.112.112"
  searchdomain = "example.org"
  ipconfig {
    ip      = "10.0.0.5/24"
    gateway = "10.0.0.1"
  }
  network_adapters {
    model       = "virtio"
    bridge      = "vmbr0"
    mac_address = "repeatable"
  }
""")
        self.good(self.build())
        machine = self.finished(321)
        clone, = self.simulator.calls("POST", "/9000/clone$")
        self.assertEqual({key: clone[2][key] for key in ("newid", "full", "name", "target", "pool")},
                         {"newid": "321", "full": "0", "name": "copy", "target": "pve",
                          "pool": "images"})
        change, = self.simulator.calls("PUT", "/321/config$")
        self.assertEqual(change[2]["nameserver"], "9.9.9.9 149.112.112.112")
        self.assertEqual(change[2]["ipconfig0"], "ip=10.0.0.5/24,gw=10.0.0.1")
        self.assertEqual(change[2]["net0"], "virtio=00:18:59:00:28:20,bridge=vmbr0")
        # The build's own cloud-init settings are gone from the template.
        self.assertFalse({"ciuser", "sshkeys", "ipconfig0", "nameserver"} & set(machine.config))
        self.no_refusals()


class Proxmox8(Straight, ProxmoxCase):
    VERSION = "8.4"

    def test_ticket(self):
        """A ticket of user and password: CSRF token on writes, renewal when it has ended."""
        self.template(token=False, body='vm_name = "tiny"')
        expired = []

        def expire(method, path):
            if path.endswith("/status/start") and not expired:
                expired.append(path)
                self.simulator.expire_tickets()
        self.simulator.observer = expire
        self.good(self.build())
        self.finished()
        self.assertEqual(self.simulator.logins, ["password", "password"])
        self.no_refusals()

    def test_skip_convert_and_node_choice(self):
        self.cluster.nodes["big"] = {"maxmem": 1 << 40, "mem": 0, "online": True}
        self.cluster.nodes["gone"] = {"maxmem": 1 << 41, "mem": 0, "online": False}
        path = self.template(body="skip_convert_to_template = true")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace('node = "pve"', ""))
        done = self.good(self.build())
        self.assertIn("Node: big (1048576 MiB of memory free)", done.out)
        self.assertIn("A VM was created: 100", done.out)
        machine = self.cluster.machines[100]
        self.assertEqual((machine.node, machine.running, machine.is_template), ("big", True, False))

    def test_uploads_and_downloads(self):
        """The boot ISO from here, one that the node fetches, one made of files."""
        data = os.urandom(3 << 20)
        with open(self.path("work", "big.iso"), "wb") as file:
            file.write(data)
        url = "http://mirror.example/other.iso"
        self.simulator.downloads[url] = b"other"
        self.template(boot_iso="""boot_iso {
    type = "sata"
    iso_url = "big.iso"
    iso_checksum = "sha256:%s"
    iso_storage_pool = "local"
    unmount = true
    keep_cdrom_device = true
  }
  additional_iso_files {
    type = "scsi"
    index = "5"
    iso_urls = ["http://mirror.example/gone.iso", "%s"]
    iso_checksum = "%s"
    iso_storage_pool = "local"
    iso_download_pve = true
  }
  additional_iso_files {
    cd_content = { "user-data" = "#cloud-config" }
    cd_label = "cidata"
    iso_storage_pool = "local"
    unmount = true
  }
  task_timeout = "30s"
""" % (hashlib.sha256(data).hexdigest(), url, hashlib.sha256(b"other").hexdigest()))
        self.cluster.task_seconds = 0.05
        done = self.good(self.build())
        machine = self.finished()
        self.assertEqual(machine.config["sata0"], "none,media=cdrom")
        self.assertEqual(machine.config["scsi5"], "local:iso/other.iso,media=cdrom")
        self.assertNotIn("ide0", machine.config)
        self.assertIn("gone.iso", done.out + done.err)
        with open(self.cluster.volumes["local:iso/big.iso"]["path"], "rb") as file:
            self.assertEqual(file.read(), data)
        # The CD made of files is gone again; ISOs from URLs stay for the next build.
        self.nothing_left([100], ["local:iso/installer.iso", "local:iso/big.iso",
                                  "local:iso/other.iso"])
        self.no_refusals()

    def test_force(self):
        self.template(body='vm_name = "tiny"\n  vm_id = 150')
        self.good(self.build())
        done = self.build()
        self.assertEqual(done.code, 1, done)
        self.assertIn("already exists", done.text)
        self.assertIn("-force", done.text)
        self.cluster.machines[150].managed = True
        self.good(self.build("-force"))
        self.finished(150)
        self.assertEqual(len(self.simulator.calls("DELETE", "/cluster/ha/resources/150")), 1)
        self.cluster.machines[150].config.pop("template")
        done = self.build("-force")
        self.assertEqual(done.code, 1, done)
        self.assertIn("is not a template, so it is not deleted", done.text)
        self.nothing_left([150])

    def test_guest_agent(self):
        """Silent at first, then with two interfaces; vm_interface chooses, IPv6 too."""
        network = [{"name": "eth1", "ip-addresses": [{"ip-address": "203.0.113.9",
                                                      "ip-address-type": "ipv4"}]},
                   {"name": "eth0", "ip-addresses": [{"ip-address": self.address,
                                                      "ip-address-type": "ipv4"}]}]
        self.cluster.make_guest = lambda cluster, machine: SshGuest(self.address, 2, network)
        self.template(body='vm_interface = "eth0"')
        self.good(self.build())
        self.assertGreaterEqual(len(self.simulator.calls("GET", "network-get-interfaces")), 3)
        self.finished()


class Proxmox9(Straight, ProxmoxCase):
    VERSION = "9.1"


if __name__ == "__main__":
    unittest.main()
