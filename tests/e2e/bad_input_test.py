"""Bad input: every mistake gets a text that names it, the place and the way out, the right exit
code, and leaves nothing half made."""

import json
import os
import socket
import tempfile
import unittest

from case import Case, needs_packer

NULL = {"type": "null", "communicator": "none"}


def template(**parts):
    return json.dumps({"builders": [NULL], **parts})


def qemu(**options):
    return json.dumps({"builders": [{"type": "qemu", "ssh_username": "root", **options}]})


# name, file, text, words that the output must hold. The exit code of build and validate is 1.
TEMPLATES = [
    ("unknown builder", "t.json", '{"builders": [{"type": "nul"}]}',
     ["nul", 'Did you mean "null"?', "t.json line 1"]),
    ("unknown provisioner", "t.json", template(provisioners=[{"type": "shel", "inline": ["x"]}]),
     ['"shel"', 'Did you mean "shell"?']),
    ("unknown post-processor", "t.json", template(**{"post-processors": [{"type": "manifst"}]}),
     ['"manifst"', 'Did you mean "manifest"?']),
    ("unknown option", "t.json",
     '{"builders": [{"type": "file", "contnet": "a", "target": "made"}]}',
     ["contnet", 'Did you mean "content"?', "t.json line 1"]),
    ("unknown option in HCL", "t.pkr.hcl",
     'source "file" "x" {\n  contnet = "a"\n  target  = "made"\n}\n'
     'build { sources = ["source.file.x"] }\n',
     ["contnet", "content", "t.pkr.hcl line 2"]),
    ("unknown builder in HCL", "t.pkr.hcl",
     'source "fil" "x" {\n}\nbuild { sources = ["source.fil.x"] }\n', ["fil", '"file"']),
    ("unknown block", "t.pkr.hcl", 'sourc "file" "x" {\n}\n', ["sourc", "source", "line 1"]),
    ("missing required option", "t.json", '{"builders": [{"type": "file", "content": "a"}]}',
     ["target", "required"]),
    ("missing required option in HCL", "t.pkr.hcl",
     'source "file" "x" {\n  content = "a"\n}\nbuild { sources = ["source.file.x"] }\n',
     ['"target" is required', "t.pkr.hcl line 1"]),
    ("one of several is required", "t.json", template(provisioners=[{"type": "shell"}]),
     ["inline", "script"]),
    ("wrong type", "t.json",
     '{"builders": [{"type": "file", "content": ["a"], "target": "made"}]}', ["content", "string"]),
    ("wrong type in HCL", "t.pkr.hcl",
     'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.x"]\n'
     '  provisioner "shell-local" {\n    inline = { a = 1 }\n  }\n}\n', ["inline", "line 7"]),
    ("unset variable", "t.json", template(variables={"token": None}), ["token", "-var"]),
    ("unset variable in HCL", "t.pkr.hcl",
     'variable "token" {\n  type = string\n}\nsource "null" "x" {\n  communicator = "none"\n}\n'
     'build { sources = ["source.null.x"] }\n', ["token", "t.pkr.hcl line 1"]),
    ("unknown variable in HCL", "t.pkr.hcl",
     'variable "color" {\n  default = "a"\n}\nsource "file" "x" {\n  content = var.colour\n'
     '  target  = "made"\n}\nbuild { sources = ["source.file.x"] }\n', ["colour", "line 5"]),
    ("unknown function", "t.pkr.hcl",
     'source "file" "x" {\n  content = uper("a")\n  target  = "made"\n}\n'
     'build { sources = ["source.file.x"] }\n', ["uper", "upper", "line 2"]),
    ("broken HCL", "t.pkr.hcl", 'source "file" "x" {\n  content = \n}\n', ["t.pkr.hcl line 2"]),
    ("unclosed HCL", "t.pkr.hcl", 'source "file" "x" {\n  content = "a"\n', ["t.pkr.hcl line"]),
    ("broken JSON", "t.json", '{\n "builders": [\n  {"type": "null"},\n ]\n}\n',
     ["t.json line 3", "comma"]),
    ("cut JSON", "t.json", '{"builders": [{"type": "null"', ["t.json line 1", "missing"]),
    ("empty file", "t.json", "", ["t.json"]),
    ("no builders", "t.json", "{}", ["builder"]),
    ("two builders of one name", "t.json", json.dumps({"builders": [NULL, NULL]}), ["null"]),
    ("missing script", "t.json",
     template(provisioners=[{"type": "shell-local", "script": "none.sh"}]), ["none.sh"]),
    ("two kinds of script", "t.json",
     template(provisioners=[{"type": "shell-local", "script": "none.sh", "inline": ["x"]}]),
     ["inline", "script"]),
    ("no checksum", "t.json", qemu(iso_url="disk.iso"), ["iso_checksum"]),
    ("malformed checksum", "t.json", qemu(iso_url="disk.iso", iso_checksum="sha256:zz"),
     ["checksum"]),
]


class Templates(Case):
    def check(self, verb, name, file, text, words):
        self.work = tempfile.mkdtemp(dir=self.dir)
        self.write(file, text)
        done = self.farmctl(verb, file)
        self.good(done, 1)
        for word in words:
            self.assertIn(word, done.out, "%s: %s" % (name, done))
        self.assertEqual(done.err, "", name)
        self.assertEqual(os.listdir(self.work), [file], name)
        self.assertEqual(os.listdir(self.path("tmp")), [], name)

    def test_validate(self):
        for name, file, text, words in TEMPLATES:
            with self.subTest(name):
                self.check("validate", name, file, text, words)

    def test_build(self):
        for name, file, text, words in TEMPLATES:
            with self.subTest(name):
                self.check("build", name, file, text, words)

    @needs_packer
    def test_packer_refuses_the_same(self):
        for name, file, text, _ in TEMPLATES:
            if not file.endswith(".json"):
                continue
            with self.subTest(name):
                self.write(file, text)
                self.assertNotEqual(self.packer("validate", file).code, 0, name)

    def test_all_mistakes_at_once(self):
        self.write("t.json", json.dumps({
            "builders": [{"type": "file", "contnet": "a", "target": "b"},
                         {"type": "null", "communicator": "none", "colour": "red"}],
            "provisioners": [{"type": "shel", "inline": ["x"]}]}))
        done = self.good(self.farmctl("validate", "t.json"), 1)
        for word in ("contnet", "colour", "shel"):
            self.assertIn(word, done.out)

    def test_missing_template(self):
        for verb in ("validate", "build"):
            done = self.good(self.farmctl(verb, "none.json"), 1)
            self.assertIn("none.json", done.out)
            self.assertIn("does not exist", done.out)

    def test_missing_variable_file(self):
        self.write("t.json", template())
        done = self.good(self.farmctl("build", "-var-file=none.json", "t.json"), 1)
        self.assertIn("none.json", done.out)

    def test_nothing_matches_only(self):
        self.write("t.json", template())
        done = self.good(self.farmctl("build", "-only=nul", "t.json"), 1)
        self.assertIn("No builds to run", done.out)

    def test_wrong_download_makes_nothing(self):
        disk = self.write("disk.iso", "not the right bytes\n")
        self.write("t.json", qemu(iso_url=disk, iso_checksum="sha256:" + "0" * 64,
                                  disk_image=True, headless=True, accelerator="tcg"))
        done = self.good(self.farmctl("build", "t.json"), 1)
        self.assertRegex(done.out, r"(?i)checksum")
        self.assertEqual(sorted(os.listdir(self.work)), ["disk.iso", "t.json"])
        self.assertEqual(self.processes(), {})


class CommandLine(Case):
    def test_unknown_command(self):
        done = self.good(self.farmctl("vaildate", "t.json"), 127)
        self.assertIn("Did you mean `validate`?", done.text)

    def test_unknown_flag(self):
        self.write("t.json", template())
        for verb in ("build", "validate"):
            done = self.good(self.farmctl(verb, "-on-eror=abort", "t.json"), 1)
            self.assertIn("-on-eror", done.text)

    def test_bad_flag_value(self):
        self.write("t.json", template())
        self.assertIn("maybe", self.good(
            self.farmctl("build", "-on-error=maybe", "t.json"), 1).text)
        self.assertIn("many", self.good(
            self.farmctl("build", "-parallel-builds=many", "t.json"), 1).text)

    def test_no_template(self):
        for verb in ("build", "validate"):
            self.assertIn("Usage: farmctl " + verb, self.good(self.farmctl(verb), 1).text)


class Unreachable(Case):
    """A farm that is not there."""

    def configure(self, port):
        os.makedirs(self.path("config", "farm"), exist_ok=True)
        with open(self.path("config", "farm", "client.json"), "w") as file:
            json.dump({"coordinator": "tcp://127.0.0.1:%d" % port,
                       "bulk": "tcp://127.0.0.1:%d" % (port + 1),
                       "server_key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
                       "name": "ana"}, file)

    def free_port(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return listener.getsockname()[1]

    def test_no_farm_configured(self):
        self.write("t.json", template())
        for words in (["status"], ["submit", "t.json"], ["agents"]):
            done = self.farmctl(*words)
            self.assertNotEqual(done.code, 0)
            self.assertIn("farmctl login TOKEN", done.err)
            self.assertEqual(done.out, "")

    def test_nobody_listens(self):
        self.configure(self.free_port())
        done = self.good(self.farmctl("status", deadline=60), 4)
        self.assertIn("127.0.0.1", done.err)
        self.assertEqual(done.out, "")

    def test_a_bad_template_is_refused_before_connecting(self):
        self.configure(self.free_port())
        self.write("t.json", '{"builders": [{"type": "nul"}]}')
        done = self.good(self.farmctl("submit", "t.json"), 3)
        self.assertIn('Did you mean "null"?', done.text)

    def test_bad_token(self):
        done = self.farmctl("login", "farm1-abcdef")
        self.assertNotEqual(done.code, 0)
        self.assertIn("token", done.err)
        self.assertFalse(os.path.exists(self.path("config", "farm", "client.json")))


if __name__ == "__main__":
    unittest.main()
