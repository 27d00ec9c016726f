"""The coordinator's disk full, failing with EIO, and its wall clock stepped to and fro: running builds go
on, nothing acknowledged is lost, and it recovers without a restart."""

import json
import os
import shutil
import signal
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
        self.start_coordinator = lambda: start(None, env)
        self.start_farm()

    def expect_read_only(self):
        """What cannot be kept is not taken, and the reason is said."""
        def refused():
            done = self.farmctl("submit", "--detach", "-var", "jobs=1", "-var", "lines=1", "-var",
                                "pause=0", ".", deadline=90)
            return done if done.code not in (0,) and "read-only" in done.err else None
        self.wait_for("refusal", refused, 90)
        shown = self.good(self.farmctl("status"))
        self.assertIn("warning: the coordinator is read-only: ", shown.err)

    def serves(self):
        done = self.farmctl("status")
        return done.code == 0 and "read-only" not in done.err

    def expect_recovery(self, build, lines):
        # It becomes a new process in the same place.
        self.wait_for("recovery", self.serves, 60)
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
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "farm", data],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs here: " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", data], capture_output=True)
        self.start_farm()
        self.start_agent("here", slots=2)
        # Talks enough to need room of its own.
        self.write("t.pkr.hcl", counting_template(2).replace(
            "sleep ${var.pause}", "seq -f '%0900g' 1000; sleep ${var.pause}"))
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

    def break_disk(self):
        with open(self.path("eio"), "w"):
            pass
        self.expect_read_only()
        self.assertIsNone(self.coordinator.poll())

    def results_at(self, name):
        leases = self.path("agent-" + name, "leases")
        return [x for x in os.listdir(leases) if os.path.exists(os.path.join(leases, x, "result"))]

    def test_io_errors(self):
        self.start_farm_with(self.shim())
        self.start_agent("here", slots=2)
        build = self.start_build(lines=24)
        self.break_disk()
        # The builds end, and their results wait.
        self.wait_for("results", lambda: len(self.results_at("here")) == 2, 60)
        self.assertEqual(len(self.running(build)), 2)
        os.unlink(self.path("eio"))
        self.expect_recovery(build, 24)

    def test_stopped_while_the_disk_fails(self):
        self.start_farm_with(self.shim())
        self.start_agent("here", slots=2)
        build = self.start_build(lines=40)
        self.break_disk()
        os.kill(self.coordinator.pid, signal.SIGTERM)
        self.assertEqual(self.coordinator.wait(timeout=30), 1, self.log_text(self.coordinator_log))
        os.unlink(self.path("eio"))
        self.start_coordinator()
        self.expect_recovery(build, 40)

    def test_damaged_chunk(self):
        """Found by the scrub, never handed out; the build says so, and the farm serves on."""
        self.SETTINGS += 'scrub_interval = "1s"\n'
        self.start_farm()
        self.start_agent("here", slots=2)
        self.write("t.pkr.hcl", """
source "file" "big" {
  content = join("", [for i in range(1000) : format("%01600d", i)])
  target  = "big.txt"
}
build { sources = ["source.file.big"] }
""")
        build = self.submit()
        self.assertEqual(self.wait_for_end(build, 60)["state"], "succeeded")
        self.assertFalse(self.build(build)["damaged"])
        os.kill(self.coordinator.pid, signal.SIGTERM)
        self.coordinator.wait(timeout=30)
        hurt = 0
        chunks = self.path("coordinator", "chunks")
        for name in os.listdir(chunks):
            if not name.endswith(".blob"):
                continue
            with open(os.path.join(chunks, name), "r+b") as file:
                text = file.read()
                at = text.find(b"%01600d" % 500)
                if at >= 0:
                    file.seek(at)
                    file.write(b"x")
                    hurt += 1
        self.assertEqual(hurt, 1)
        self.start_coordinator()
        self.wait_for("damage", lambda: self.build(build)["damaged"], 60)
        self.assertIn("succeeded, DAMAGED", self.good(self.farmctl("status")).out)
        got = self.farmctl("artifacts", "get", "-o", self.folder("got"), build)
        self.assertNotEqual(got.code, 0, got)
        # The same bytes once more, and the old build is whole again.
        later = self.submit()
        self.assertEqual(self.wait_for_end(later, 60)["state"], "succeeded")
        self.wait_for("healing", lambda: not self.build(build)["damaged"], 60)
        self.expect_sound(build, later)

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
