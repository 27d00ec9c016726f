"""Secure boot with the qemu builder: Debian's firmware with Microsoft's keys starts Debian's signed shim,
GRUB and kernel from a disk image; the kernel says whether it was verified. Without the signed packages
the test says so and skips."""

import glob
import os
import subprocess
import unittest

from tiny_guest import TinyGuestCase

OVMF = "/usr/share/OVMF/"
SHIM = "/usr/lib/shim/shimx64.efi.signed"
GRUB = "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t securityfs none /sys/kernel/security
/bin/busybox mount -t devtmpfs none /dev
{ /bin/busybox dmesg | /bin/busybox grep secureboot; /bin/busybox cat /sys/kernel/security/lockdown
} > /dev/ttyS0
/bin/busybox poweroff -f
"""


def kernel():
    found = sorted(glob.glob("/boot/vmlinuz-*-cloud-amd64"))
    return found[-1] if found else None


@unittest.skipUnless(os.path.exists(SHIM) and os.path.exists(GRUB) and kernel(),
                     "needs shim-signed, grub-efi-amd64-signed and linux-image-cloud-amd64")
class QemuSecureBoot(TinyGuestCase):
    def initramfs(self):
        root = self.folder("root")
        for name in ("bin", "proc", "sys", "dev"):
            os.mkdir(os.path.join(root, name))
        self.guest.run("cp", "/bin/busybox", os.path.join(root, "bin"))
        with open(os.path.join(root, "init"), "w") as file:
            file.write(INIT)
        os.chmod(os.path.join(root, "init"), 0o755)
        path = self.path("initrd")
        with open(path, "wb") as file:
            subprocess.run("find . | cpio -o -H newc --quiet", shell=True, cwd=root, stdout=file,
                           check=True, timeout=60)
        return path

    def system_partition(self):
        """A disk that is one FAT file system, as firmware takes it for a removable medium."""
        disk = self.path("system.img")
        with open(disk, "wb") as file:
            file.truncate(64 << 20)
        self.guest.run("/sbin/mkfs.vfat", "-F", "16", disk)
        self.guest.run("mmd", "-i", disk, "::EFI", "::EFI/BOOT", "::EFI/debian")
        menu = self.write("grub.cfg", "linux /vmlinuz console=ttyS0\ninitrd /initrd\nboot\n")
        for source, target in ((SHIM, "EFI/BOOT/BOOTX64.EFI"), (GRUB, "EFI/BOOT/grubx64.efi"),
                               (kernel(), "vmlinuz"), (self.initramfs(), "initrd"),
                               (menu, "EFI/debian/grub.cfg")):
            self.guest.run("mcopy", "-i", disk, source, "::" + target)
        return disk

    def test_signed_boot(self):
        serial = self.path("serial")
        self.build({"signed": {
            "iso_url": self.system_partition(), "disk_image": True, "skip_resize_disk": True,
            "format": "raw", "memory": 1024, "cpu_model": "max", "machine_type": "q35",
            "efi_firmware_code": OVMF + "OVMF_CODE_4M.ms.fd",
            "efi_firmware_vars": OVMF + "OVMF_VARS_4M.ms.fd", "net_device": "ne2k_pci,romfile=",
            "boot_command": None, "boot_wait": "-1s", "shutdown_timeout": "10m",
            "qemuargs": [["-serial", "file:" + serial]]}}, deadline=900)
        self.clean_after()
        with open(serial, errors="replace") as file:
            said = file.read()
        self.assertIn("secureboot: Secure boot enabled", said)
        self.assertIn("none [integrity] confidentiality", said)


if __name__ == "__main__":
    unittest.main()
