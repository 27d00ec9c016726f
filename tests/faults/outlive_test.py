"""Builds outlive everything but their own machine: the coordinator killed again and again, agents killed,
stopped and replaced while their builds run: none is started again, none twice, no line of a log is
lost.

outlive_test.py long: 100 builds, 20 kills."""

import json
import os
import random
import signal
import sys
import time
import unittest

from fault_case import FaultCase

JOBS, KILLS = 12, 4
SEED = int(os.environ.get("FARM_FAULT_SEED", random.randrange(1 << 30)))


class Outlive(FaultCase):
    def setUp(self):
        super().setUp()
        print("FARM_FAULT_SEED=%d" % SEED, flush=True)
        self.dice = random.Random(SEED)
        self.start_farm()

    def test_coordinator_killed_again_and_again(self):
        self.start_agent("here", slots=JOBS)
        lines = 30 * KILLS // 4
        build = self.start_build(JOBS, lines, "1")
        for _ in range(KILLS):
            time.sleep(self.dice.uniform(0.2, 1.5))
            self.kill_coordinator()
            time.sleep(self.dice.uniform(0, 0.5))
            self.start_coordinator()
        self.expect_undisturbed(build, lines)

    def test_agent_killed_and_replaced(self):
        """Its runners go on; the next agent takes them over."""
        self.start_agent("here", slots=4)
        build = self.start_build(4, 30, "0.4")
        for _ in range(3):
            self.kill_agent("here")
            time.sleep(self.dice.uniform(0, 1))
            self.launch_agent("here")
            self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        self.expect_undisturbed(build, 30)

    def test_agent_stopped_past_its_lease(self):
        self.start_agent("here", slots=2)
        build = self.start_build(2, 60, "0.3")
        process = self.agents["here"]["process"]
        os.kill(process.pid, signal.SIGSTOP)
        self.wait_for("suspect jobs", lambda: len(self.running(build, "suspect")) == 2, 60)
        os.kill(process.pid, signal.SIGCONT)
        self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 60)
        self.expect_undisturbed(build, 60)

    def test_coordinator_stopped_past_the_lease(self):
        self.start_agent("here", slots=2)
        build = self.start_build(2, 60, "0.3")
        os.kill(self.coordinator.pid, signal.SIGSTOP)
        time.sleep(8)
        os.kill(self.coordinator.pid, signal.SIGCONT)
        self.expect_undisturbed(build, 60)

    def test_everything_killed(self):
        """Coordinator, agent and every runner at once: the builds are tried once more and succeed."""
        self.start_agent("here", slots=2)
        build = self.start_build(2, 20, "0.3")
        for pid in self.processes("farm-"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.coordinator.wait()
        self.agents["here"]["process"].wait()
        self.start_coordinator()
        self.launch_agent("here")
        state = self.wait_for_end(build, 120)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.assertEqual([job["attempt"] for job in state["jobs"]], [2, 2])
        self.expect_sound(build)
        self.expect_no_leases("here")


if __name__ == "__main__":
    if "long" in sys.argv:
        sys.argv.remove("long")
        JOBS, KILLS = 100, 20
        unittest.main(verbosity=2, defaultTest=["Outlive.test_coordinator_killed_again_and_again"])
    unittest.main(verbosity=2)
