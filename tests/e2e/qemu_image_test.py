"""Real machines in QEMU under TCG: the example templates built by `farmctl build`, and their JSON forms
by packer too. The provisioned file is read out of the finished disk image; manifest and builder id
must be those of packer."""

import json
import os
import shutil
import time
import unittest

import manifest
from case import Case, PACKER
from media import EXAMPLES, Image, base_disk, installer_iso

# One build, on an idle machine well under; other tests and compilers may run beside this one.
LIMIT = 90 * max(1, round(os.getloadavg()[0] / (os.cpu_count() or 1)))


class QemuImage(Case):
    def build(self, program, example, variable, medium, template):
        """Builds a copy of the example in its own folder; (folder, what the program printed)."""
        self.work = self.path("work-" + program)
        shutil.copytree(os.path.join(EXAMPLES, example), self.work)
        start = time.monotonic()
        done = getattr(self, program)(
            "build", "-machine-readable", "-var", "%s=%s" % (variable, medium),
            "-var", "accelerator=tcg", template, deadline=2 * LIMIT)
        self.good(done)
        print("%s %s: %.1f s" % (program, template, time.monotonic() - start), flush=True)
        return self.work, done, time.monotonic() - start

    def check(self, kind, name, folder, done):
        """The image boots from what was asked for: the provisioner's file is in it."""
        document = manifest.load(os.path.join(folder, "packer-manifest.json"))
        entry = document["builds"][0]
        self.assertEqual((entry["name"], entry["builder_type"]), (name, "qemu"))
        self.assertEqual(len(entry["files"]), 1)
        path = os.path.join(folder, entry["files"][0]["name"])
        self.assertEqual(os.path.getsize(path), entry["files"][0]["size"])
        image = Image(self, path, kind)
        self.assertEqual(image.read("/etc/motd"), "built by farm\n")
        self.assertEqual(image.format()["format"], "qcow2")
        self.listing = {folder: image.names(folder) for folder in ("/", "/etc", "/root", "/tmp", "/home")}
        targets = manifest.artifacts(done.out)
        self.assertEqual(len(targets), 1)
        self.assertEqual(next(iter(targets.values()))[0]["builder-id"], "transcend.qemu")
        os.unlink(image.root)
        os.unlink(path)
        return document, targets

    def farmctl_alone(self, kind, name, example, variable, medium):
        folder, done, took = self.build("farmctl", example, variable, medium, "image.pkr.hcl")
        self.check(kind, name, folder, done)
        self.assertLess(took, LIMIT)
        self.assertEqual(self.processes(), {})
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def both(self, kind, name, example, variable, medium):
        """Manifests and artifacts of the two programs from the same JSON template."""
        results = {}
        for program in ("farmctl", "packer"):
            folder, done, _ = self.build(program, example, variable, medium, "image.json")
            document, targets = self.check(kind, name, folder, done)
            builds = manifest.stable(document)
            for build in builds:
                for file in build["files"]:
                    del file["size"]  # how full a disk image is differs from boot to boot
            results[program] = (builds, targets, self.listing)
        ours, theirs = results["farmctl"], results["packer"]
        self.assertEqual(ours[0], theirs[0])
        # Names, modes and owners of what the build touched, and of what it left behind.
        self.assertEqual(ours[2], theirs[2])
        # What we show as TYPE.NAME, as later versions do, packer 1.6 shows as NAME.
        self.assertEqual(list(ours[1].values()), list(theirs[1].values()))

    def test_disk_image(self):
        self.farmctl_alone("disk", "base", "qemu-disk-image", "disk", base_disk())

    def test_iso(self):
        self.farmctl_alone("iso", "tiny", "qemu-iso", "iso", installer_iso())

    @unittest.skipUnless(PACKER, "packer is not installed (ops/deps --peer)")
    def test_disk_image_like_packer(self):
        self.both("disk", "base", "qemu-disk-image", "disk", base_disk())

    @unittest.skipUnless(PACKER, "packer is not installed (ops/deps --peer)")
    def test_iso_like_packer(self):
        self.both("iso", "tiny", "qemu-iso", "iso", installer_iso())


if __name__ == "__main__":
    unittest.main()
