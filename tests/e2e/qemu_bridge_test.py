"""A machine on a network bridge, in network and mount namespaces of the test's own: the guest is found
by its MAC address, fetches from the HTTP server over the bridge, and is provisioned there. Needs root."""

import os
import shutil
import unittest

from case import BIN, Case
from media import base_disk

SETUP = """
set -e
ip link set lo up
ip link add farm0 type bridge
ip addr add 10.0.2.2/24 dev farm0
ip link set farm0 up
mkdir "$1/up" "$1/over"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/up,workdir=$1/over" /etc
mkdir -p /etc/qemu
echo "allow farm0" >/etc/qemu/bridge.conf
"""
# The guest has a fixed address and says nothing by itself: somebody must speak to it first.
GREET = 'while sleep 0.5; do timeout 1 bash -c "echo >/dev/tcp/10.0.2.15/22" || true; done >/dev/null 2>&1 &\n'
TEMPLATE = """
source "qemu" "bridged" {
  iso_url          = "%s"
  iso_checksum     = "none"
  disk_image       = true
  use_backing_file = true
  skip_resize_disk = true
  accelerator      = "tcg"
  headless         = true
  memory           = 256
  net_bridge       = "farm0"
  http_content     = { "/hello" = "over the bridge" }
  boot_wait        = "-1s"
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "4m"
  shutdown_command = "sync; echo o > /proc/sysrq-trigger"
}
build {
  sources = ["source.qemu.bridged"]
  provisioner "shell" {
    inline_shebang = "/bin/bash -e"
    inline = ["exec 3<>/dev/tcp/$PACKER_HTTP_IP/$PACKER_HTTP_PORT",
      "printf 'GET /hello HTTP/1.0\\\\r\\\\n\\\\r\\\\n' >&3", "cat <&3"]
  }
}
"""


class Bridge(Case):
    def run_inside(self, script, deadline):
        return self.run_program(["unshare", "-n", "-m", "bash", "-c", script, "inside", self.dir],
                                deadline=deadline)

    def test_machine_on_a_bridge(self):
        if not os.access("/usr/lib/qemu/qemu-bridge-helper", os.X_OK) or shutil.which("ip") is None:
            self.skipTest("qemu-bridge-helper or ip is not installed")
        tried = self.run_inside(SETUP, 20)
        if tried.code != 0:
            self.skipTest("no bridge can be made here: " + tried.err.strip()[-200:])
        for name in ("up", "over"):
            shutil.rmtree(self.path(name))
        self.write("t.pkr.hcl", TEMPLATE % base_disk())
        done = self.good(self.run_inside(
            SETUP + GREET + "cd %s; %s build t.pkr.hcl; code=$?; kill %%1; exit $code" % (
                self.work, os.path.join(BIN, "farmctl")), 400))
        self.assertIn("Waiting for the guest address to become available in the farm0 network bridge", done.out)
        self.assertIn("HTTP: GET /hello 200 (15 bytes) for 10.0.2.15", done.out)
        self.assertIn("bridged: over the bridge", done.out)


if __name__ == "__main__":
    unittest.main()
