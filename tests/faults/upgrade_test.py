"""A farm whose programs are replaced one by one while it builds: coordinator and agent of the minor before
(FARM_PREVIOUS_BIN, built beside the others or of any older release) with those of today, forwards,
back and forwards again. Runners are taken over, no build is started again."""

import os
import shutil
import signal
import unittest

from fault_case import BIN, FaultCase

PREVIOUS = os.environ.get("FARM_PREVIOUS_BIN", "")


class Upgrade(FaultCase):
    def setUp(self):
        super().setUp()
        self.programs = self.folder("programs")
        for name in ("farm-coordinator", "farm-agent"):
            self.install(name, PREVIOUS)

    def install(self, name, where):
        """Puts a program in place as a package does: the old file goes, who runs it keeps it."""
        target = os.path.join(self.programs, name)
        new = target + ".new"
        os.symlink(os.path.join(where, name), new)
        os.rename(new, target)

    def start(self, arguments, log, env=None, cwd=None):
        # A link names the program that is installed at the moment.
        name = os.path.basename(arguments[0])
        installed = os.path.join(self.programs, name)
        if os.path.exists(installed):
            path = os.readlink(installed) if os.path.islink(installed) else installed
            arguments = [path, *arguments[1:]]
        return super().start(arguments, log, env, cwd)

    def replace_coordinator(self, where):
        self.install("farm-coordinator", where)
        os.kill(self.coordinator.pid, signal.SIGTERM)
        self.assertEqual(self.coordinator.wait(timeout=30), 0)
        self.start_coordinator()

    def replace_agent(self, where):
        self.install("farm-agent", where)
        process = self.agents["here"]["process"]
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        self.launch_agent("here")

    def expect_a_build(self):
        build = self.submit_counting(1, 2, "0")
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded")

    def test_one_after_the_other_and_back(self):
        self.start_farm()
        self.start_agent("here", slots=3)
        build = self.start_build(lines=240)
        for where in (BIN, PREVIOUS, BIN):
            for replace in (self.replace_coordinator, self.replace_agent):
                replace(where)
                self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
                self.expect_a_build()
        self.assertEqual(len(self.running(build)), 2)
        self.expect_undisturbed(build, 240)

    def test_agent_replaces_itself(self):
        """SIGHUP: the supervisor becomes the program that lies at its path now."""
        self.install("farm-coordinator", BIN)
        agent = os.path.join(self.programs, "farm-agent")
        os.unlink(agent)
        shutil.copy2(os.path.join(PREVIOUS, "farm-agent"), agent)
        self.start_farm()
        self.start_agent("here", slots=2)
        build = self.start_build(lines=60)
        process = self.agents["here"]["process"]
        before = os.stat("/proc/%d/exe" % process.pid).st_ino
        shutil.copy2(os.path.join(BIN, "farm-agent"), agent + ".new")
        os.rename(agent + ".new", agent)
        os.kill(process.pid, signal.SIGHUP)
        self.wait_for("new program",
                      lambda: os.stat("/proc/%d/exe" % process.pid).st_ino != before, 30)
        self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        self.assertEqual(len(self.running(build)), 2)
        self.expect_undisturbed(build, 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
