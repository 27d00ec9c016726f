"""An old backup put back under agents that know better: what they do that it does not know is revoked, what
was running goes on or is tried again, and no epoch is ever given twice (I7)."""

import json
import os
import shutil
import unittest

from fault_case import FaultCase


class Restore(FaultCase):
    def epochs(self, *builds):
        """(job, epoch) of every attempt."""
        return {(job["id"], attempt["epoch"]) for build in builds
                for job in self.build(build)["jobs"] for attempt in job["history"]}

    def restore(self, backup):
        data = self.path("coordinator")
        restored = self.path("restored")
        self.good(self.farmctl("restore", "--data", restored, backup))
        os.rename(data, self.path("lost"))
        os.rename(restored, data)
        shutil.copy(self.path("lost", "admin.token"), data)  # what start_coordinator() waits for

    def test_old_backup(self):
        self.start_farm()
        self.start_agent("here", slots=4)
        ended = self.submit_counting(1, 2, "0")
        self.wait_for_end(ended, 60)
        waiting = self.start_build(jobs=1, lines=80)       # runs when the backup is made, and after
        backup = self.good(self.farmctl("backup", "old")).out.strip()
        after = self.start_build(jobs=2, lines=400)        # the backup does not know it
        later = self.submit_counting(1, 2, "0")
        self.wait_for_end(later, 60)
        before = self.epochs(ended, waiting, after, later)

        self.kill_coordinator()
        self.restore(backup)
        self.start_coordinator()
        self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        # What nobody ordered any more is ended by its agent.
        self.wait_for("only the known lease",
                      lambda: len(self.leases_of("here")) <= 1, 90)
        self.assertEqual([b["id"] for b in self.ask("status")["builds"]].count(after), 0)

        again = self.submit_counting(2, 2, "0")
        state = self.wait_for_end(again, 120)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        state = self.wait_for_end(waiting, 180)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.assertEqual(len([a for a in state["jobs"][0]["history"]
                              if a["outcome"] == "succeeded"]), 1)
        given = self.epochs(again, waiting) - before
        oldest = max(int(epoch.split(".")[0]) for _, epoch in before)
        for _, epoch in given:
            self.assertGreater(int(epoch.split(".")[0]), oldest, epoch)
        self.expect_no_leases("here")
        self.expect_sound(ended, waiting, again)


if __name__ == "__main__":
    unittest.main(verbosity=2)
