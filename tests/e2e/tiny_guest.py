"""A guest of one sector (boot_sector.s): boots in a second under TCG, so that every option of the qemu
builder can be used for real. And templates of many such machines, built in one run."""

import json
import os
import re
import subprocess

from case import Case


class TinyGuest:
    """The boot sector as a CD, as a raw disk and as a qcow2 disk, made in `folder`."""

    def __init__(self, case, folder):
        self.case = case
        self.folder = folder
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot_sector.s")
        self.run("as", "--32", "-o", self.path("guest.o"), source)
        self.run("ld", "-m", "elf_i386", "-Ttext=0x7c00", "--oformat", "binary",
                 "-o", self.path("boot.bin"), self.path("guest.o"))
        os.makedirs(self.path("cd"))
        os.link(self.path("boot.bin"), self.path("cd", "boot.bin"))
        self.run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", self.path("guest.iso"), "-b", "boot.bin",
                 "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4", self.path("cd"))
        with open(self.path("boot.bin"), "rb") as file:
            sector = file.read()
        with open(self.path("guest.raw"), "wb") as file:
            file.write(sector)
            file.truncate(4 << 20)
        self.run("qemu-img", "convert", "-O", "qcow2", self.path("guest.raw"), self.path("guest.qcow2"))
        self.iso, self.raw, self.qcow2 = (self.path("guest." + e) for e in ("iso", "raw", "qcow2"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *arguments):
        self.case.good(self.case.run_program(list(arguments)))

    def template(self, machines, **parts):
        """A JSON template; `machines`: name -> options over the defaults of these guests."""
        builders = []
        for name, options in machines.items():
            builder = {"type": "qemu", "name": name, "communicator": "none", "accelerator": "tcg",
                       "headless": True, "memory": 32, "disk_size": "8M", "iso_checksum": "none",
                       "iso_url": self.iso, "boot_wait": "1s", "boot_key_interval": "5ms",
                       "boot_command": ["hello<enter>"], "shutdown_timeout": "120s"}
            builder.update(options)
            builders.append({key: value for key, value in builder.items() if value is not None})
        return json.dumps({"builders": builders, **parts})


class TinyGuestCase(Case):
    """Tests that build such machines."""

    def setUp(self):
        super().setUp()
        self.guest = TinyGuest(self, self.folder("guest"))

    def build(self, machines, *words, code=0, deadline=240, **parts):
        self.write("t.json", self.guest.template(machines, **parts))
        done = self.farmctl("build", "-parallel-builds=2", *words, "t.json", deadline=deadline,
                            env={"PACKER_LOG": "1"})
        return self.good(done, code)

    def arguments(self, done):
        """vm name -> qemu's arguments."""
        found = {}
        for line in re.findall(r'qemu starts"? .*?arguments="((?:[^"\\]|\\.)*)"', done.err):
            line = line.replace('\\"', '"')
            name = re.search(r"-name (\S+)", line).group(1)
            found[name] = line
        return found

    def image(self, name, suffix=""):
        return os.path.join(self.work, "output-" + name, "packer-" + name + suffix)

    def clean_after(self):
        self.assertEqual(self.processes("qemu-system"), {})
        self.assertEqual(self.processes("swtpm"), {})
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def start_build(self, options, *words):
        self.write("t.json", self.guest.template({"m": options}))
        log = self.path("build.log")
        process = self.start([os.path.join(os.environ["FARM_BIN"], "farmctl"), "build", *words, "t.json"], log)

        def text():
            with open(log) as file:
                return file.read()
        return process, text


def sectors(path, first, count, kind="qcow2"):
    """Bytes of a disk image."""
    raw = path + ".sectors"
    subprocess.run(["qemu-img", "dd", "-f", kind, "-O", "raw", "bs=512", "skip=%d" % first,
                    "count=%d" % (first + count), "if=" + path, "of=" + raw], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    with open(raw, "rb") as file:
        data = file.read()
    os.unlink(raw)
    return data


def typed(path, kind="qcow2"):
    """What the guest says was typed."""
    return sectors(path, 1, 8, kind).rstrip(b"\0")


def image_info(path):
    done = subprocess.run(["qemu-img", "info", "--output=json", path], check=True, timeout=60,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)
