"""FaultCase: a farm that is hurt on purpose, and what must hold afterwards: every accepted build has
ended, no job was committed twice, logs have no gap, nothing is left behind, the records are sound
(farmctl fsck)."""

import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from case import BIN  # noqa: E402
from local_farm import FarmCase  # noqa: E402

# Each job counts aloud, so that a gap or a repetition in its log shows, and makes a file.
COUNTING = """
variable "jobs"  { type = number }
variable "lines" { type = number }
variable "pause" { type = string }
locals {
  names = [for i in range(var.jobs) : format("j%%03d", i)]
}
%s
build {
%s
  provisioner "shell-local" {
    inline = ["i=0; while [ $i -lt ${var.lines} ]; do echo \\"count $i\\"; i=$((i+1)); sleep ${var.pause}; done"]
  }
}
"""


def counting_template(jobs):
    sources = "\n".join(
        'source "file" "j%03d" {\n  content = "content of %d\\n"\n  target  = "out-%d.txt"\n}'
        % (i, i, i) for i in range(jobs))
    used = "  sources = [%s]" % ", ".join('"source.file.j%03d"' % i for i in range(jobs))
    return COUNTING % (sources, used)


class FaultCase(FarmCase):
    SETTINGS = ('sync_interval = "1s"\nlease_ttl = "6s"\ndisconnect_max = "15s"\n'
                'retry_limit = 2\n')

    def submit_counting(self, jobs, lines=10, pause="0.2"):
        self.write("t.pkr.hcl", counting_template(jobs))
        return self.submit("-var", "jobs=%d" % jobs, "-var", "lines=%d" % lines, "-var",
                           "pause=" + pause)

    def start_build(self, jobs=2, lines=60, pause="0.25"):
        """A build whose jobs all run."""
        build = self.submit_counting(jobs, lines, pause)
        self.wait_for("%d running jobs" % jobs, lambda: len(self.running(build)) == jobs, 120)
        return build

    def expect_undisturbed(self, build, lines, deadline=240, attempts=1):
        """The build succeeds with whole logs as if nothing had happened, and the farm is sound."""
        state = self.wait_for_end(build, deadline)
        self.assertEqual(state["state"], "succeeded", json.dumps(state["jobs"][:3], indent=1))
        self.expect_whole_logs(build, lines)
        self.expect_sound(build, attempts=attempts)

    def start_coordinator(self, fault=None, env=None):
        more = dict(env or {})
        if fault:
            more["FARM_FAULT"] = fault
        self.env.update(more)
        try:
            super().start_coordinator()
        finally:
            for name in more:
                self.env.pop(name)

    def start_agent_with(self, name, env, slots=2):
        self.env.update(env)
        try:
            self.start_agent(name, slots=slots)
        finally:
            for one in env:
                self.env.pop(one)

    def fuse(self):
        path = self.path("fuse-%d" % time.monotonic_ns())
        with open(path, "w"):
            pass
        return path

    def kill_agent(self, name):
        process = self.agents[name]["process"]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def running(self, build, state="running"):
        return [job for job in self.build(build)["jobs"] if job["state"] == state]

    def expect_whole_logs(self, build, lines, attempts_of=None):
        """Every job's log counts from 0 to the end without a gap or a repetition."""
        for job in self.build(build)["jobs"]:
            def counted():
                text = self.logs("%s/%s" % (build, job["name"]))
                return [int(n) for n in re.findall(r"count (\d+)$", text, re.M)]
            # The end of a log may come after the result, when the line was bad.
            self.wait_for("whole log", lambda: len(counted()) >= lines, 60)
            self.assertEqual(counted(), list(range(lines)), job["name"])

    def expect_sound(self, *builds, attempts=None):
        """Ends the farm and looks at what it left."""
        for build in builds:
            for job in self.build(build)["jobs"]:
                committed = [one for one in job["history"] if one["outcome"] == "succeeded"]
                self.assertEqual(len(committed), 1 if job["state"] == "succeeded" else 0, job)
                if attempts is not None:
                    self.assertEqual(job["attempt"], attempts, json.dumps(job, indent=1))
        self.good(self.farmctl("leaks"))
        self.good(self.farmctl("audit", "verify"))
        os.kill(self.coordinator.pid, signal.SIGTERM)
        self.coordinator.wait(timeout=30)
        done = self.farmctl("fsck", "--deep", "--data", self.path("coordinator"), "--output",
                            "json", deadline=120)
        report = json.loads(done.out)
        self.assertEqual(report["findings"], [], done)

    def leases_of(self, name):
        return [x for x in os.listdir(self.path("agent-" + name, "leases")) if "-" in x]

    def expect_no_leases(self, *names):
        for name in names:
            self.wait_for("no lease of " + name, lambda: not self.leases_of(name), 60)
