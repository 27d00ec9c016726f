"""Keys are changed while builds run: an agent's, a user's and the coordinator's own. No build is
restarted, no log byte is lost, and who was not told stays out."""

import json
import os
import unittest

from local_farm import FarmCase, free_ports

TEMPLATE = """
source "file" "one" {
  content = "some text\\n"
  target  = "one.txt"
}
variable "wait" {
  default = "0"
}
build {
  sources = ["source.file.one"]
  provisioner "shell-local" {
    inline = ["for i in $(seq ${var.wait}); do echo line $i; sleep 1; done"]
  }
}
"""


class Keys(FarmCase):
    def setUp(self):
        super().setUp()
        self.next_ports = free_ports(3)
        self.SETTINGS = FarmCase.SETTINGS + "".join(
            'next_%s = "tcp://127.0.0.1:%d"\n' % (name, port)
            for name, port in zip(("control", "bulk", "enroll"), self.next_ports))
        self.start_farm()
        self.start_agent("here", slots=2)
        self.write("t.pkr.hcl", TEMPLATE)

    def keys(self):
        return {line["name"]: line for line in self.ask("keys")["keys"]}

    def running_build(self, wait):
        build = self.submit("-var", "wait=%d" % wait)
        self.wait_for("running job", lambda: self.jobs(build)["file.one"]["state"] == "running")
        return build

    def expect_untouched(self, build, wait):
        state = self.wait_for_end(build, 120)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        text = self.logs(build)
        lines = [line.split()[-1] for line in text.splitlines() if "line " in line
                 and "seq" not in line]
        self.assertEqual(lines, [str(i) for i in range(1, wait + 1)], text)
        self.assertEqual(self.jobs(build)["file.one"]["attempt"], 1)

    def audited(self):
        return [(entry["actor"], entry["action"], entry["outcome"])
                for entry in self.ask("audit")["entries"]]

    def test_key_of_an_agent(self):
        old = self.keys()["here"]["key"]
        build = self.running_build(8)
        self.good(self.farmctl("keys", "renew", "here"))
        self.wait_for("new key", lambda: self.keys()["here"]["key"] != old)
        line = self.keys()["here"]
        self.assertEqual(line["old_key"], old)
        self.assertFalse(line["asked"])
        self.expect_untouched(build, 8)
        self.wait_for("new key on disk", lambda: not os.path.exists(
            self.path("agent-here", "curve.key.next")))
        with open(self.path("agent-here", "curve.key")) as file:
            self.assertTrue(file.readline().startswith(line["key"]))
        # Also after a restart of either side.
        self.kill_coordinator()
        self.start_coordinator()
        self.agents["here"]["process"].kill()
        self.agents["here"]["process"].wait()
        self.launch_agent("here")
        self.expect_untouched(self.submit("-var", "wait=1"), 1)
        for line in (("admin", "key-renew", "done"), ("here", "key-replace", "done")):
            self.assertIn(line, self.audited())

    def test_key_of_a_user(self):
        old = self.keys()["admin"]["key"]
        self.good(self.farmctl("keys", "renew"))
        self.assertNotEqual(self.keys()["admin"]["key"], old)
        self.assertIn(("admin", "key-replace", "done"), self.audited())

    def test_key_of_the_coordinator(self):
        before = self.ask("keys")["coordinator"]["server_key"]
        build = self.running_build(12)
        self.good(self.farmctl("keys", "renew", "no-such-agent"), 2)
        key = self.good(self.farmctl("keys", "renew", "--coordinator-key")).out.strip()
        self.assertNotEqual(key, before)
        self.wait_for("agent at the new door", lambda: self.keys()["here"].get("door") == "1")
        again = self.farmctl("keys", "renew", "--coordinator-key")
        self.assertNotEqual(again.code, 0)
        self.good(self.farmctl("keys", "finish"))
        self.assertFalse(self.ask("keys")["coordinator"]["moving"])
        self.expect_untouched(build, 12)
        # The new endpoints are those of the farm from now on, also for newcomers.
        self.bound_ports = self.ports  # what its command line goes on to say
        self.ports = self.next_ports + self.ports[3:]
        self.kill_coordinator()
        self.start_coordinator()
        self.agents["here"]["process"].kill()
        self.agents["here"]["process"].wait()
        self.launch_agent("here")
        self.start_agent("late", slots=1)
        self.expect_untouched(self.submit("-var", "wait=1"), 1)
        for line in (("admin", "key-renew-coordinator", "done"),
                     ("admin", "key-renew-coordinator", "failed"),
                     ("admin", "key-finish-coordinator", "done")):
            self.assertIn(line, self.audited())
        self.good(self.farmctl("audit", "verify"))


if __name__ == "__main__":
    unittest.main()
