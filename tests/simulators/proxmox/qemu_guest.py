"""QemuGuest: a real machine behind a simulated one: QEMU under emulation with the CD and a disk of the
configuration, fed by sendkey. What its guest agent would say is found out by knocking at ssh."""

import os
import re
import socket
import subprocess
import time

QEMU = "qemu-system-x86_64"


class QemuGuest:
    def __init__(self, cluster, machine, address, port, environment=None):
        self.address, self.port = address, port
        self.folder = os.path.join(cluster.folder, "vm-%d" % machine.id)
        os.makedirs(self.folder, exist_ok=True)
        self.disk = os.path.join(self.folder, "disk.raw")
        config = machine.config
        size = re.search(r"size=(\d+[KMGT]?)", config["virtio0"])[1]
        subprocess.run(["qemu-img", "create", "-q", "-f", "raw", self.disk, size], check=True,
                       timeout=30)
        drives = [volume.split(",")[0] for key, volume in config.items()
                  if re.fullmatch(r"(ide|sata)\d", key) and "media=cdrom" in volume]
        monitor = os.path.join(self.folder, "monitor")
        words = [QEMU, "-machine", "pc,accel=tcg", "-m", config["memory"], "-display", "none",
                 "-monitor", "unix:%s,server,nowait" % monitor, "-boot", "once=d",
                 "-drive", "file=%s,if=virtio,format=raw,cache=unsafe" % self.disk,
                 "-netdev", "user,id=n,hostfwd=tcp:%s:%d-:22" % (address, port),
                 "-device", "virtio-net,netdev=n"]
        for volume in drives:
            words += ["-drive", "file=%s,media=cdrom,format=raw,readonly=on" %
                      cluster.volumes[volume]["path"]]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=environment)
        self.monitor = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.monitor.connect(monitor)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def key(self, chord):
        self.monitor.sendall(("sendkey %s 20\n" % chord).encode())
        time.sleep(0.03)  # the monitor types in its own time

    def interfaces(self):
        """None until the guest's ssh answers: as long as that its agent would be silent."""
        try:
            with socket.create_connection((self.address, self.port), timeout=0.5) as probe:
                probe.settimeout(0.5)
                if not probe.recv(16).startswith(b"SSH-"):
                    return None
        except OSError:
            return None
        return [{"name": "eth0", "ip-addresses": [
            {"ip-address": self.address, "ip-address-type": "ipv4", "prefix": 24}]}]

    def power_down(self):
        self.monitor.sendall(b"quit\n")
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            pass

    def stop(self):
        self.monitor.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=20)
