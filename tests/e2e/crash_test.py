"""kill -9 in the middle of a build: of the coordinator (the build goes on and its log has no gap) and
of the runner (the cause is said, nothing is left behind, the job is tried once more)."""

import json
import os
import re
import signal
import unittest

from local_farm import FarmCase
from media import base_disk

LINES = 40

# The guest counts slowly, so that there is a middle to be killed in.
QEMU = """
variable "disk" { type = string }
source "qemu" "disk" {
  iso_url          = var.disk
  iso_checksum     = "none"
  disk_image       = true
  skip_resize_disk = true
  accelerator      = "tcg"
  headless         = true
  memory           = 256
  boot_wait        = "-1s"
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "5m"
  shutdown_command = "sync; echo o > /proc/sysrq-trigger"
}
build {
  sources = ["source.qemu.disk"]
  provisioner "shell" {
    inline = ["i=0; while [ $i -lt %d ]; do echo \\"count $i\\"; i=$((i+1)); sleep 0.5; done"]
  }
}
""" % LINES


class Crash(FarmCase):
    def setUp(self):
        super().setUp()
        self.start_farm()
        self.start_agent("here", slots=1)
        self.write("t.pkr.hcl", QEMU)

    def counted(self, build):
        return [int(number) for number in re.findall(r": count (\d+)$", self.logs(build), re.M)]

    def start_build(self):
        build = self.submit("-var", "disk=" + base_disk())
        self.wait_for("running guest", lambda: len(self.counted(build)) >= 3, 300)
        return build

    def runner(self):
        """The process that holds the lease: the parent of qemu."""
        qemu = list(self.processes("qemu-system"))
        self.assertEqual(len(qemu), 1, self.processes())
        with open("/proc/%d/stat" % qemu[0]) as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def test_coordinator(self):
        build = self.start_build()
        before = self.jobs(build)["qemu.disk"]
        qemu = self.processes("qemu-system")
        self.kill_coordinator()
        self.start_coordinator()
        state = self.wait_for_end(build, 300)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        job = state["jobs"][0]
        self.assertEqual((job["attempt"], job["epoch"]), (1, before["epoch"]))
        self.assertEqual(len(qemu), 1)
        self.assertEqual(self.counted(build), list(range(LINES)))
        listed = self.ask("artifacts", build)["artifacts"]
        self.assertTrue(all(file["stored"] for artifact in listed for file in artifact["files"]))

    def test_agent_supervisor(self):
        """The agent itself is killed and started again: it takes its runner over."""
        build = self.start_build()
        agent = self.agents["here"]
        os.kill(agent["process"].pid, signal.SIGKILL)
        agent["process"].wait()
        self.assertEqual(len(self.processes("qemu-system")), 1)
        self.launch_agent("here")
        state = self.wait_for_end(build, 300)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.assertEqual(state["jobs"][0]["attempt"], 1)
        self.assertEqual(self.counted(build), list(range(LINES)))

    def test_runner(self):
        build = self.start_build()
        first = set(self.processes("qemu-system"))
        os.kill(self.runner(), signal.SIGKILL)
        self.wait_for("end of the orphaned qemu",
                      lambda: not first & set(self.processes("qemu-system")), 30)
        self.wait_for("second attempt", lambda: self.jobs(build)["qemu.disk"]["attempt"] == 2, 60)
        history = self.jobs(build)["qemu.disk"]["history"]
        self.assertEqual(history[0]["attempt"], 1)
        self.assertRegex(history[0]["error"], r"(?i)killed|signal 9|SIGKILL")
        self.wait_for("second guest", lambda: self.processes("qemu-system"), 120)
        second = set(self.processes("qemu-system"))
        os.kill(self.runner(), signal.SIGKILL)
        state = self.wait_for_end(build, 60)
        self.assertEqual(state["state"], "failed")
        self.assertEqual(state["jobs"][0]["attempt"], 2)
        self.assertRegex(state["jobs"][0]["error"], r"(?i)killed|signal 9|SIGKILL")
        self.assertFalse(second & set(self.processes("qemu-system")))
        self.check_nothing_is_left()

    def check_nothing_is_left(self):
        self.assertEqual(self.processes("qemu-system"), {})
        leases = self.path("agent-here", "leases")
        self.wait_for("empty lease folder", lambda: os.listdir(leases) == [], 30)
        for folder, _, files in os.walk(self.path("agent-here")):
            for name in files:
                self.assertFalse(name.endswith(".qcow2"), os.path.join(folder, name))
        self.assertEqual(os.listdir(self.path("tmp")), [])


if __name__ == "__main__":
    unittest.main()
