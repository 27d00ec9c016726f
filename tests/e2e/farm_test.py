"""A farm of one coordinator and two agents: three targets of one template land where they can be
built, their bytes come back with the recorded digest, and the manifest names them all."""

import hashlib
import json
import os
import unittest

from case import BIN
from local_farm import FarmCase, SshServer
from media import Image, base_disk

TEMPLATE = """
variable "disk" { type = string }
variable "port" { type = number }
variable "key"  { type = string }

source "qemu" "disk" {
  iso_url          = var.disk
  iso_checksum     = "none"
  disk_image       = true
  skip_resize_disk = true
  accelerator      = "tcg"
  headless         = true
  memory           = 256
  boot_wait        = "-1s"
  ssh_username     = "root"
  ssh_password     = "packer"
  ssh_timeout      = "5m"
  shutdown_command = "sync; echo o > /proc/sysrq-trigger"
}
source "file" "text" {
  content = "made by a farm\\n"
  target  = "out/text.txt"
}
source "null" "machine" {
  ssh_host             = "127.0.0.1"
  ssh_port             = var.port
  ssh_username         = "USER"
  ssh_private_key_file = var.key
}

build {
  sources = ["source.qemu.disk", "source.file.text", "source.null.machine"]

  provisioner "shell" {
    except = ["file.text"]
    script = "scripts/greet.sh"
  }
  post-processor "manifest" {
    output = "m.json"
  }
}
"""


class Farm(FarmCase):
    def setUp(self):
        super().setUp()
        self.start_farm()

    def write_template(self, text=TEMPLATE):
        import pwd
        self.write("t.pkr.hcl", text.replace("USER", pwd.getpwuid(os.geteuid()).pw_name))
        self.write("scripts/greet.sh", "#!/bin/sh\n"
                   "echo \"hello from $PACKER_BUILD_NAME\"\n"
                   "[ \"$PACKER_BUILDER_TYPE\" != qemu ] || echo 'built by a farm' >/etc/motd\n")

    def path_without_qemu(self):
        """A PATH with all programs but those of qemu."""
        folder = self.folder("bin-without-qemu")
        for source in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
            for name in os.listdir(source):
                if not name.startswith("qemu") and not os.path.lexists(os.path.join(folder, name)):
                    os.symlink(os.path.join(source, name), os.path.join(folder, name))
        return folder

    def start_two_agents(self):
        self.start_agent("kvm-a", "site=home")
        whole = self.env["PATH"]
        self.env["PATH"] = self.path_without_qemu()
        try:
            self.start_agent("small", "site=away")
        finally:
            self.env["PATH"] = whole

    def test_three_targets(self):
        self.start_two_agents()
        server = SshServer(self)
        self.write_template()
        agents = {agent["name"]: agent for agent in self.ask("agents")["agents"]}
        self.assertIn("qemu", agents["kvm-a"]["builders"])
        self.assertNotIn("qemu", agents["small"]["builders"])
        self.assertEqual(agents["kvm-a"]["labels"], ["site=home"])

        build = self.submit("-var", "disk=" + base_disk(), "-var", "port=%d" % server.port,
                            "-var", "key=" + server.key)
        state = self.wait_for_end(build, 400)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        jobs = {job["name"]: job for job in state["jobs"]}
        self.assertEqual(sorted(jobs), ["file.text", "null.machine", "qemu.disk"])
        self.assertEqual(jobs["qemu.disk"]["agent"], "kvm-a")
        for job in jobs.values():
            self.assertEqual((job["state"], job["attempt"]), ("succeeded", 1))

        self.check_logs(build)
        self.check_artifacts(build)
        self.check_manifest(build)
        self.assertEqual(self.processes("qemu-system"), {})

    def check_logs(self, build):
        self.assertIn("hello from disk", self.logs(build + "/qemu.disk"))
        self.assertIn("hello from machine", self.logs(build + "/null.machine"))
        whole = self.logs(build)
        for name in ("qemu.disk", "file.text", "null.machine"):
            self.assertIn(" %s: " % name, whole)

    def check_artifacts(self, build):
        listed = self.ask("artifacts", build)["artifacts"]
        files = {(artifact["name"], file["path"]): file
                 for artifact in listed for file in artifact["files"]}
        self.assertEqual({name for name, _ in files}, {"qemu.disk", "file.text"})
        self.good(self.farmctl("artifacts", "get", "-o", "got", build, deadline=120))
        images = []
        for (name, path), file in files.items():
            local = os.path.join(self.work, "got", path.lstrip("/"))
            digest = hashlib.sha256()
            with open(local, "rb") as opened:
                for piece in iter(lambda: opened.read(1 << 20), b""):
                    digest.update(piece)
            self.assertEqual(digest.hexdigest(), file["sha256"], path)
            self.assertEqual(os.path.getsize(local), file["size"], path)
            if name == "qemu.disk":
                images.append(local)
        self.assertEqual(len(images), 1)
        self.assertEqual(Image(self, images[0], "disk").read("/etc/motd"), "built by a farm\n")
        self.assertEqual(self.read("got/out/text.txt"), "made by a farm\n")

    def check_manifest(self, build):
        document = json.loads(self.good(self.farmctl("manifest", build)).out)
        entries = {entry["name"]: entry for entry in document["builds"]}
        self.assertEqual(sorted(entries), ["disk", "machine", "text"])
        self.assertEqual({name: entry["builder_type"] for name, entry in entries.items()},
                         {"disk": "qemu", "machine": "null", "text": "file"})
        self.assertEqual(entries["machine"]["files"], None)
        self.assertEqual([file["name"] for file in entries["text"]["files"]], ["out/text.txt"])
        self.assertEqual(len({entry["packer_run_uuid"] for entry in entries.values()}), 1)
        self.assertEqual(document["last_run_uuid"], entries["disk"]["packer_run_uuid"])

    def test_labels_choose_the_agent(self):
        self.start_agent("here", "site=home")
        self.start_agent("there", "site=away")
        self.write("t.json", json.dumps({"builders": [
            {"type": "file", "name": "a%d" % n, "content": "x", "target": "a%d" % n}
            for n in range(4)]}))
        build = self.submit("--label", "site=away", template="t.json")
        state = self.wait_for_end(build, 60)
        self.assertEqual(state["state"], "succeeded", state)
        self.assertEqual({job["agent"] for job in state["jobs"]}, {"there"})

        waiting = self.submit("--label", "site=moon", template="t.json")
        reasons = json.dumps(self.ask("why", waiting))
        self.assertIn("site=moon", reasons)
        self.assertIn("here", reasons)
        self.good(self.farmctl("cancel", waiting))
        self.assertEqual(self.wait_for_end(waiting, 30)["state"], "cancelled")

    def test_submit_follows_and_reports(self):
        self.start_agent("here")
        self.write("t.json", json.dumps({
            "builders": [{"type": "null", "name": "good", "communicator": "none"},
                         {"type": "null", "name": "bad", "communicator": "none"}],
            "provisioners": [{"type": "shell-local", "inline": [
                "echo this is $PACKER_BUILD_NAME", "test $PACKER_BUILD_NAME = good"]}]}))
        done = self.good(self.farmctl("submit", "t.json", deadline=120), 1)
        self.assertRegex(done.out, r"(?m)^    null.good: this is good$")
        self.assertRegex(done.out, r"(?m)^==> null.bad: failed: .*exit status: 1")
        self.assertRegex(done.out, r"(?m)^==> null.good: finished after ")
        self.assertLess(done.out.index("null.bad: this is bad"), done.out.index("null.bad: failed"))
        self.assertRegex(done.out, r"(?m)^Builds: 1 succeeded, 1 failed")
        self.assertRegex(done.out, r"(?m)^  null.bad .*FAILED .*exit status")
        good = self.good(self.farmctl("submit", "-only=good", "t.json", deadline=120))
        self.assertRegex(good.out, r"(?m)^Builds: 1 succeeded ")
        self.assertIn("null.good", self.good(self.farmctl("status", "@last")).out)

    def test_cancel_a_running_build(self):
        self.start_agent("here")
        self.write("t.json", json.dumps({
            "builders": [{"type": "null", "communicator": "none"}],
            "provisioners": [{"type": "shell-local", "inline": ["echo started", "sleep 600"]}]}))
        build = self.submit(template="t.json")
        self.wait_for("output", lambda: "started" in self.logs(build), 60)
        self.good(self.farmctl("cancel", build))
        self.assertEqual(self.wait_for_end(build, 60)["state"], "cancelled")
        self.assertEqual(self.processes("sleep 600"), {})

    def test_who_may_what(self):
        self.start_agent("here")
        token = self.good(self.farmctl("token", "create", "--role=viewer", "--name=eve")).out.strip()
        self.write("t.json", '{"builders": [{"type": "null", "communicator": "none"}]}')
        admin = self.env["XDG_CONFIG_HOME"]
        self.env["XDG_CONFIG_HOME"] = self.folder("eve")
        self.good(self.farmctl("login", "--name=eve", token))
        self.good(self.farmctl("agents"))
        done = self.good(self.farmctl("submit", "--detach", "t.json"), 5)
        self.assertIn("role", done.err)
        # A token works once.
        self.env["XDG_CONFIG_HOME"] = self.folder("mallory")
        self.assertNotEqual(self.farmctl("login", "--name=eve", token).code, 0)
        # A key that nobody enrolled: refused, and nothing is made.
        os.makedirs(self.path("mallory", "farm"), exist_ok=True)
        with open(os.path.join(admin, "farm", "client.json")) as file:
            known = file.read()
        with open(self.path("mallory", "farm", "client.json"), "w") as file:
            file.write(known)
        done = self.farmctl("submit", "--detach", "t.json", deadline=90)
        self.assertIn(done.code, (4, 5), done)
        self.env["XDG_CONFIG_HOME"] = admin
        self.assertEqual(self.ask("status")["builds"], [])

    def test_agents_that_may_not_join(self):
        agent = os.path.join(BIN, "farm-agent")
        state = self.path("stranger")

        def join(token, *more):
            done = self.run_program([agent, "--config", os.devnull, "--state", state, "--token",
                                     token, *more], deadline=90)
            self.assertNotEqual(done.code, 0, done)
            return done.err
        self.assertIn("join token", join("farm1-!!!"))
        viewer = self.good(self.farmctl("token", "create", "--role=viewer")).out.strip()
        self.assertIn("role viewer", join(viewer, "--name=stranger"))
        bound = self.good(self.farmctl("token", "create", "--name=other")).out.strip()
        self.assertIn("for `other`", join(bound, "--name=stranger"))
        labelled = self.good(self.farmctl("token", "create", "--label", "site=home")).out.strip()
        self.assertIn("label", join(labelled, "--name=stranger", "--label", "site=moon"))
        self.assertEqual(self.ask("agents")["agents"], [])


if __name__ == "__main__":
    unittest.main()
