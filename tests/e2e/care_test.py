"""What keeps a farm well: secrets sealed and redacted everywhere, the audit log, fsck, backup and
restore, and a coordinator that refuses to serve on records it lost."""

import base64
import json
import os
import shutil
import signal
import unittest

from local_farm import FarmCase

SECRET = "Xq7-correct-horse-battery-9Zt"

TEMPLATE = """
variable "password" {
  type      = string
  sensitive = true
}
source "file" "one" {
  content = "some text\\n"
  target  = "one.txt"
}
build {
  sources = ["source.file.one"]
  provisioner "shell-local" {
    environment_vars = ["PASSWORD=${var.password}"]
    inline           = ["echo the password is $PASSWORD", "sleep ${SECONDS:-0}"]
  }
}
""".replace("${SECONDS:-0}", "${var.wait}") + """
variable "wait" {
  type    = string
  default = "0"
}
"""


class Care(FarmCase):
    def setUp(self):
        super().setUp()
        self.start_farm()
        self.start_agent("here", slots=2)
        self.write("t.pkr.hcl", TEMPLATE)
        self.env["PKR_VAR_password"] = SECRET

    def build_one(self):
        build = self.submit()
        state = self.wait_for_end(build, 60)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        return build

    def stop_coordinator(self):
        os.kill(self.coordinator.pid, signal.SIGTERM)
        self.coordinator.wait(timeout=30)

    def fsck(self, data, *more):
        done = self.farmctl("fsck", "--data", data, "--output", "json", *more)
        self.assertIn(done.code, (0, 1), done)
        return json.loads(done.out)

    def files_with(self, *needles):
        """Files below the farm's folders that hold one of the needles."""
        found = []
        for top in (self.path("coordinator"), self.path("agent-here")):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if not os.path.isfile(path):
                        continue
                    with open(path, "rb") as file:
                        content = file.read()
                    found += [path for needle in needles if needle in content]
        for path in (self.coordinator_log, self.agents["here"]["log"]):
            with open(path, "rb") as file:
                content = file.read()
            found += [path for needle in needles if needle in content]
        return found

    def test_secrets_are_nowhere_in_the_clear(self):
        needles = (SECRET.encode(), base64.b64encode(SECRET.encode()))
        build = self.submit("-var", "wait=6")
        self.wait_for("running job", lambda: self.jobs(build)["file.one"]["state"] == "running")
        for line in self.processes().values():
            self.assertNotIn(SECRET, line)
        # The coordinator's records, as they lie on the disk in the middle of a build and after it.
        # The agent's lease directory holds the job, whose script is on its way: sealed as well.
        self.assertEqual(self.files_with(*needles), [])
        own = self.processes_of_the_build()
        found = self.environments_with(needles[0])
        self.assertLessEqual(found, own | self.processes_of_the_build())
        backup = self.good(self.farmctl("backup", "in-the-middle")).out.strip()
        self.assertTrue(os.path.isdir(backup))
        self.assertEqual(self.files_with(*needles), [])
        self.wait_for_end(build, 60)
        text = self.logs(build)
        self.assertIn("the password is", text)
        self.assertNotIn(SECRET, text)
        self.assertEqual(self.files_with(*needles), [])
        for verb in (("status", build), ("artifacts", build), ("manifest", build), ("audit",)):
            self.assertNotIn(SECRET, self.good(self.farmctl(*verb)).out)

    def environments_with(self, needle):
        """Processes whose environment or command line holds it."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) == os.getpid():
                continue
            for name in ("environ", "cmdline"):
                try:
                    with open("/proc/%s/%s" % (pid, name), "rb") as file:
                        if needle in file.read():
                            found.add(int(pid))
                except OSError:
                    pass
        return found

    def processes_of_the_build(self):
        """Those that the template gave the secret to: its shell and what that started."""
        agent = self.agents["here"]["process"].pid
        parents = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as file:
                    text = file.read()
            except OSError:
                continue
            name = text[text.index("(") + 1:text.rindex(")")]
            parents[int(pid)] = (name, int(text[text.rindex(")") + 2:].split()[1]))
        below = {agent}
        grown = True
        while grown:
            more = {pid for pid, (_, parent) in parents.items() if parent in below} - below
            grown = bool(more)
            below |= more
        return {pid for pid in below if not parents.get(pid, ("farm",))[0].startswith("farm")}

    def test_no_core_dump_shows_a_secret(self):
        for name, process in (("coordinator", self.coordinator),
                              ("agent", self.agents["here"]["process"])):
            with open("/proc/%d/limits" % process.pid) as file:
                self.assertRegex(file.read(), r"Max core file size +0 +0 ", name)
        build = self.submit("-var", "wait=8")
        self.wait_for("running job", lambda: self.jobs(build)["file.one"]["state"] == "running")
        before = self.core_files()
        for process in (self.agents["here"]["process"], self.coordinator):
            os.kill(process.pid, signal.SIGABRT)
            self.assertEqual(process.wait(timeout=30), -signal.SIGABRT)
        self.assertEqual(self.core_files() - before, set())

    def core_files(self):
        with open("/proc/sys/kernel/core_pattern") as file:
            pattern = file.read().strip()
        folders = {self.path(), os.getcwd()}
        if pattern.startswith("/"):
            folders.add(os.path.dirname(pattern))
        return {os.path.join(folder, name) for folder in folders if os.path.isdir(folder)
                for name in os.listdir(folder) if name.startswith("core")
                and os.path.isfile(os.path.join(folder, name))}

    def test_audit(self):
        build = self.build_one()
        token = self.good(self.farmctl("token", "create", "--role=viewer")).out.strip()
        viewer = {"XDG_CONFIG_HOME": self.folder("viewer")}
        self.good(self.farmctl("login", "--name=eve", token, env=viewer))
        self.good(self.farmctl("cancel", build, env=viewer), 5)
        self.good(self.farmctl("audit", env=viewer), 5)
        entries = self.ask("audit")["entries"]
        told = [(entry["actor"], entry["action"], entry["outcome"]) for entry in entries]
        for line in (("admin", "enroll", "done"), ("here", "enroll", "done"),
                     ("admin", "submit", "done"), ("admin", "token-create", "done"),
                     ("eve", "enroll", "done"), ("eve", "cancel", "denied"),
                     ("eve", "query audit", "denied")):
            self.assertIn(line, told)
        table = self.good(self.farmctl("audit")).out
        self.assertRegex(table, r"(?m)^NO +TIME +ACTOR +ROLE +ACTION +SUBJECT +OUTCOME")
        verified = self.good(self.farmctl("audit", "verify")).out
        self.assertRegex(verified, r"^verified \d+ entries\nhead [0-9a-f]{64}\n$")
        head = verified.split()[-1]
        self.good(self.farmctl("audit", "verify", "--head", head))
        self.build_one()
        wrong = self.good(self.farmctl("audit", "verify", "--head", head), 1)
        self.assertIn("does not end with", wrong.out)
        self.kill_coordinator()
        self.start_coordinator()
        self.good(self.farmctl("audit", "verify"))

    def test_backup_fsck_restore(self):
        build = self.build_one()
        data = self.path("coordinator")
        running = self.farmctl("fsck", "--data", data)
        self.good(running, 2)
        self.assertIn("a coordinator runs on " + data, running.err)
        backup = self.good(self.farmctl("backup", "nightly")).out.strip()
        self.assertEqual(backup, os.path.join(data, "backups", "nightly"))
        self.assertIn("exists already", self.good(self.farmctl("backup", "nightly"), 2).err)
        later = self.build_one()
        self.stop_coordinator()
        report = self.fsck(data, "--deep")
        self.assertEqual(report["findings"], [])
        self.assertEqual((report["builds"], report["jobs"]), (2, 2))
        self.assertTrue(self.fsck(backup)["clean"])

        restored = self.path("restored")
        done = self.good(self.farmctl("restore", "--data", restored, backup))
        self.assertIn("clean", done.out)
        self.good(self.farmctl("restore", "--data", restored, backup), 2)
        shutil.rmtree(data)
        os.rename(restored, data)
        with open(os.path.join(data, "admin.token"), "w"):
            pass
        self.start_coordinator()
        self.assertEqual(self.build(build)["state"], "succeeded")
        self.good(self.farmctl("status", later), 2)
        fetched = self.folder("fetched")
        self.good(self.farmctl("artifacts", "get", build, "-o", fetched))
        # The agent of before builds on, under a later incarnation.
        self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        again = self.build_one()
        epoch = self.jobs(again)["file.one"]["epoch"]
        self.assertGreater(int(epoch.split(".")[0]), 1000000)

    def test_lost_records_are_noticed(self):
        self.build_one()
        self.stop_coordinator()
        data = self.path("coordinator")
        old = self.path("old-ledger")
        shutil.copytree(os.path.join(data, "ledger"), old)
        self.start_coordinator()
        self.wait_for("agent", lambda: self.agent_state("here") == "ready", 60)
        self.build_one()
        self.stop_coordinator()
        shutil.rmtree(os.path.join(data, "ledger"))
        os.rename(old, os.path.join(data, "ledger"))
        refused = self.run_program([os.path.join(os.environ["FARM_BIN"], "farm-coordinator"),
                                    "--config", os.devnull, "--data", data,
                                    "--control", "tcp://127.0.0.1:*", "--bulk",
                                    "tcp://127.0.0.1:*", "--enroll", "tcp://127.0.0.1:*"])
        self.good(refused, 1)
        self.assertRegex(refused.err, r"lost \d+ acknowledged batches")
        self.assertIn("--accept-loss", refused.err)

    def test_nothing_leaks(self):
        self.build_one()
        done = self.good(self.farmctl("leaks"))
        self.assertIn("no leaks", done.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
