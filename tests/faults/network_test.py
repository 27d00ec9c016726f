"""The network between coordinator and agent, cut for a moment, past the lease, past all patience, one way
only, lossy and slow. Builds go on; nothing runs twice that need not; logs have no gap.

FARM_FAULT_SEED=N repeats the losses of a run. network_test.py long: the long cuts instead."""

import json
import os
import random
import sys
import time
import unittest

import network
from fault_case import BIN, FaultCase

LONG = False
SEED = int(os.environ.get("FARM_FAULT_SEED", random.randrange(1 << 30)))


@unittest.skipIf(network.available(), network.available())
class Network(FaultCase):
    def setUp(self):
        super().setUp()
        print("FARM_FAULT_SEED=%d" % SEED, flush=True)
        self.wire = network.Wire(SEED)
        self.addCleanup(self.wire.close)
        self.start_farm()

    # Everything but the agents runs beside the coordinator.
    def farmctl(self, *words, **options):
        return self.run_program(self.wire.inside("c", [os.path.join(BIN, "farmctl"), *words]),
                                **options)

    def start_coordinator(self, fault=None, env=None):
        endpoints = [word for flag, port in (("--control", 7440), ("--bulk", 7441),
                                             ("--enroll", 7442), ("--https", 7443))
                     for word in (flag, "tcp://%s:%d" % (network.COORDINATOR, port))]
        self.coordinator = self.start(
            self.wire.inside("c", [os.path.join(BIN, "farm-coordinator"), "--config",
                                   self.path("coordinator.hcl"), "--data",
                                   self.path("coordinator"), *endpoints]),
            self.coordinator_log)

        def ready():
            self.assertIsNone(self.coordinator.poll(), self.log_text(self.coordinator_log))
            return "coordinator is ready" in self.log_text(self.coordinator_log)
        self.wait_for("coordinator", ready)

    def launch_agent(self, name, *more, where="a"):
        agent = self.agents[name]
        agent["log"] = self.path(name + ".log")
        where = agent.setdefault("where", where)
        agent["process"] = self.start(
            self.wire.inside(where, [os.path.join(BIN, "farm-agent"), "--config", os.devnull,
                                     "--name", name, "--state", self.path("agent-" + name),
                                     "--slots", str(agent["slots"]), *agent["words"], *more]),
            agent["log"])

    def cut_for(self, seconds, *ways):
        self.wire.cut(*ways)
        time.sleep(seconds)
        self.wire.heal()

    def test_short_cut(self):
        self.start_agent("far")
        build = self.start_build(lines=40)
        self.cut_for(3)
        self.assertEqual(len(self.running(build)), 2)
        self.expect_undisturbed(build, 40)

    def test_cut_past_the_lease(self):
        self.start_agent("far")
        build = self.start_build()
        self.wire.cut()
        self.wait_for("suspect jobs", lambda: len(self.running(build, "suspect")) == 2, 30)
        self.wire.heal()
        self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 60)
        self.expect_undisturbed(build, 60)

    def test_cut_until_the_builds_are_over(self):
        """The agent ends its builds in the dark; result, log and files arrive when it is back."""
        self.start_agent("far")
        build = self.start_build(lines=24)
        self.wire.cut()
        time.sleep(10)
        self.wire.heal()
        self.expect_undisturbed(build, 24)

    def test_one_way_cuts(self):
        self.start_agent("far")
        build = self.start_build(lines=200)
        for way in self.wire.both():
            self.cut_for(9, way)
            self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 60)
        self.expect_undisturbed(build, 200)

    def test_loss_delay_and_reordering(self):
        self.start_agent("far")
        for way in self.wire.both():
            way.loss, way.delay, way.jitter = 0.05, 0.15, 0.05
        build = self.start_build(lines=40)
        state = self.wait_for_end(build, 180)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.wire.heal()
        self.expect_whole_logs(build, 40)
        self.expect_sound(build, attempts=1)

    def test_cut_past_all_patience(self):
        """The job is given to another agent; what the first one did does not count when it is back."""
        self.start_agent("far", slots=1)
        build = self.start_build(jobs=1, lines=200)
        far = self.agents["far"]
        self.wire.cut()
        token = self.good(self.farmctl("token", "create", "--role=agent",
                                       "--name=near")).out.strip()
        self.agents["near"] = {"words": [], "slots": 1, "where": "c"}
        self.launch_agent("near", "--token", token)
        taken = self.wait_for(
            "second attempt",
            lambda: [job for job in self.build(build)["jobs"] if job["agent"] == "near"], 90)
        self.assertEqual(taken[0]["attempt"], 2)
        self.wire.heal()
        self.expect_no_leases("far")
        self.assertIsNone(far["process"].poll())
        self.good(self.farmctl("cancel", build))
        self.wait_for_end(build, 60)
        self.expect_sound(build)

    def test_coordinator_killed_while_cut(self):
        self.start_agent("far")
        build = self.start_build()
        self.wire.cut()
        self.kill_coordinator()
        self.start_coordinator()
        time.sleep(3)
        self.wire.heal()
        self.expect_undisturbed(build, 60)


class LongNetwork(Network):
    """Long cuts, with the patience and the leases that a farm has by default."""
    SETTINGS = ""

    def test_five_seconds(self):
        self.start_agent("far")
        build = self.start_build()
        self.cut_for(5)
        self.assertEqual(len(self.running(build)), 2)
        self.expect_undisturbed(build, 60)

    def test_seventy_seconds(self):
        self.start_agent("far")
        build = self.start_build(lines=200, pause="0.5")
        self.wire.cut()
        self.wait_for("suspect jobs", lambda: len(self.running(build, "suspect")) == 2, 90)
        time.sleep(5)
        self.wire.heal()
        self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 90)
        self.expect_undisturbed(build, 200)

    def test_seventy_seconds_one_way(self):
        self.start_agent("far")
        build = self.start_build(lines=500, pause="0.5")
        for way in self.wire.both():
            self.cut_for(70, way)
            self.wait_for("jobs back", lambda: not self.running(build, "suspect"), 90)
        self.expect_undisturbed(build, 500, deadline=400)

    def test_ten_minutes(self):
        self.start_agent("far")
        build = self.start_build(lines=60)
        self.cut_for(600)
        self.expect_undisturbed(build, 60)


LONG_TESTS = ("test_five_seconds", "test_seventy_seconds", "test_seventy_seconds_one_way",
              "test_ten_minutes")


def load_tests(loader, _, __):
    """`network_test.py long`: the long cuts alone."""
    if LONG:
        return unittest.TestSuite([LongNetwork(name) for name in LONG_TESTS])
    return loader.loadTestsFromTestCase(Network)


if __name__ == "__main__":
    if "long" in sys.argv:
        sys.argv.remove("long")
        LONG = True
    unittest.main(verbosity=2)
