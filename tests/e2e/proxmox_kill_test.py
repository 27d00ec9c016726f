"""kill -9 at every step of a Proxmox build: of its runner (the supervisor has the remains removed
before the build is reported), of everything at once (the next build removes them), and of an agent
on a farm (its next start removes them). At the end nothing is left in the cluster."""

import os
import re
import signal
import threading
import time
import unittest

from local_farm import FarmCase
from proxmox_case import ProxmoxCase

BODY = """vm_name = "tiny"
  boot_wait    = "-1s"
  boot_command = ["a"]
  disks {
    storage_pool = "local-lvm"
    disk_size    = "4500M"
  }
  additional_iso_files {
    cd_content = { "user-data" = "#cloud-config" }
    iso_storage_pool = "local"
    unmount = true
  }
"""
CLONE = BODY + '  clone_vm = "base"\n'

# Where the walk stops: the first request of each step, and what the server was doing then.
ISO_POINTS = [
    ("GET", "/version$"), ("POST", "/upload$"), ("GET", "imgcopy.*/status$"),
    ("GET", "/cluster/nextid$"), ("POST", "/nodes/pve/qemu$"), ("GET", "qmcreate.*/status$"),
    ("PUT", "/resize$"), ("GET", "/qemu/100/config$"), ("POST", "/status/start$"),
    ("GET", "qmstart.*/status$"), ("PUT", "/sendkey$"), ("GET", "network-get-interfaces$"),
    ("POST", "/status/shutdown$"), ("POST", "/template$"), ("GET", "qmtemplate.*/status$"),
    ("POST", "/qemu/100/config$"), ("GET", "qmconfig.*/status$"),
    ("GET", "/storage/local/content$"), ("DELETE", "/content/"), ("GET", "imgdel.*/status$")]
# Fewer for the death of everything: the same remover does the work, at the next start.
LATER_POINTS = [
    ("POST", "/upload$"), ("POST", "/nodes/pve/qemu$"), ("GET", "qmcreate.*/status$"),
    ("POST", "/status/start$"), ("POST", "/template$"), ("GET", "qmconfig.*/status$"),
    ("DELETE", "/content/")]
CLONE_POINTS = [
    ("GET", "/cluster/resources$"), ("POST", "/clone$"), ("GET", "qmclone.*/status$"),
    ("PUT", "/qemu/100/config$"), ("POST", "/status/start$"), ("POST", "/qemu/100/config$"),
    ("POST", "/template$")]

NOTHING = """
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["source.null.n"]
}
"""


def command_name(pid):
    """Empty for one that is gone, also while nobody has asked for its exit status."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
            return "" if rest.split()[0] in ("Z", "X") else name
    except OSError:
        return ""


class Killer:
    """Kills processes of the test when a request comes in; the request itself is still done."""

    def __init__(self, case, method, path, names):
        self.case, self.method, self.path, self.names = case, method, re.compile(path), names
        self.killed = []
        self.lock = threading.Lock()
        case.simulator.observer = self

    def __call__(self, method, path):
        with self.lock:
            if self.killed or method != self.method or not self.path.search(path):
                return
            for pid in self.case.processes():
                if command_name(pid) in self.names:
                    self.killed.append(pid)
                    os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while any(command_name(pid) in self.names for pid in self.killed):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.005)


class KillWalk(ProxmoxCase):
    def walk(self, points, names, left=()):
        null = self.write("null.pkr.hcl", NOTHING)
        for method, path in points:
            with self.subTest(method + " " + path):
                killer = Killer(self, method, path, names)
                done = self.build()
                self.assertTrue(killer.killed, "no such request\n%s" % done)
                self.simulator.observer = None
                if "farmctl-build" in names:
                    self.assertEqual(done.code, -signal.SIGKILL, done)
                    self.good(self.farmctl("build", null))
                else:
                    self.assertEqual(done.code, 1, done)
                    self.assertIn("SIGKILL", done.text)
                self.nothing_left(left)
        self.no_refusals()

    def test_runner(self):
        self.template(body=BODY)
        self.walk(ISO_POINTS, {"farm-runner"})

    def test_everything(self):
        self.template(body=BODY)
        self.walk(LATER_POINTS, {"farm-runner", "farm-zygote", "farmctl", "farmctl-build"})

    def test_clone(self):
        self.source_template()
        self.template("proxmox-clone", CLONE)
        self.walk(CLONE_POINTS, {"farm-runner"}, [9000])


class KilledAgent(ProxmoxCase, FarmCase):
    """The whole agent dies while it builds; its next start removes what was left. The credentials are
    the agent's alone: neither the template nor whoever submits it has them."""

    build = FarmCase.build

    def setUp(self):
        super().setUp()
        self.credentials = {"PROXMOX_URL": self.simulator.url,
                            "PROXMOX_USERNAME": "root@pam!packer",
                            "PROXMOX_TOKEN": self.simulator.tokens["root@pam!packer"]}

    def launch_agent(self, name, *more):
        self.env.update(self.credentials)
        super().launch_agent(name, *more)
        for variable in self.credentials:
            del self.env[variable]

    def test_agent(self):
        self.start_farm()
        self.start_agent("here", slots=1)
        self.template(body=BODY, provision="true", access="")
        killer = Killer(self, "POST", "/status/start$",
                        {"farm-runner", "farm-zygote", "farm-agent"})
        build = self.submit()
        self.wait_for("kill", lambda: killer.killed, 60)
        self.simulator.observer = None
        self.agents["here"]["process"].wait()
        self.cluster.advance()
        self.assertEqual(sorted(self.cluster.machines), [100])
        self.launch_agent("here")
        state = self.wait_for_end(build, 120)
        # The second attempt found no remains of the first.
        self.assertEqual((state["state"], state["jobs"][0]["attempt"]), ("succeeded", 2), state)
        self.nothing_left([100])
        self.assertEqual(len(self.simulator.calls("DELETE", "/qemu/100$")), 1)
        self.no_refusals()


if __name__ == "__main__":
    unittest.main()
