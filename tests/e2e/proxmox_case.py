"""ProxmoxCase: a simulated Proxmox cluster, guests behind its machines, and templates to build."""

import os
import socket
import sys
import textwrap

from case import Case, SOURCE
from local_farm import SshServer

sys.path.insert(0, os.path.join(SOURCE, "tests", "simulators", "proxmox"))
from server import Fault, Simulator  # noqa: E402  pylint: disable=wrong-import-position

__all__ = ["Fault", "ProxmoxCase", "SshGuest", "host_address"]


def host_address():
    """An address of this machine that is not loopback: guest agents never report loopback."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return probe.getsockname()[0]
    except OSError:
        return None
    finally:
        probe.close()


class SshGuest:
    """A guest that is this machine's sshd; its agent speaks after `silent` questions."""

    def __init__(self, address, silent=0, network=None):
        self.address, self.silent, self.network = address, silent, network

    def interfaces(self):
        if self.silent > 0:
            self.silent -= 1
            return None
        if self.network is not None:
            return self.network
        return [{"name": "lo", "ip-addresses": [
                    {"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}]},
                {"name": "eth0", "hardware-address": "bc:24:11:00:00:01", "ip-addresses": [
                    {"ip-address": "fe80::1", "ip-address-type": "ipv6", "prefix": 64},
                    {"ip-address": self.address, "ip-address-type": "ipv4", "prefix": 24}]}]

    def key(self, chord):
        pass

    def power_down(self):
        pass

    def stop(self):
        pass


class ProxmoxCase(Case):
    VERSION = "8.4"

    def setUp(self):
        super().setUp()
        self.address = host_address()
        if self.address is None:
            self.skipTest("this machine has no address besides loopback")
        self.simulator = Simulator(self.VERSION)
        self.addCleanup(self.simulator.close)
        self.cluster = self.simulator.cluster
        self.sshd = SshServer(self, "0.0.0.0")
        self.cluster.make_guest = lambda cluster, machine: SshGuest(self.address)
        self.env["SSL_CERT_FILE"] = self.simulator.certificate
        self.put_iso("local", "installer.iso", b"boot me")

    def put_iso(self, storage, name, data):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(data)
        return self.cluster.keep_iso("pve", storage, name, path)

    def access(self, token=True):
        who = ('username = "root@pam!packer"\n  token = "%s"' % self.simulator.tokens[
            "root@pam!packer"] if token else 'username = "root@pam"\n  password = "secret"')
        return 'proxmox_url = "%s"\n  %s' % (self.simulator.url, who)

    def communicator(self):
        return textwrap.dedent("""\
            ssh_username = "%s"
              ssh_private_key_file = "%s"
              ssh_port = %d
              ssh_timeout = "60s"\
            """) % (self.user(), self.sshd.key, self.sshd.port)

    @staticmethod
    def user():
        import pwd
        return pwd.getpwuid(os.geteuid()).pw_name

    BOOT_ISO = """boot_iso {
    iso_file = "local:iso/installer.iso"
    unmount  = true
  }"""

    def template(self, kind="proxmox-iso", body="", token=True, provision="true", access=None,
                 communicator=None, boot_iso=None):
        """A template of one source with the usual minimum and `body`."""
        first = ((boot_iso or self.BOOT_ISO) if kind == "proxmox-iso" else "")
        return self.write("t.pkr.hcl", """
source "%s" "t" {
  %s
  node = "pve"
  %s
  %s
  %s
}
build {
  sources = ["source.%s.t"]
  provisioner "shell" {
    inline = ["%s"]
  }
}
""" % (kind, self.access(token) if access is None else access, first, communicator or self.communicator(), body, kind,
       provision))

    def build(self, *words, deadline=120, **options):
        return self.farmctl("build", *words, "t.pkr.hcl", deadline=deadline, **options)

    def source_template(self, vmid=9000, name="base"):
        """A template that is on the cluster already."""
        from cluster import Machine
        self.cluster.volumes["local-lvm:base-%d-disk-0" % vmid] = {
            "size": 4 << 30, "vmid": vmid, "node": "pve"}
        machine = Machine("pve", vmid, {
            "name": name, "template": "1", "memory": "512", "agent": "1", "ostype": "l26",
            "net0": "virtio=BC:24:11:00:00:02,bridge=vmbr0", "boot": "order=scsi0",
            "scsi0": "local-lvm:base-%d-disk-0,size=4G" % vmid, "scsihw": "virtio-scsi-pci"})
        self.cluster.machines[vmid] = machine
        return machine

    def nothing_left(self, machines=(), isos=("local:iso/installer.iso",)):
        """No machine, volume or ISO but the named ones, and no request the server had to refuse."""
        self.cluster.advance()
        self.assertEqual(sorted(self.cluster.machines), sorted(machines))
        self.assertEqual(self.cluster.iso_volumes(), sorted(isos))
        strays = [name for name, volume in self.cluster.volumes.items()
                  if volume["vmid"] is not None and volume["vmid"] not in machines]
        self.assertEqual(strays, [])

    def no_refusals(self):
        self.assertEqual(self.simulator.refusals, [])


