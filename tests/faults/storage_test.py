"""The coordinator's disk full, failing with EIO, and its wall clock stepped to and fro: running builds go
on, nothing acknowledged is lost, and it recovers without a restart."""

import json
import os
import shutil
import subprocess
import unittest

from fault_case import FaultCase, counting_template

HERE = os.path.dirname(os.path.abspath(__file__))


class Storage(FaultCase):
    def shim(self):
        library = self.path("fault_shim.so")
        done = self.run_program(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                                 os.path.join(HERE, "fault_shim.c"), "-ldl"])
        self.good(done)
        return {"LD_PRELOAD": library, "FARM_SHIM_PATH": self.path("coordinator", ""),
                "FARM_SHIM_EIO": self.path("eio"), "FARM_SHIM_CLOCK": self.path("clock")}

    def start_farm_with(self, env):
        # Kept for the coordinator alone.
        start = self.start_coordinator
        self.start_coordinator = lambda fault=None: start(fault, env)
        self.start_farm()

    def expect_read_only(self):
        """What cannot be kept is not taken, and the reason is said."""
        def refused():
            done = self.farmctl("submit", "--detach", "-var", "jobs=1", "-var", "lines=1", "-var",
                                "pause=0", ".", deadline=90)
            return done if done.code not in (0,) and "read-only" in done.err else None
        return self.wait_for("refusal", refused, 90)

    def expect_recovery(self, build, lines):
        state = self.wait_for_end(build, 180)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.expect_whole_logs(build, lines)
        later = self.submit_counting(1, 2, "0")
        self.assertEqual(self.wait_for_end(later, 60)["state"], "succeeded")
        self.expect_sound(build, later)

    def test_disk_full(self):
        if os.geteuid() != 0:
            self.skipTest("a small file system needs root")
        data = self.folder("coordinator")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "farm", data],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs here: " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", data], capture_output=True)
        self.start_farm()
        self.start_agent("here", slots=2)
        # Talks enough to need room of its own.
        self.write("t.pkr.hcl", counting_template(2).replace(
            "sleep ${var.pause}", "seq -f '%0900g' 200; sleep ${var.pause}"))
        build = self.submit("-var", "jobs=2", "-var", "lines=60", "-var", "pause=0.25")
        self.wait_for("running jobs", lambda: len(self.running(build)) == 2, 60)
        self.write("t.pkr.hcl", counting_template(1))
        ballast = os.path.join(data, "ballast")
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
        self.expect_read_only()
        self.assertIsNone(self.coordinator.poll())
        os.unlink(ballast)
        self.expect_recovery(build, 60)

    def test_io_errors(self):
        self.start_farm_with(self.shim())
        self.start_agent("here", slots=2)
        build = self.submit_counting(2, 60, "0.25")
        self.wait_for("running jobs", lambda: len(self.running(build)) == 2, 60)
        with open(self.path("eio"), "w"):
            pass
        self.expect_read_only()
        self.assertIsNone(self.coordinator.poll())
        os.unlink(self.path("eio"))
        self.expect_recovery(build, 60)

    def test_clock_steps(self):
        self.start_farm_with(self.shim())
        self.start_agent("here", slots=2)
        build = self.submit_counting(2, 40, "0.25")
        self.wait_for("running jobs", lambda: len(self.running(build)) == 2, 60)
        for seconds in (86400, -86400, 10 ** 8, 0):
            temporary = self.path("clock.new")
            with open(temporary, "w") as file:
                file.write(str(seconds))
            os.rename(temporary, self.path("clock"))
            self.assertEqual(len(self.running(build, "suspect")), 0)
            self.ask("agents")
        state = self.wait_for_end(build, 120)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.expect_whole_logs(build, 40)
        self.expect_sound(build, attempts=1)


if __name__ == "__main__":
    if not shutil.which("cc"):
        raise SystemExit("cc is needed: ops/deps")
    unittest.main(verbosity=2)
