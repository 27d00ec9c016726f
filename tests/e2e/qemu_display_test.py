"""The qemu builder on a desktop: gtk and sdl windows on a virtual X server, the message where there is no
desktop, and the error where the one that DISPLAY names does not answer. Without Xvfb and QEMU's windows
the tests say so and skip."""

import glob
import os
import shutil
import socket
import struct
import unittest

from tiny_guest import TinyGuestCase, typed

MODULES = os.environ.get("QEMU_MODULE_DIR", "/usr/lib/x86_64-linux-gnu/qemu")


def window_titles(number):
    """Names of the top windows of X server `number`, by the X11 protocol's own words."""
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(20)
        server.connect("/tmp/.X11-unix/X%d" % number)

        def read(count):
            data = b""
            while len(data) < count:
                more = server.recv(count - len(data))
                if not more:
                    raise ConnectionError("the X server hung up")
                data += more
            return data

        def ask(request):
            server.sendall(request)
            head = read(32)
            return head, read(4 * struct.unpack_from("<I", head, 4)[0]) if head[0] == 1 else b""

        server.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        status, size = struct.unpack("<B5xH", read(8))
        setup = read(4 * size)
        if status != 1:
            raise ConnectionError(setup)
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        root = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + 8 * formats)[0]
        head, children = ask(struct.pack("<BxHI", 15, 2, root))  # QueryTree
        titles = []
        for (window,) in struct.iter_unpack("<I", children):
            # GetProperty WM_NAME (39) of any type, 256 bytes at most.
            head, value = ask(struct.pack("<BBHIIIII", 20, 0, 6, window, 39, 0, 0, 64))
            titles.append(value.decode(errors="replace").rstrip("\0"))
        return titles


class QemuDisplay(TinyGuestCase):
    def desktop(self):
        if not shutil.which("Xvfb") or not glob.glob(os.path.join(MODULES, "ui-gtk.so")):
            self.skipTest("needs xvfb and qemu-system-gui")
        log = self.path("xvfb.log")
        self.start(["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"], log)

        def number():
            with open(log) as file:
                lines = [line for line in file.read().splitlines() if line.isdigit()]
            return lines[0] if lines else None
        self.wait_for("X server", lambda: number() is not None)
        return int(number())

    def test_windows(self):
        number = self.desktop()
        for kind in ("gtk", "sdl"):
            with self.subTest(kind):
                log = self.path("log-" + kind)
                self.write("t.json", self.guest.template({kind: {
                    "headless": False, "display": kind if kind == "sdl" else None,
                    "boot_command": ["<wait5s>hello<enter>"]}}))
                build = self.start([os.path.join(os.environ["FARM_BIN"], "farmctl"), "build", "t.json"], log,
                                   env={"DISPLAY": ":%d" % number})
                self.wait_for(kind + " window", lambda: build.poll() is not None or any(
                    "QEMU" in title for title in window_titles(number)))
                with open(log) as file:
                    self.assertIsNone(build.poll(), file.read())
                self.assertEqual(build.wait(120), 0)
                self.assertEqual(typed(self.image(kind)), b"hello")
        self.clean_after()

    def test_no_desktop(self):
        self.write("t.json", self.guest.template({"plain": {"headless": False}}))
        done = self.good(self.farmctl("build", "t.json", env={"DISPLAY": "", "WAYLAND_DISPLAY": ""}))
        self.assertIn("There is no desktop here: the machine runs headless.", done.out)

    def test_desktop_that_does_not_answer(self):
        self.write("t.json", self.guest.template({"lost": {"headless": False, "display": "gtk"}}))
        done = self.good(self.farmctl("build", "t.json", env={"DISPLAY": ":9999"}), 1)
        self.assertIn("The machine's window could not be opened (DISPLAY is \":9999\"); "
                      "headless = true does without one.", done.out)
        self.clean_after()


if __name__ == "__main__":
    unittest.main()
