"""kill -9 at the steps of Proxmox builds: of the runner (the supervisor has the remains removed before the
build is reported), of everything at once (the next build removes them), of an agent on a farm (its
next start removes them) and of the coordinator (the build goes on). At the end nothing is left in the
cluster."""

import os
import re
import signal
import threading
import time
import unittest

from kill_steps import chosen, command_name, distinct
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

NOTHING = """
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["source.null.n"]
}
"""


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


class Walk:
    """What the walks have in common: the steps are the requests of a build that nobody disturbs."""

    def requests(self):
        """Distinct requests of one build in their order, as patterns; its machine is taken away."""
        steps = []

        def observe(method, path):
            task = re.search(r"/tasks/UPID:(?:[^:]*:){4}([a-z]+):.*/(\w+)$", path)
            name = "%s.*/%s$" % task.groups() if task else re.escape(
                re.sub(r"(/content/).*", r"\1", re.sub(".*/api2/json", "", path)))
            steps.append((method, name if task or name.endswith("/content/") else name + "$"))
        self.simulator.observer = observe
        self.undisturbed()
        self.simulator.observer = None
        self.forget_machine()
        return distinct(steps)

    def forget_machine(self):
        """The artifact goes, so that the next build has its number again."""
        self.cluster.advance()
        del self.cluster.machines[100]
        for name in [name for name, volume in self.cluster.volumes.items()
                     if volume["vmid"] == 100]:
            del self.cluster.volumes[name]


class KillWalk(Walk, ProxmoxCase):
    def undisturbed(self):
        self.good(self.build())

    def walk(self, names, count, left=()):
        null = self.write("null.pkr.hcl", NOTHING)
        steps = self.requests()
        self.assertGreater(len(steps), 20)
        for method, path in chosen(steps, count):
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
        self.walk({"farm-runner"}, 4)

    def test_everything(self):
        self.template(body=BODY)
        self.walk({"farm-runner", "farm-zygote", "farmctl", "farmctl-build"}, 3)

    def test_clone(self):
        self.source_template()
        self.template("proxmox-clone", CLONE)
        self.walk({"farm-runner"}, 3, [9000])

    def test_everything_of_a_clone(self):
        self.source_template()
        self.template("proxmox-clone", CLONE)
        self.walk({"farm-runner", "farm-zygote", "farmctl", "farmctl-build"}, 2, [9000])


class KillOnFarm(Walk, ProxmoxCase, FarmCase):
    """The whole agent, or the coordinator, dies while there is a build. The credentials are the agent's
    alone: neither the template nor whoever submits it has them."""

    build = FarmCase.build

    def setUp(self):
        super().setUp()
        self.credentials = {"PROXMOX_URL": self.simulator.url,
                            "PROXMOX_USERNAME": "root@pam!packer",
                            "PROXMOX_TOKEN": self.simulator.tokens["root@pam!packer"]}

    def launch_agent(self, name, *more):
        self.env.update(self.credentials)
        # Its surveys would ask the server at any time.
        super().launch_agent(name, "--survey-seconds", "0", *more)
        for variable in self.credentials:
            del self.env[variable]

    def undisturbed(self):
        self.assertEqual(self.wait_for_end(self.submit(), 120)["state"], "succeeded")

    def kill_at(self, method, path, names):
        killer = Killer(self, method, path, names)
        build = self.submit()
        self.wait_for("kill", lambda: killer.killed, 60)
        self.simulator.observer = None
        return build

    def end_well(self, build, attempts):
        state = self.wait_for_end(build, 120)
        self.assertEqual((state["state"], state["jobs"][0]["attempt"]), ("succeeded", attempts), state)
        self.nothing_left([100])
        self.wait_for("ledger", lambda: self.ask("leaks") == {
            "leaks": [], "things": [], "unseen": []}, 60)
        self.forget_machine()

    def test_agent(self):
        self.start_farm()
        self.start_agent("here", slots=1)
        self.template(body=BODY, provision="true", access="")
        for method, path in chosen(self.requests(), 1):
            with self.subTest(method + " " + path):
                build = self.kill_at(method, path, {"farm-runner", "farm-zygote", "farm-agent"})
                self.agents["here"]["process"].wait()
                self.launch_agent("here")
                # The second attempt found no remains of the first.
                self.end_well(build, 2)
        self.no_refusals()

    def test_coordinator(self):
        self.start_farm()
        self.start_agent("here", slots=1)
        self.template(body=BODY, provision="true", access="")
        for method, path in chosen(self.requests(), 2):
            with self.subTest(method + " " + path):
                build = self.kill_at(method, path, {"farm-coordinato"})  # a name has 15 letters
                self.coordinator.wait()
                self.start_coordinator()
                self.end_well(build, 1)
        self.no_refusals()


if __name__ == "__main__":
    unittest.main()
