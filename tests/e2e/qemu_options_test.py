"""Every option of the qemu builder used for real, under TCG, with a guest of one sector: disks of all
interfaces and formats, media, firmware, vTPM, typing through the monitor and over VNC, screens,
crashes, machines left standing. What reached qemu is read from the debug log, what came of it from
the images."""

import http.server
import os
import re
import shutil
import signal
import socket
import struct
import threading
import time
import unittest
import zlib

from tiny_guest import TinyGuestCase, image_info, sectors, typed

OVMF = "/usr/share/OVMF/"
TEXT = "hello World ~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./ 0123456789 abcdefghijklmnopqrstuvwxyz"


class QemuOptions(TinyGuestCase):
    def test_disks(self):
        disks = {
            "raw": {"format": "raw", "disk_interface": "ide", "disk_additional_size": ["4M", "2M"],
                    "disk_cache": "unsafe", "disk_discard": "unmap", "disk_detect_zeroes": "unmap"},
            "scsi": {"disk_interface": "scsi", "disk_cache": "none", "disk_detect_zeroes": "on"},
            "sata": {"disk_interface": "sata", "disk_additional_size": ["1M"],
                     "disk_cache": "directsync", "machine_type": "q35"},
            "sd": {"disk_interface": "sd", "disk_cache": "writethrough"},
            "vscsi": {"disk_interface": "virtio-scsi", "cdrom_interface": "virtio-scsi",
                      "skip_compaction": True},
            "cdide": {"cdrom_interface": "ide", "disk_interface": "ide", "disk_compression": True,
                      "qemu_img_args": {"create": ["-o", "cluster_size=4096"],
                                        "convert": ["-o", "cluster_size=8192"]}},
        }
        done = self.build(disks)
        self.clean_after()
        lines = self.arguments(done)
        for name, options in disks.items():
            with self.subTest(name):
                kind = options.get("format", "qcow2")
                self.assertEqual(typed(self.image(name), kind), b"hello")
                info = image_info(self.image(name))
                self.assertEqual((info["format"], info["virtual-size"]), (kind, 8 << 20))
                line = lines["packer-" + name]
                self.assertIn("cache=" + options.get("disk_cache", "writeback"), line)
                self.assertIn("discard=" + options.get("disk_discard", "ignore"), line)
                zeroes = options.get("disk_detect_zeroes")
                self.assertEqual("detect-zeroes=%s" % zeroes in line, zeroes is not None)
                sizes = options.get("disk_additional_size", [])
                for number, size in enumerate(sizes, 1):
                    self.assertEqual(image_info(self.image(name, "-%d" % number))["virtual-size"],
                                     int(size[:-1]) << 20)
                self.assertEqual(len(os.listdir(os.path.dirname(self.image(name)))), 1 + len(sizes))
        self.assertEqual(image_info(self.image("cdide"))["cluster-size"], 8192)
        self.assertIn("==> qemu.vscsi: Waiting for shutdown", done.out)
        self.assertNotIn("==> qemu.vscsi: Converting hard drive", done.out)
        self.assertIn("==> qemu.cdide: Converting hard drive", done.out)

    def test_disk_images(self):
        image = {"disk_image": True}
        done = self.build({
            "copy": dict(image, iso_url=self.guest.qcow2, disk_size="6M"),
            "convert": dict(image, iso_url=self.guest.raw, skip_resize_disk=True),
            "keep": dict(image, iso_url=self.guest.raw, format="raw", disk_size="5M",
                         qemu_img_args={"resize": ["--preallocation=full"]}),
            "backing": dict(image, iso_url=self.guest.qcow2, use_backing_file=True, disk_size="9M"),
        })
        self.clean_after()
        sizes = {"copy": 6, "convert": 4, "keep": 5, "backing": 9}
        for name, size in sizes.items():
            with self.subTest(name):
                kind = "raw" if name == "keep" else "qcow2"
                self.assertEqual(typed(self.image(name), kind), b"hello")
                info = image_info(self.image(name))
                self.assertEqual((info["format"], info["virtual-size"]), (kind, size << 20))
        self.assertEqual(image_info(self.image("backing"))["backing-filename"], self.guest.qcow2)
        self.assertIn("-boot c ", self.arguments(done)["packer-copy"])
        # The source is nobody's to change.
        self.assertEqual(typed(self.guest.qcow2), b"")

    def test_machines(self):
        bios = "/usr/share/seabios/bios-256k.bin"
        monitor = self.path("monitor")
        machines = {
            "big": {"machine_type": "q35", "cpus": 2, "cores": 2, "sockets": 1, "threads": 1,
                    "cpu_model": "Nehalem", "memory": 48, "net_device": "e1000", "vga": "cirrus"},
            "bios": {"firmware": bios, "accelerator": "none", "vm_name": "named",
                     "output_directory": "elsewhere"},
            "flash": {"firmware": bios, "use_pflash": True, "qmp_enable": True,
                      "qmp_socket_path": monitor, "vnc_port_min": 5950, "vnc_port_max": 5990},
            "screen": {"headless": False, "display": "none", "use_default_display": True,
                       "vnc_bind_address": "0.0.0.0"},
            "steps": {"boot_command": None, "boot_keygroup_interval": "300ms",
                      "boot_steps": [["he", "first"], ["llo<wait1>", "second"], ["<enter>"]]},
            "none": {"accelerator": None, "qemuargs": [["-m", "40"], ["-rtc", "base=utc"]]},
        }
        done = self.build(machines)
        self.clean_after()
        lines = self.arguments(done)
        for name, expected in {
                "packer-big": ["-machine type=q35,accel=tcg ", "-smp 2,sockets=1,cores=2,threads=1 ",
                               "-cpu Nehalem ", "-m 48M ", "-device e1000,netdev=user.0", "-vga cirrus"],
                "named": ["-bios " + bios, "-machine type=pc "],
                "packer-flash": ["if=pflash,format=raw,readonly=on",
                                 "-qmp unix:%s,server=on,wait=off" % monitor],
                "packer-screen": ["-vnc 0.0.0.0:"],
                "packer-none": ["-m 40 ", "-rtc base=utc"]}.items():
            for part in expected:
                self.assertIn(part, lines[name] + " ", name)
        port = int(re.search(r"-vnc 127.0.0.1:(\d+)", lines["packer-flash"]).group(1))
        self.assertTrue(50 <= port < 90, port)
        self.assertEqual(typed(os.path.join(self.work, "elsewhere", "named")), b"hello")
        for name in ("big", "flash", "screen", "steps", "none"):
            self.assertEqual(typed(self.image(name)), b"hello", name)
        self.assertFalse(os.path.exists(monitor))
        self.assertIn("qemu.steps: Typing boot command for: second", done.out)
        self.assertRegex(done.out, "==> qemu.none: Accelerator: (kvm|tcg)")

    def test_media(self):
        done = self.build({
            "floppy": {"floppy_content": {"answer.txt": "yes"}, "floppy_label": "ANSWERS"},
            "cd": {"cd_content": {"meta-data": "x"}, "cd_label": "cidata",
                   "http_content": {"/a": "b"}, "http_port_min": 8100, "http_port_max": 8200}})
        self.clean_after()
        boot = sectors(self.image("floppy"), 9, 1)
        self.assertEqual(boot[510:], b"\x55\xaa")
        self.assertIn(b"FAT12", boot)
        self.assertIn(b"ANSWERS", boot)
        lines = self.arguments(done)
        self.assertIn("-fda ", lines["packer-floppy"])
        self.assertEqual(lines["packer-cd"].count("media=cdrom"), 2)
        self.assertRegex(done.out, "==> qemu.cd: Starting HTTP server on port 81[0-9][0-9]")

    def test_typing(self):
        slow = "<wait100ms>" + "deaf and slow " * 6
        done = self.build({
            # 1 ms between keys: only the guest's own reading paces them.
            "monitor": {"boot_key_interval": "1ms", "boot_command": [
                TEXT, "<leftShiftOn>ab<leftShiftOff><aOn><aOff><f1><left><enter>"]},
            "deaf": {"boot_key_interval": "1ms", "boot_command": [slow, "<enter>"]},
            # A keyboard layout is the business of VNC's key symbols.
            "vnc": {"vnc_use_password": True, "vnc_password": "geheim", "boot_key_interval": "40ms",
                    "qemuargs": [["-k", "en-us"]], "boot_command": ["Vnc-1<f2><enter>"]}})
        self.clean_after()
        self.assertEqual(typed(self.image("monitor")), TEXT.encode() + b"ABa\0\x3b\0\x4b")
        self.assertEqual(typed(self.image("deaf")), b"deaf and slow " * 6)
        self.assertEqual(typed(self.image("vnc")), b"Vnc-1\0\x3c")
        self.assertIn("==> qemu.vnc: Typing the boot commands over VNC...", done.out)
        self.assertIn(",password=on", self.arguments(done)["packer-vnc"])

    def test_screens_of_failed_machines(self):
        """The guest never switches itself off: forced stop, an error, its screen."""
        done = self.build({"stuck": {"shutdown_timeout": "2s", "boot_command": ["<wait1>never<wait1>"]}},
                          code=1)
        self.clean_after()
        self.assertIn("Timeout while waiting for machine to shut down.", done.out)
        self.assertFalse(os.path.exists(os.path.dirname(self.image("stuck"))))
        path = re.search(r"==> qemu.stuck: The machine's screen \((.*)\) is in (\S+)", done.out).group(2)
        width, height = self.check_png(path)
        self.assertEqual((width, height), (720, 400))
        shown = self.good(self.farmctl("logs", "--local", "--screen", "@last"))
        self.assertEqual(shown.out, path + "\n")
        self.good(self.farmctl("logs", "--local", "--screen", "-o", "shot.png", "@last/qemu.stuck"))
        self.check_png(os.path.join(self.work, "shot.png"))

    def check_png(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        at, chunks = 8, {}
        while at < len(data):
            size, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + size]
            self.assertEqual(zlib.crc32(kind + body), struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0])
            chunks[kind] = body
            at += 12 + size
        width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
        per_pixel = {2: 3, 3: 1}[colour]
        self.assertEqual(len(zlib.decompress(chunks[b"IDAT"])), height * (1 + width * per_pixel))
        return width, height

    def test_crash_is_told_with_words_and_screen(self):
        process, text = self.start_build({"boot_command": ["before<wait1>"], "shutdown_timeout": "60s"})
        self.wait_for("shutdown wait", lambda: "Waiting for shutdown" in text())
        for pid in self.processes("qemu-system"):
            if "/bin/qemu-system" in os.readlink("/proc/%d/exe" % pid):
                os.kill(pid, signal.SIGABRT)
        self.assertEqual(process.wait(60), 1)
        self.assertIn("qemu ended by itself: killed by signal 6", text())
        self.assertIn("The last picture of the screen was taken", text())
        self.check_png(re.search(r"The machine's screen \(.*\) is in (\S+)", text()).group(1))
        self.clean_after()

    def test_abort_leaves_the_machine(self):
        process, text = self.start_build({"boot_command": ["<wait1>"], "shutdown_timeout": "1s", "vtpm": True},
                                         "-on-error=abort")
        self.assertEqual(process.wait(60), 1)
        said = re.search(r"The machine is left as it is: qemu process (\d+), screen at "
                         r"vnc://127.0.0.1:(\d+)\. To end it: kill (\d+); rm -r (\S+)", text())
        self.assertTrue(said, text())
        pid, port = int(said.group(1)), int(said.group(2))
        self.assertIn("/bin/qemu-system", os.readlink("/proc/%d/exe" % pid))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as screen:
            self.assertEqual(screen.recv(12)[:4], b"RFB ")
        self.assertTrue(os.path.exists(said.group(4)))
        self.assertEqual(len(self.processes("swtpm socket")), 1)
        # Not even the next build of this user takes it away.
        self.write("none.json", '{"builders": [{"type": "null", "communicator": "none"}]}')
        self.good(self.farmctl("build", "none.json"))
        self.assertTrue(os.path.exists("/proc/%d" % pid))
        os.kill(pid, signal.SIGTERM)

    def test_killed_build_leaves_nothing(self):
        process, text = self.start_build({"boot_command": ["x"], "vtpm": True, "http_content": {"/a": "b"},
                                          "floppy_content": {"a": "b"}})
        self.wait_for("shutdown wait", lambda: "Waiting for shutdown" in text())
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)  # farmctl, zygote, runner and what they started
            except ProcessLookupError:
                pass
        process.wait(30)
        self.write("none.json", '{"builders": [{"type": "null", "communicator": "none"}]}')
        self.good(self.farmctl("build", "none.json"))
        self.assertFalse(os.path.exists(os.path.join(self.work, "output-m")))
        self.assertEqual(os.listdir(os.path.join(self.path("state"), "farm", "runs")), [])
        self.clean_after()

    def test_efi_and_tpm(self):
        disk = self.path("fat.img")
        with open(disk, "wb") as file:
            file.truncate(48 << 20)
        self.guest.run("/sbin/mkfs.vfat", "-F", "16", disk)
        script = self.write("startup.nsh", "\r\n".join([
            "@echo -off", "fs0:", "echo booted > out.txt", "mm 0xfed40f00 -w 4 -MMIO -n > tpm.txt",
            "setvar FarmTest -guid 11111111-2222-3333-4444-555555555555 -bs -rt -nv =0x2a", "reset -s", ""]))
        self.guest.run("mcopy", "-i", disk, script, "::startup.nsh")
        self.build({"efi": {
            "iso_url": disk, "disk_image": True, "skip_resize_disk": True, "format": "raw", "memory": 128,
            "efi_firmware_code": OVMF + "OVMF_CODE_4M.fd", "efi_firmware_vars": OVMF + "OVMF_VARS_4M.fd",
            # Without a boot ROM the firmware has no network to try first.
            "net_device": "ne2k_pci,romfile=", "vtpm": True, "tpm_device_type": "tpm-crb",
            "machine_type": "q35", "boot_command": None, "boot_wait": "-1s",
            "efi_drop_efivars": True}}, **{"post-processors": [{"type": "manifest"}]})
        self.clean_after()
        text = {}
        for name in ("out.txt", "tpm.txt"):
            done = self.good(self.run_program(["mtype", "-i", self.image("efi"), "::" + name]))
            text[name] = done.out.replace("\0", "")
        self.assertIn("booted", text["out.txt"])
        self.assertNotIn("FFFFFFFF", text["tpm.txt"].upper())
        with open(os.path.join(self.work, "output-efi", "efivars.fd"), "rb") as file:
            self.assertIn("FarmTest".encode("utf-16-le"), file.read())
        self.assertNotIn("efivars.fd", self.read("packer-manifest.json"))

    def test_iso_over_http_without_a_copy(self):
        folder = self.guest.folder

        class Ranges(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with open(os.path.join(folder, "guest.iso"), "rb") as file:
                    data = file.read()
                first, last = 0, len(data) - 1
                asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if asked:
                    first = int(asked.group(1))
                    last = min(int(asked.group(2) or last), last)
                self.send_response(206 if asked else 200)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Range", "bytes %d-%d/%d" % (first, last, len(data)))
                self.send_header("Content-Length", str(last - first + 1))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data[first:last + 1])

            do_HEAD = do_GET

            def log_message(self, *words):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d/guest.iso" % server.server_address[1]
        done = self.build({"far": {"iso_url": url, "iso_skip_cache": True}})
        self.assertIn("file=" + url, self.arguments(done)["packer-far"])
        self.assertEqual(typed(self.image("far")), b"hello")
        self.assertFalse([name for name in os.listdir(self.path("cache", "packer")) if name.endswith(".iso")])


if __name__ == "__main__":
    unittest.main()
