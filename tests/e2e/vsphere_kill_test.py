"""kill -9 at the steps of vSphere builds: of the runner, of everything at once, of an agent on a farm and
of the coordinator. At the end no machine and no file of the build is left at the server."""

import os
import signal
import unittest

from case import BIN
from kill_steps import chosen, command_name, distinct
from local_farm import FarmCase
from vcenter import PASSWORD, USER, VsphereCase

MORE = """
  folder          = "f"
  create_snapshot = true
  destroy         = true
  cd_content      = { "a" = "b" }
  floppy_content  = { "c" = "d" }
  export {
    force = true
  }
"""
CLONE = """
  template     = "DC0_H0_VM0"
  vm_name      = "made"
  host         = "DC0_H0"
  datastore    = "LocalDS_0"
  communicator = "none"
"""
NULL = """
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["source.null.n"]
}
"""
EVERYTHING = ("farm-runner", "farm-zygote", "farmctl", "farmctl-build")


class Walk(VsphereCase):
    KINDS = {"vsphere-iso": VsphereCase.ISO + MORE + "  remote_cache_overwrite = true\n",
             "vsphere-clone": CLONE + MORE}

    steps = 0

    def requests(self):
        """Distinct methods that a build calls, in their order."""
        self.vcenter.clear()
        self.undisturbed()
        return distinct(entry["method"] for entry in self.vcenter.journal()
                        if not entry["method"].startswith("GET /nfc"))

    def hold(self, kind, method, run):
        """Runs `run` and comes back when the server holds a request of the method."""
        self.steps += 1  # in a folder of its own, which is made again
        self.source(kind, self.KINDS[kind].replace('"f"', '"f%d"' % self.steps))
        self.vcenter.clear()
        self.vcenter.fault(method=method, action="delay", delay_ms=60000)
        result = run()
        self.wait_for(method, self.waiting, 60)
        return result

    def waiting(self):
        return self.vcenter.ask("GET", "/farm/waiting")["waiting"]

    def kill(self, names):
        """Every process with one of the names; the held request is done after their death."""
        for pid in self.processes():
            if command_name(pid) in names:
                os.kill(pid, signal.SIGKILL)
        self.vcenter.ask("DELETE", "/farm/faults")

    def nothing_left(self):
        self.assertEqual(self.vcenter.machines(), {})
        left = [file for file in self.vcenter.files()
                if "farm-" in file or ".part" in file or "made" in file]
        self.assertEqual(left, [])


class KillWalk(Walk):
    def undisturbed(self):
        self.good(self.build())

    def start_build(self):
        return self.start([os.path.join(BIN, "farmctl"), "build", "-force", "t.pkr.hcl"],
                          self.path("killed.log"))

    def walk(self, names, count):
        null = self.write("null.pkr.hcl", NULL)
        for kind, options in self.KINDS.items():
            self.source(kind, options)
            steps = self.requests()
            self.assertGreater(len(steps), 12, steps)
            for method in chosen(steps, count):
                with self.subTest(kind + " " + method):
                    build = self.hold(kind, method, self.start_build)
                    self.kill(names)
                    self.assertNotEqual(build.wait(timeout=60), 0)
                    self.wait_for("end of the held request", lambda: not self.waiting())
                    if names == EVERYTHING:
                        self.good(self.farmctl("build", null))
                    self.nothing_left()

    def test_runner(self):
        self.walk(("farm-runner",), 3)

    def test_everything(self):
        self.walk(EVERYTHING, 3)


class KillOnFarm(Walk, FarmCase):
    build = FarmCase.build

    def setUp(self):
        super().setUp()
        self.credentials = {"VSPHERE_SERVER": "127.0.0.1:%d" % self.vcenter.port,
                            "VSPHERE_USER": USER, "VSPHERE_PASSWORD": PASSWORD,
                            "VSPHERE_ALLOW_UNVERIFIED_SSL": "true"}

    def connection(self, server=None):
        return ""

    def launch_agent(self, name, *more):
        self.env.update(self.credentials)
        super().launch_agent(name, "--survey-seconds", "0", *more)
        for variable in self.credentials:
            del self.env[variable]

    def undisturbed(self):
        self.assertEqual(self.wait_for_end(self.submit(), 120)["state"], "succeeded")

    def walk(self, count, kill, attempts):
        self.start_farm()
        self.start_agent("here", slots=1)
        for kind, options in self.KINDS.items():
            self.source(kind, options)
            for method in chosen(self.requests(), count):
                with self.subTest(kind + " " + method):
                    build = self.hold(kind, method, self.submit)
                    kill()
                    state = self.wait_for_end(build, 120)
                    self.assertEqual((state["state"], state["jobs"][0]["attempt"]),
                                     ("succeeded", attempts), state)
                    self.nothing_left()
                    self.assertEqual(self.ask("leaks"), {"leaks": [], "things": [], "unseen": []})

    def test_agent(self):
        def kill():
            self.kill(("farm-runner", "farm-zygote", "farm-agent"))
            self.agents["here"]["process"].wait()
            self.launch_agent("here")
        self.walk(1, kill, 2)

    def test_coordinator(self):
        def kill():
            self.kill(("farm-coordinato",))  # a name has 15 letters
            self.coordinator.wait()
            self.start_coordinator()
        self.walk(1, kill, 1)


if __name__ == "__main__":
    unittest.main()
