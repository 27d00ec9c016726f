"""A real unattended installation of Debian by `farmctl build` (see README.md): run by `ops/test
--installer`. The installed image is then started once more, without the CD, by a second build."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from case import Case  # noqa: E402
from media import installer_iso  # noqa: E402

AGAIN = """
source "qemu" "again" {
  iso_url          = "%s"
  iso_checksum     = "none"
  disk_image       = true
  use_backing_file = true
  disk_size        = "2G"
  accelerator      = "tcg"
  headless         = true
  memory           = 512
  boot_wait        = "-1s"
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "15m"
  shutdown_command = "systemctl poweroff"
}
build {
  sources = ["source.qemu.again"]
  provisioner "shell" {
    inline = ["cat /etc/motd", "systemctl is-system-running --wait || systemctl --failed"]
  }
}
"""


class Installer(Case):
    def test_debian(self):
        done = subprocess.run([os.path.join(HERE, "debian_root.sh")], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=1800, check=True)
        files = self.folder("files")
        shutil.copy(os.path.join(HERE, "http", "answer.sh"), files)
        os.symlink(done.stdout.decode().strip().splitlines()[-1], os.path.join(files, "root.tar"))
        iso = installer_iso()
        start = time.monotonic()
        built = self.farmctl("build", "-timestamp-ui", "-var", "iso=" + iso, "-var", "files=" + files,
                             os.path.join(HERE, "debian.pkr.hcl"), deadline=2400)
        print(built.out, self.read("serial.log")[-3000:], flush=True)
        self.good(built)
        print("Debian installed in %.0f s" % (time.monotonic() - start), flush=True)
        self.assertIn("Typing the boot commands over VNC...", built.out)
        self.assertRegex(built.out, r"HTTP: GET /answer.sh 200")
        self.assertRegex(built.out, r"HTTP: GET /root.tar 200")
        self.assertIn("system: Debian GNU/Linux", built.out)
        with open(os.path.join(self.work, "packer-manifest.json")) as file:
            image = json.load(file)["builds"][0]["files"][0]["name"]
        self.write("again.pkr.hcl", AGAIN % os.path.join(self.work, image))
        again = self.farmctl("build", "again.pkr.hcl", deadline=1500)
        print(again.out, flush=True)
        self.good(again)
        self.assertTrue(re.search(r"qemu.again: built by farm", again.out))


if __name__ == "__main__":
    unittest.main(verbosity=2)
