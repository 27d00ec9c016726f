"""The example media (a small Debian disk, an installation CD), made once and cached, and reading
files out of the disk images that builds made of them."""

import json
import os
import subprocess

from case import SOURCE

EXAMPLES = os.path.join(SOURCE, "ops", "examples")
ROOT_SECTOR = {"disk": 83968, "iso": 51200}


def medium(script):
    """The path of what ops/examples/media/`script` makes; made now unless cached."""
    done = subprocess.run([os.path.join(EXAMPLES, "media", script)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=570)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (script, done.stderr.decode(errors="replace")[-2000:]))
    return done.stdout.decode().strip().splitlines()[-1]


def base_disk():
    return medium("base-disk.sh")


def installer_iso():
    return medium("installer-iso.sh")


class Image:
    """The root file system of a built disk image, read without mounting it."""

    def __init__(self, case, path, kind):
        self.case = case
        self.path = path
        raw = case.path("image-%s.raw" % os.path.basename(os.path.dirname(path)))
        case.good(case.run_program(["qemu-img", "convert", "-O", "raw", path, raw], deadline=120))
        self.root = raw + ".root"
        start = ROOT_SECTOR[kind] * 512
        case.good(case.run_program(["dd", "if=" + raw, "of=" + self.root, "bs=512", "conv=sparse",
                                    "skip=%d" % (start // 512), "status=none"], deadline=120))
        os.unlink(raw)

    def read(self, path):
        done = self.case.good(self.case.run_program(
            ["debugfs", "-R", "cat " + path, self.root], env={"DEBUGFS_PAGER": "cat"}))
        return done.out

    def names(self, folder):
        """(name, mode, owner, group) of what is in a folder; nothing when there is no such folder."""
        done = self.case.good(self.case.run_program(
            ["debugfs", "-R", "ls -p " + folder, self.root], env={"DEBUGFS_PAGER": "cat"}))
        rows = [line.strip("/").split("/") for line in done.out.splitlines() if line.startswith("/")]
        return sorted((row[4], row[1], row[2], row[3]) for row in rows if len(row) >= 5)

    def format(self):
        done = self.case.good(self.case.run_program(
            ["qemu-img", "info", "--output=json", self.path]))
        return json.loads(done.out)
