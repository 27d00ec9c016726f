"""External components: the example plugins built with, signed by OpenSSL; a farm whose agent has them;
and plugins that hang, flood, crash or lie beside builds that must not notice."""

import json
import os
import shutil
import tarfile
import unittest

from case import SOURCE
from local_farm import FarmCase

EXAMPLES = os.path.join(SOURCE, "ops", "examples", "plugins")
NAMES = ("banner", "folder-image", "line-count", "notes")

BAD = {
    "hangs": "read -r start\nexec sleep 600\n",
    "floods": "read -r start\npad=$(printf '%60000s' | tr ' ' w)\n"
              "exec yes \"{\\\"type\\\": \\\"message\\\", \\\"text\\\": \\\"$pad\\\"}\"\n",
    "crashes": "read -r start\nkill -SEGV $$\n",
    "lies": "read -r start\necho '{\"type\": \"done\", \"artifact\": {\"id\": \"gold\", "
            "\"files\": [\"gold.img\"]}}'\n",
}
WORDS = {
    "hangs": "plugin bad-hangs: it has said nothing for 2 s",
    "floods": "plugin bad-floods: it has said more than 32 MiB",
    "crashes": "plugin bad-crashes: it ended without a result: killed by signal 11",
    "lies": "the artifact names a file that is not there: gold.img",
}


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
        for name, body in BAD.items():
            table = {"component": "bad-" + name, "kind": "builder", "options": []}
            path = os.path.join(folder, "bad-" + name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\nif [ \"$1\" = describe ]; then\n  echo '%s'\n  exit\nfi\n%s" % (
                    json.dumps({"protocol": 1, "silence_seconds": 2, "components": [table]}), body))
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
            self.assertRegex(done.out, r"(?m)^--> bad-%s\.%s: .*%s" % (name, name, words))
        self.assertEqual(self.processes(), {})

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
