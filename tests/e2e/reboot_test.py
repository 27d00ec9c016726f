"""A machine that restarts in the middle of provisioning: a real Debian guest in QEMU under TCG is
rebooted by a shell provisioner with expect_disconnect; farmctl cleans up behind it and goes on over a
new connection."""

import json
import os
import time
import unittest

from case import Case
from media import Image, base_disk

REBOOT = ["cp /proc/sys/kernel/random/boot_id /etc/boot.first", "sync",
          "(sleep 1; echo b > /proc/sysrq-trigger) > /dev/null 2>&1 < /dev/null &", "sleep 120"]


class Reboot(Case):
    def template(self, provisioners):
        self.write("t.json", json.dumps({
            "builders": [{
                "type": "qemu", "name": "base", "iso_url": base_disk(), "iso_checksum": "none",
                "disk_image": True, "skip_resize_disk": True, "accelerator": "tcg", "headless": True,
                "memory": 256, "boot_wait": "-1s", "ssh_username": "root", "ssh_password": "packer",
                "ssh_timeout": "10m", "ssh_keep_alive_interval": "2s",
                "shutdown_command": "sync; echo o > /proc/sysrq-trigger"}],
            "provisioners": provisioners,
            "post-processors": [{"type": "manifest"}]}))

    def test_expected(self):
        self.write("kept.txt", "uploaded after the restart\n")
        self.template([
            {"type": "shell", "inline": REBOOT, "expect_disconnect": True, "pause_after": "1ms"},
            {"type": "file", "source": "kept.txt", "destination": "/etc/kept"},
            {"type": "shell", "inline": ["cp /proc/sys/kernel/random/boot_id /etc/boot.second"],
             "start_retry_timeout": "4m"}])
        begin = time.monotonic()
        self.good(self.farmctl("build", "t.json", deadline=480))
        print("build with a restart: %.1f s" % (time.monotonic() - begin), flush=True)
        with open(os.path.join(self.work, "packer-manifest.json")) as file:
            path = json.load(file)["builds"][0]["files"][0]["name"]
        image = Image(self, os.path.join(self.work, path), "disk")
        first, second = image.read("/etc/boot.first"), image.read("/etc/boot.second")
        self.assertRegex(first, r"^[0-9a-f-]{36}\n$")
        self.assertRegex(second, r"^[0-9a-f-]{36}\n$")
        self.assertNotEqual(first, second)
        self.assertEqual(image.read("/etc/kept"), "uploaded after the restart\n")


if __name__ == "__main__":
    unittest.main()
