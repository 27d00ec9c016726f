"""kill -9 at every named point of both sides, one at a time; then the farm is made whole again and the
build must end as if nothing had happened."""

import json
import os
import time
import unittest

from fault_case import BIN, FaultCase, counting_template

COORDINATOR = ("coordinator.batch.before", "coordinator.batch.after", "coordinator.reply.before",
               "coordinator.reply.after", "coordinator.flush.before")
AGENT = ("agent.accept.before", "agent.accept.after", "agent.start.after", "agent.result.before",
         "agent.result.after", "agent.forget.before")
RUNNER = ("runner.ledger.before", "runner.ledger.after", "runner.result.before",
          "runner.result.after")


class Kill(FaultCase):
    def run_through(self, revive, jobs=2):
        """Submits, revives what dies, waits for the end."""
        build = self.submit_retrying(jobs, revive)

        def ended():
            revive()
            done = self.farmctl("status", "--output", "json", build)
            return done.code in (0, 1) and json.loads(done.out or "{}").get("state") != "running"
        self.wait_for("end of the build", ended, 120)
        state = self.build(build)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        return build

    def submit_retrying(self, jobs, revive):
        """The client goes on asking while the coordinator is away."""
        self.write("t.pkr.hcl", counting_template(jobs))
        log = self.path("submit-%d.json" % time.monotonic_ns())
        submit = self.start(
            [os.path.join(BIN, "farmctl"), "submit", "--detach", "--output", "json", "-var",
             "jobs=%d" % jobs, "-var", "lines=3", "-var", "pause=0.05", "."], log)

        def done():
            revive()
            return submit.poll() is not None
        self.wait_for("answer to the submit", done, 60)
        with open(log) as file:
            text = file.read()
        self.assertEqual(submit.returncode, 0, text)
        return json.loads(text.splitlines()[-1])["build"]

    def revive_coordinator(self):
        if self.coordinator.poll() is not None:
            self.deaths += 1
            self.start_coordinator()

    def revive_agent(self):
        if self.agents["here"]["process"].poll() is not None:
            self.deaths += 1
            self.launch_agent("here")

    def test_coordinator(self):
        self.start_farm()
        self.start_agent("here")
        builds = []
        for point in COORDINATOR:
            for passage in (2, 4, 8):
                with self.subTest(point=point, passage=passage):
                    self.deaths = 0
                    self.kill_coordinator()
                    self.start_coordinator("%s:%d@%s" % (point, passage, self.fuse()))
                    builds.append(self.run_through(self.revive_coordinator))
                    if point != "coordinator.flush.before":
                        self.assertGreaterEqual(self.deaths, 1)
        self.expect_sound(*builds)
        self.expect_no_leases("here")

    def test_agent(self):
        self.start_farm()
        self.start_agent("here")
        builds = []
        for point in AGENT:
            with self.subTest(point=point):
                self.deaths = 0
                self.kill_agent("here")
                self.env["FARM_FAULT"] = "%s@%s" % (point, self.fuse())
                self.launch_agent("here")
                del self.env["FARM_FAULT"]
                builds.append(self.run_through(self.revive_agent))
                self.wait_for("death at " + point, lambda: self.revive_agent() or self.deaths)
        self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        self.expect_no_leases("here")
        self.expect_sound(*builds)

    def test_runner(self):
        self.start_farm()
        builds = []
        for number, point in enumerate(RUNNER):
            with self.subTest(point=point):
                fuse = self.fuse()
                name = "a%d" % number
                self.start_agent_with(name, {"FARM_FAULT": "%s@%s" % (point, fuse)})
                build = self.run_through(lambda: None)
                builds.append(build)
                if not point.startswith("runner.ledger"):  # file builds announce nothing
                    self.assertFalse(os.path.exists(fuse), point + " was not passed")
                self.expect_no_leases(name)
                self.good(self.farmctl("agents", "drain", name))
        self.expect_sound(*builds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
