"""The screen of a machine whose build failed on a farm: it travels with the job's log and is fetched
with `farmctl logs --screen`, from wherever the build ran."""

import os
import unittest

from local_farm import FarmCase
from tiny_guest import TinyGuest


class FarmScreen(FarmCase):
    def test_last_screen_of_a_failed_job(self):
        guest = TinyGuest(self, self.folder("guest"))
        self.start_farm()
        self.start_agent("one")
        # The guest waits for Enter for ever, so the shutdown takes too long.
        self.write("t.json", guest.template({"stuck": {
            "shutdown_timeout": "2s", "boot_command": ["<wait1>seen on the screen<wait1>"]}}))
        build = self.submit(template="t.json")
        state = self.wait_for_end(build, 120)
        self.assertEqual(state["state"], "failed")
        plain = self.logs(build)
        self.assertIn("Timeout while waiting for machine to shut down.", str(state) + plain)
        self.assertNotIn("iVBOR", plain, "a picture among the lines")
        shown = self.good(self.farmctl("logs", "--screen", build))
        self.assertEqual(shown.out, "qemu.stuck.png\n")
        self.assertIn("screen after boot_wait", shown.err)
        self.assertIn("screen after wait 2", shown.err)
        with open(os.path.join(self.work, "qemu.stuck.png"), "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.good(self.farmctl("logs", "--screen", "-o", "shot.png", build + "/qemu.stuck"))
        self.assertGreater(os.path.getsize(os.path.join(self.work, "shot.png")), 500)


if __name__ == "__main__":
    unittest.main()
