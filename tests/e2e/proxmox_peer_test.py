"""The simulated cluster is judged by clients that are not ours: Debian's packer 1.6 builds the same
template in it, and the requests of both are compared, each difference with its reason; proxmoxer
drives every operation that the builders use."""

import json
import os
import sys
import time
import unittest

from case import needs_packer
from proxmox_case import ProxmoxCase, SshGuest

SYSTEM_PYTHON = "/usr/bin/python3"

# Requests that only one of the two makes, and why. (method, path) of a build of machine 105.
ONLY_FARM = {
    ("GET", "/version"): "ciupgrade exists from Proxmox 8 on; packer 1.6 knows no such option",
    ("GET", "/nodes/pve/qemu/105/config"): "the machine's UUID goes into the ledger; 1.6 reads the "
                                           "settings only where it changes drives",
    ("GET", "/nodes/pve/qemu/9000/config"): "slots that the source's disks hold are kept free",
    ("GET", "/nodes/pve/tasks"): "cleanup waits for a creation that still runs",
    ("PUT", "/nodes/pve/qemu/105/config"): "a clone's hardware is changed at once, without a task",
}
ONLY_PACKER = {
    ("POST", "/nodes/pve/storage/local-lvm/content"): "1.6 allocates volumes itself; the server "
                                                      "does it on creation",
    ("GET", "/cluster/resources"): "1.6 looks the machine up by its id before each change",
}


def calls(journal):
    """Requests without polling, in their order."""
    return [(method, path, values) for method, path, values in journal
            if "/tasks/" not in path and "network-get-interfaces" not in path]


class Peer(ProxmoxCase):
    def source(self, kind, **more):
        source = {
            "type": kind, "proxmox_url": self.simulator.url, "username": "root@pam",
            "password": "secret", "insecure_skip_tls_verify": True, "node": "pve",
            "vm_name": "tiny", "vm_id": 105, "template_name": "tiny-template",
            "template_description": "made", "memory": 1024, "cores": 2, "sockets": 1,
            "os": "l26", "scsi_controller": "virtio-scsi-pci", "qemu_agent": True,
            "network_adapters": [{"model": "virtio", "bridge": "vmbr0",
                                  "mac_address": "52:54:00:12:34:56", "vlan_tag": "7"}],
            "vga": {"type": "std", "memory": 32},
            "ssh_username": self.user(), "ssh_private_key_file": self.sshd.key,
            "ssh_port": self.sshd.port, "ssh_timeout": "40s"}
        source.update(more)
        return source

    def build_with(self, program, source):
        self.simulator.journal.clear()
        self.cluster.machines.pop(105, None)
        self.cluster.volumes = {name: volume for name, volume in self.cluster.volumes.items()
                                if volume["vmid"] != 105}
        # 1.6 takes the first address of any kind.
        self.cluster.make_guest = lambda cluster, machine: SshGuest(self.address, 0, [
            {"name": "eth0", "ip-addresses": [{"ip-address": self.address,
                                               "ip-address-type": "ipv4"}]}])
        template = self.write("t.json", json.dumps({
            "builders": [source], "provisioners": [{"type": "shell", "inline": ["echo here"]}]}))
        done = self.good(getattr(self, program)("build", template, deadline=120))
        self.assertIn("A template was created: 105", done.out)
        self.no_refusals()
        machine = self.cluster.machines[105]
        return calls(self.simulator.journal), dict(machine.config), list(machine.keys)

    def both(self, kind, **more):
        """For each program: (requests, settings of the template, keys typed)."""
        return (self.build_with("farmctl", self.source(kind, **more)),
                self.build_with("packer", self.source(kind, **more)))

    def compare_order(self, ours, theirs):
        """The requests both make come in the same order. Settings are changed in other portions: a
        clone gets its hardware by PUT here and by POST there, the last changes are one call here and
        two there, and only we remove the build's cloud-init settings before the conversion."""
        def shared(journal, other):
            known = {(method, path) for method, path, _ in other}
            return [(method, path) for method, path, _ in journal
                    if (method, path) in known and method != "GET" and not path.endswith("/config")]
        self.assertEqual(shared(ours, theirs), shared(theirs, ours))
        mine = {(method, path) for method, path, _ in ours}
        yours = {(method, path) for method, path, _ in theirs}
        self.assertEqual(sorted(mine - yours - set(ONLY_FARM)), [])
        self.assertEqual(sorted(yours - mine - set(ONLY_PACKER)), [])

    def values_of(self, journal, method, path):
        found = [values for one, where, values in journal if (one, where) == (method, path)]
        self.assertTrue(found, "%s %s" % (method, path))
        return found[0]

    def differences(self, ours, theirs):
        def ordered(value):
            """Property strings come in another order each time packer makes one."""
            return None if value is None else ",".join(sorted(value.split(",")))
        return {name: (ordered(ours.get(name)), ordered(theirs.get(name)))
                for name in sorted(set(ours) | set(theirs))
                if ordered(ours.get(name)) != ordered(theirs.get(name))}

    @needs_packer
    def test_iso(self):
        (ours, our_config, our_keys), (theirs, their_config, their_keys) = self.both(
            "proxmox-iso", iso_file="local:iso/installer.iso", unmount_iso=True, boot_wait="1s",
            boot_command=["aB7<spacebar>-:/<leftCtrlOn>x<leftCtrlOff><f5><enter>"],
            disks=[{"type": "scsi", "storage_pool": "local-lvm", "storage_pool_type": "lvm-thin",
                    "disk_size": "4G", "format": "raw"}])
        self.assertEqual(our_keys, their_keys)
        self.compare_order(ours, theirs)
        create = "/nodes/pve/qemu"
        found = self.differences(self.values_of(ours, "POST", create),
                                 self.values_of(theirs, "POST", create))
        mark = found["tags"][0].split(";")[1]
        self.assertEqual(found, {
            # By these a machine is found again when everything was killed.
            "tags": ("farm;" + mark, None),
            "description": ("Packer ephemeral build VM\n\n" + mark, "Packer ephemeral build VM"),
            # Later versions have a cache mode (default none), name the kind of asynchronous access
            # and let the server allocate the volume.
            "scsi0": ("aio=io_uring,cache=none,format=raw,local-lvm:4,replicate=0",
                      "file=local-lvm:vm-105-disk-0,format=raw,iothread=false,media=disk,size=4G"),
            # What is off is left out.
            "net0": ("bridge=vmbr0,tag=7,virtio=52:54:00:12:34:56",
                     "bridge=vmbr0,firewall=false,tag=7,virtio=52:54:00:12:34:56"),
        })
        # unmount_iso empties the drive in 1.6 and removes it in later versions.
        self.same_template(our_config, their_config, {"ide2": (None, "media=cdrom,none")})

    @needs_packer
    def test_clone(self):
        self.source_template()
        (ours, our_config, _), (theirs, their_config, _) = self.both(
            "proxmox-clone", clone_vm="base", full_clone=True)
        self.compare_order(ours, theirs)
        found = self.differences(self.values_of(ours, "POST", "/nodes/pve/qemu/9000/clone"),
                                 self.values_of(theirs, "POST", "/nodes/pve/qemu/9000/clone"))
        self.assertEqual(set(found), {"description"})
        # 1.6 leaves the build's own key in the template.
        keys = {name: (None, their_config[name]) for name in ("ciuser", "sshkeys")}
        self.same_template(our_config, their_config, keys)
        sent = self.values_of(ours, "PUT", "/nodes/pve/qemu/105/config")
        self.assertEqual((sent["ciuser"], sent["sshkeys"].split("%20")[:2]),
                         (their_config["ciuser"], their_config["sshkeys"].split("%20")[:2]))

    def same_template(self, ours, theirs, explained):
        """What is left on the cluster, but for what every machine has of its own."""
        own = {"smbios1", "vmgenid", "meta", "scsi0", "net0"}
        found = {name: values for name, values in self.differences(ours, theirs).items()
                 if name not in own}
        self.assertEqual(found, explained)
        for name in ("scsi0", "net0"):
            self.assertEqual(ours[name].split(",")[0], theirs[name].split(",")[0])

    def test_proxmoxer(self):
        """In the system's Python, for which Debian packages it."""
        done = self.run_program([SYSTEM_PYTHON, "-c", "import proxmoxer"])
        if done.code != 0:
            self.skipTest("python3-proxmoxer is not installed (ops/deps --peer)")
        self.simulator.downloads["http://mirror.example/b.iso"] = b"b"
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxmoxer_client.py")
        for who in ("ticket", "token"):
            with self.subTest(who):
                self.simulator.journal.clear()
                self.good(self.run_program([SYSTEM_PYTHON, script, str(self.simulator.port),
                                            self.simulator.certificate, who]))
                self.no_refusals()
                self.nothing_left()
        driven = {(method, self.simulator.description.find(method, path)[0]["path"])
                  for method, path, _ in self.simulator.journal
                  if not path.startswith(("/access", "/cluster/ha"))}
        used = self.used_by_the_builders()
        self.assertEqual(sorted(used - driven), [])

    def used_by_the_builders(self):
        """Operations of a build that uses everything, and of its undoing."""
        self.source_template()
        self.simulator.journal.clear()
        for kind in ("proxmox-iso", "proxmox-clone"):
            self.template(kind, """vm_name = "x"
  boot_wait = "-1s"
  boot_command = ["a"]
  task_timeout = "1s"
  disks {
    storage_pool = "local-lvm"
    disk_size = "4500M"
  }
  additional_iso_files {
    cd_content = { "a" = "b" }
    iso_storage_pool = "local"
    unmount = true
  }
  additional_iso_files {
    iso_url = "http://mirror.example/b.iso"
    iso_checksum = "none"
    iso_storage_pool = "local"
    iso_download_pve = true
  }
""" + ('  clone_vm = "base"\n' if kind == "proxmox-clone" else ""))
            self.good(self.build())
        self.write("t.pkr.hcl", self.read("t.pkr.hcl").replace('node = "pve"', "").replace(
            '"true"', '"false"'))
        self.assertEqual(self.build().code, 1)
        self.write("t.pkr.hcl", self.read("t.pkr.hcl").replace("1s", "2s"))
        self.cluster.task_faults = {"qmclone": "hang"}
        self.assertEqual(self.build().code, 1)
        self.cluster.task_faults = {}
        return {(method, self.simulator.description.find(method, path)[0]["path"])
                for method, path, _ in self.simulator.journal
                if not path.startswith(("/access", "/cluster/ha"))}


if __name__ == "__main__":
    unittest.main()
