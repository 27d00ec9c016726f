"""External components: the example plugins built with, signed by OpenSSL; a farm whose agent has them;
plugins of every kind that hang, flood, crash or lie beside builds that must not notice; and what a killed
plugin left at its provider."""

import json
import os
import shutil
import signal
import tarfile
import unittest

from case import BIN, SOURCE
from local_farm import FarmCase

EXAMPLES = os.path.join(SOURCE, "ops", "examples", "plugins")
NAMES = ("banner", "folder-image", "line-count", "notes")
KINDS = ("builder", "provisioner", "post-processor", "data-source")

BAD = {
    "hangs": "read -r start\nexec sleep 600\n",
    "floods": "read -r start\npad=$(printf '%60000s' | tr ' ' w)\n"
              "exec yes \"{\\\"type\\\": \\\"message\\\", \\\"text\\\": \\\"$pad\\\"}\"\n",
    "crashes": "read -r start\nkill -SEGV $$\n",
    # An artifact that is not there; of the others a result of the wrong shape, or none of its business.
    "lies": "read -r start\ncase $start in\n"
            "  *'\"kind\":\"provisioner\"'*) echo '{\"type\": \"call\", \"id\": 1, \"method\": "
            "\"ledger.gone\", \"params\": {\"intent\": 1}}'; read -r reply; "
            "echo '{\"type\": \"gold\"}' ;;\n"
            "  *) echo '{\"type\": \"done\", \"outputs\": [\"gold\"], \"artifact\": {\"id\": \"gold\", "
            "\"files\": [\"gold.img\"]}}' ;;\nesac\n",
}
WORDS = {
    "hangs": "it has said nothing for 2 s",
    "floods": "it has said more than 32 MiB",
    "crashes": "it ended without a result: killed by signal 11",
}
LIES = {
    "builder": "the artifact names a file that is not there: gold.img",
    "provisioner": "it has sent a message of the unknown type 'gold'",
    "post-processor": "the artifact names a file that is not there: gold.img",
}

# A builder at a provider, which is a folder: one file for each of its boxes.
LAB = """#!/usr/bin/python3
import json, os, sys, time

def send(**message):
    print(json.dumps(message), flush=True)

def call(method, **params):
    send(type="call", id=1, method=method, params=params)
    reply = json.loads(sys.stdin.readline())
    assert reply["ok"], reply
    return reply["result"]

if sys.argv[1:] == ["describe"]:
    print(json.dumps({"protocol": 1, "components": [
        {"component": "lab", "kind": "builder", "resources": ["box"],
         "options": [{"name": "provider", "type": "string", "required": True}]}]}))
    sys.exit()
start = json.loads(sys.stdin.readline())
provider = start["config"]["provider"]
if start["kind"] == "reaper":
    box = os.path.join(provider, start["resource"]["name"])
    if os.path.exists(box):
        with open(box) as file:
            if file.read() != start["resource"]["id"]:
                send(type="failed", error="another's box")
                sys.exit()
        os.unlink(box)
    send(type="done")
    sys.exit()
name = "box-" + start["build"]["run_uuid"]
intent = call("ledger.intend", kind="box", name=name)["intent"]
with open(os.path.join(provider, name), "w") as file:
    file.write("i-42")
call("ledger.bound", intent=intent, id="i-42")
send(type="say", text="box made")
while True:
    send(type="alive")
    time.sleep(0.5)
"""


class Plugins(FarmCase):
    def setUp(self):
        super().setUp()
        self.key = self.path("key.pem")
        self.folder_of_plugins = self.path("plugins")
        os.mkdir(self.folder_of_plugins)

    def install(self, folder, names=NAMES):
        for name in names:
            shutil.copy(os.path.join(EXAMPLES, name), folder)
        self.sign([os.path.join(folder, name) for name in names])

    def sign(self, paths):
        self.good(self.run_program([os.path.join(EXAMPLES, "sign"), self.key, *paths]))

    def public_key(self):
        return self.good(self.run_program(
            [os.path.join(EXAMPLES, "sign"), "--public", self.key])).out.strip()

    def trust(self):
        """farmctl uses the folder from now on."""
        with open(self.path("keys"), "w") as file:
            file.write("# ours\n%s\n" % self.public_key())
        self.env.update({"FARM_PLUGINS": self.folder_of_plugins,
                         "FARM_PLUGIN_KEYS": self.path("keys")})

    def demo(self):
        for name in ("demo.pkr.hcl", "README.md"):
            shutil.copy(os.path.join(EXAMPLES, name), self.work)

    def install_bad(self, folder):
        """Each of them as a component of every kind."""
        for name, body in BAD.items():
            path = os.path.join(folder, "bad-" + name)
            tables = [{"component": "bad-" + name, "kind": kind, "options": []} for kind in KINDS]
            tables[-1]["outputs"] = [{"name": "text", "type": "string"}]
            with open(path, "w") as file:
                file.write("#!/bin/sh\nif [ \"$1\" = describe ]; then\n  echo '%s'\n  exit\nfi\n%s" % (
                    json.dumps({"protocol": 1, "silence_seconds": 2, "components": tables}), body))
            os.chmod(path, 0o755)
            self.sign([path])

    def test_examples(self):
        self.demo()
        refused = self.good(self.farmctl("validate", "."), 1)
        self.assertIn("Unknown data source type \"line-count\"", refused.out)
        self.install(self.folder_of_plugins)
        self.trust()
        self.good(self.farmctl("validate", "."))
        done = self.good(self.farmctl("build", "-color=false", "."))
        lines = len(self.read("README.md").splitlines())
        with tarfile.open(os.path.join(self.work, "demo.tar")) as archive:
            self.assertEqual(json.load(archive.extractfile("labels.json")), {"lines": str(lines)})
            self.assertIn("README.md", archive.getnames())
        self.assertEqual(self.read("NOTES.txt"),
                         "Demo with %d lines\nfiles: demo.tar\n" % lines)
        self.assertIn("==> folder-image.demo: Copying", done.out)
        self.assertIn("--> folder-image.demo: Packed folder: demo.tar", done.out)
        self.assertIn("--> folder-image.demo: Release notes: NOTES.txt", done.out)
        self.assertEqual(self.processes(), {})

    def test_validate_knows_their_options(self):
        self.install(self.folder_of_plugins)
        self.trust()
        self.write("t.pkr.hcl", """
source "folder-image" "x" {
  communicator = "none"
  sourc        = "."
}
build { sources = ["source.folder-image.x"] }
""")
        done = self.good(self.farmctl("validate", "t.pkr.hcl"), 1)
        self.assertIn("sourc", done.out)
        self.assertIn("source", done.out)
        # A file that nobody signed changes nothing.
        shutil.copy(os.path.join(EXAMPLES, "banner"), os.path.join(self.folder_of_plugins, "other"))
        self.write("t.pkr.hcl", "source \"null\" \"x\" { communicator = \"none\" }\n"
                                "build {\n  sources = [\"source.null.x\"]\n"
                                "  provisioner \"shell-local\" { inline = [\"true\"] }\n}\n")
        self.good(self.farmctl("build", "t.pkr.hcl"))

    def test_bad_plugins_cost_their_own_build(self):
        self.install_bad(self.folder_of_plugins)
        self.trust()
        self.write("t.json", json.dumps({"builders": [
            *({"type": "bad-" + name, "name": name} for name in BAD),
            {"type": "file", "name": "fine", "content": "fine\n", "target": "fine.txt"}]}))
        done = self.good(self.farmctl("build", "-color=false", "t.json", deadline=120), 1)
        self.assertEqual(self.read("fine.txt"), "fine\n")
        self.assertRegex(done.out, r"(?m)^Build 'file.fine' finished after")
        for name, words in WORDS.items():
            self.assertRegex(done.out, r"(?m)^--> bad-%s\.%s: .*plugin bad-%s: %s" % (
                name, name, name, words))
        self.assertRegex(done.out, r"(?m)^--> bad-lies\.lies: .*" + LIES["builder"])
        self.assertEqual(self.processes(), {})

    def test_bad_provisioners_and_post_processors(self):
        self.install_bad(self.folder_of_plugins)
        self.trust()
        for kind, part in (("provisioner", "provisioners"), ("post-processor", "post-processors")):
            self.write("t.json", json.dumps({
                "builders": [{"type": "file", "name": name, "content": "x\n", "target": name + ".txt"}
                             for name in (*BAD, "fine")],
                part: [{"type": "bad-" + name, "only": [name]} for name in BAD]}))
            done = self.good(self.farmctl("build", "-color=false", "-force", "t.json", deadline=120),
                             1)
            self.assertRegex(done.out, r"(?m)^Build 'file.fine' finished after")
            for name, words in {**WORDS, "lies": LIES[kind]}.items():
                self.assertRegex(done.out, r"(?s)\n--> file\.%s: .{0,80}%s" % (name, words))
            self.assertEqual(self.processes(), {})

    def test_bad_data_sources(self):
        self.install_bad(self.folder_of_plugins)
        self.trust()
        for name, words in {**WORDS, "lies": "outputs"}.items():
            self.write("t.pkr.hcl", """
data "bad-%s" "x" {}
source "file" "x" {
  content = data.bad-%s.x.text
  target  = "made.txt"
}
build { sources = ["source.file.x"] }
""" % (name, name))
            done = self.good(self.farmctl("build", "-color=false", "t.pkr.hcl", deadline=60), 1)
            self.assertIn(words, done.out)
            self.assertFalse(os.path.exists(os.path.join(self.work, "made.txt")))
            self.assertEqual(self.processes(), {})

    def test_killed_build_leaves_nothing_at_the_provider(self):
        path = os.path.join(self.folder_of_plugins, "lab")
        with open(path, "w") as file:
            file.write(LAB)
        os.chmod(path, 0o755)
        self.sign([path])
        self.trust()
        provider = self.folder("provider")
        self.write("t.json", json.dumps({"builders": [{"type": "lab", "provider": provider}]}))
        log = self.path("output")
        build = self.start([os.path.join(BIN, "farmctl"), "build", "-color=false", "t.json"], log)

        def output():
            with open(log) as file:
                return file.read()
        self.wait_for("box", lambda: "box made" in output())
        self.assertEqual(len(os.listdir(provider)), 1)
        os.kill(self.runner_of_the_plugin(), signal.SIGKILL)
        self.assertEqual(build.wait(timeout=60), 1, output())
        self.assertEqual(os.listdir(provider), [], output())
        self.assertIn("Removing what the build left: lab/box box-", output())
        self.assertEqual(self.processes(), {})

    def runner_of_the_plugin(self):
        plugin = next(pid for pid, line in self.processes("serve").items() if "/plugins/" in line)
        with open("/proc/%d/stat" % plugin) as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def test_farm(self):
        """The agent has the plugins, the user does not."""
        self.start_farm()
        folder = self.folder_of_plugins
        self.install(folder)
        self.install_bad(folder)
        token = self.good(self.farmctl("token", "create", "--role=agent", "--name=one")).out.strip()
        self.agents["one"] = {"words": [], "slots": 3}
        self.launch_agent("one", "--token", token, "--plugins", folder,
                          "--trusted-plugin-key", self.public_key())
        self.wait_for("agent", lambda: self.agent_state("one") == "ready")
        agent = self.ask("agents")["agents"][0]
        self.assertIn("folder-image", agent["builders"])
        self.assertIn("banner", agent["provisioners"])
        self.assertIn("notes", agent["post_processors"])

        template = {"builders": [
            {"type": "folder-image", "name": "image", "communicator": "none", "source": ".",
             "output": "image.tar"},
            {"type": "bad-hangs", "name": "hangs"}, {"type": "bad-crashes", "name": "crashes"}],
            "post-processors": [{"type": "notes", "only": ["image"], "title": "From the farm"}]}
        self.write("t.json", json.dumps(template))
        self.assertIn("folder-image", self.good(self.farmctl("validate", "t.json"), 1).out)
        build = self.submit(template="t.json")
        state = self.wait_for_end(build, 120)
        jobs = {job["name"]: job for job in state["jobs"]}
        self.assertEqual({name: job["state"] for name, job in jobs.items()},
                         {"folder-image.image": "succeeded", "bad-hangs.hangs": "failed",
                          "bad-crashes.crashes": "failed"})
        self.assertIn("it has said nothing for 2 s", json.dumps(jobs["bad-hangs.hangs"]))
        self.assertIn("killed by signal 11", json.dumps(jobs["bad-crashes.crashes"]))
        # What submit learned, validate knows.
        self.good(self.farmctl("validate", "t.json"))
        del template["builders"][0]["source"]
        self.write("t.json", json.dumps(template))
        self.assertIn("source", self.good(self.farmctl("validate", "t.json"), 1).out)
        self.assertEqual(self.agent_state("one"), "ready")


if __name__ == "__main__":
    unittest.main(verbosity=2)
