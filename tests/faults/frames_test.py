"""Frames corrupted, replayed, cut short and forged on the way between an agent and its coordinator. CURVE
drops them with their connection; nothing is lost and nothing counts twice.

FARM_FAULT_SEED=N repeats the choices of a run."""

import os
import random
import time
import unittest

from byte_proxy import FAULTS, ByteProxy
from fault_case import FaultCase

SEED = int(os.environ.get("FARM_FAULT_SEED", random.randrange(1 << 30)))


class Frames(FaultCase):
    def setUp(self):
        super().setUp()
        print("FARM_FAULT_SEED=%d" % SEED, flush=True)
        self.start_farm()
        self.proxy = ByteProxy(self.ports[:2], SEED)
        self.addCleanup(self.proxy.close)

    def start_agent_behind_the_proxy(self, slots):
        """Enrols directly, then talks through the proxy."""
        self.start_agent("here", slots=slots)
        self.kill_agent("here")
        self.agents["here"]["words"] += ["--coordinator", "tcp://127.0.0.1:%d" % self.proxy.port]
        self.launch_agent("here")
        self.wait_for("agent", self.proxy.talks, 60)

    def test_every_fault(self):
        self.start_agent_behind_the_proxy(slots=3)
        build = self.start_build(jobs=3, lines=100, pause="0.25")
        for fault in FAULTS:
            before = self.proxy.met[fault]
            self.proxy.fault = fault
            self.wait_for(fault, lambda: self.proxy.met[fault] >= before + 3, 60)
            self.proxy.fault = None
            self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 60)
        self.expect_undisturbed(build, 100)

    def test_all_faults_until_the_end(self):
        """Results and files go through it too."""
        self.start_agent_behind_the_proxy(slots=3)
        build = self.start_build(jobs=3, lines=12, pause="0.25")
        self.proxy.every = 12
        self.proxy.fault = "all"
        end = time.monotonic() + 20
        while time.monotonic() < end and self.build(build)["state"] == "running":
            time.sleep(0.5)
        self.proxy.fault = None
        print("met:", self.proxy.met, flush=True)
        self.expect_undisturbed(build, 12)


if __name__ == "__main__":
    unittest.main(verbosity=2)
