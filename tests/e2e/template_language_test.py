"""The commands around templates: hcl2_upgrade, fix, inspect, validate, console, data sources; where
Debian's packer is installed, farmctl and packer are asked the same and must answer the same."""

import glob
import http.server
import json
import os
import pty
import select
import shutil
import subprocess
import threading
import time
import unittest

from case import PACKER, SOURCE, Case, needs_packer

CORPUS = os.path.join(SOURCE, "tests", "templates")
NULL = 'source "null" "x" {\n  communicator = "none"\n}\n'
BUILD = 'build {\n  sources = ["source.null.x"]\n}\n'

# Fixed by farmctl in a way packer 1.6.6 does not have (yet): no comparison.
NOT_IN_OLD_FIX = {"legacy_old_spellings"}


def corpus(kind):
    return sorted(os.path.basename(os.path.dirname(path))
                  for path in glob.glob(os.path.join(CORPUS, kind + "_*", "")))


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("content-length", 0))
        body = b"%s %s %s" % (self.command.encode(), self.headers.get("x-key", "").encode(),
                              self.rfile.read(size))
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("content-type", "text/plain")
        self.send_header("x-one", "a")
        self.send_header("x-one", "b")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_):
        pass


class TemplateLanguage(Case):
    def copy(self, name):
        shutil.copytree(os.path.join(CORPUS, name), os.path.join(self.work, name))
        return os.path.join(self.work, name)

    def test_upgraded_templates_validate_as_before(self):
        for name in corpus("legacy"):
            with self.subTest(name):
                folder = self.copy(name)
                for extra in ("scripts", "http", "packer", "ansible"):
                    os.makedirs(os.path.join(folder, extra), exist_ok=True)
                before = self.farmctl("validate", "template.json", cwd=folder)
                done = self.farmctl("hcl2-upgrade", "-with-annotations", "template.json", cwd=folder)
                self.assertEqual(done.code, 0, done)
                self.assertTrue(done.out.endswith(
                    "Successfully created template.json.pkr.hcl. Exit 0\n"), done)
                after = self.farmctl("validate", "template.json.pkr.hcl", cwd=folder)
                self.assertEqual(after.code, before.code, "%s\n%s" % (before, after))
                again = self.farmctl("fmt", "-check", "template.json.pkr.hcl", cwd=folder)
                self.assertEqual(again.code, 0, again)

    def test_upgrade_refuses_what_it_cannot_read(self):
        self.write("a.pkr.hcl", NULL + BUILD)
        self.write("bad.json", "{")
        for file in ("a.pkr.hcl", "bad.json", "none.json"):
            done = self.farmctl("hcl2_upgrade", file)
            self.assertEqual(done.code, 1, done)
        self.write("a.json", '{"builders": [{"type": "null", "communicator": "none"}]}')
        done = self.farmctl("hcl2_upgrade", "-output-file=out/x.pkr.hcl", "a.json")
        self.assertEqual(done.code, 1, done)
        self.assertIn("out/x.pkr.hcl", done.out)

    @needs_packer
    def test_fix_prints_what_packer_prints(self):
        for name in corpus("legacy"):
            if name in NOT_IN_OLD_FIX:
                continue
            with self.subTest(name):
                file = os.path.join(CORPUS, name, "template.json")
                ours = self.farmctl("fix", "-validate=false", file)
                theirs = self.packer("fix", "-validate=false", file)
                self.assertEqual((ours.code, ours.out), (theirs.code, theirs.out))

    @needs_packer
    def test_inspect_prints_what_packer_prints(self):
        self.write("two.pkr.hcl", NULL + 'variable "l" {\n  default = ["a"]\n}\n'
                   'variable "m" {\n  default = "a\\nb\\"c"\n}\nlocals {\n  n = 1.5\n}\n'
                   'build {\n  name = "b"\n  description = "d"\n  sources = ["null.x"]\n'
                   '  provisioner "shell-local" {\n    inline = ["x"]\n  }\n'
                   '  post-processor "manifest" {\n    name = "m"\n  }\n'
                   '  post-processor "manifest" {}\n}\n' + BUILD)
        files = [os.path.join(CORPUS, name, "template.json") for name in corpus("legacy")
                 if name not in NOT_IN_OLD_FIX] + ["two.pkr.hcl"]
        for file in files:
            with self.subTest(file):
                # packer lists required variables in any order: ours are sorted.
                order = sorted if "kubernetes" in file else list
                ours = self.farmctl("inspect", file)
                theirs = self.packer("inspect", file)
                self.assertEqual((ours.code, order(ours.out.splitlines())),
                                 (theirs.code, order(theirs.out.splitlines())))
                ours = self.farmctl("-machine-readable", "inspect", file)
                theirs = self.packer("-machine-readable", "inspect", file)
                def cut(text):
                    return [line.split(",", 1)[1] for line in text.splitlines()]
                self.assertEqual(order(cut(ours.out)), order(cut(theirs.out)))

    @needs_packer
    def test_validate_agrees_with_packer(self):
        # Templates of the oldest common language and components; newer things differ rightly.
        for name in ("legacy_minimal", "legacy_conditions", "legacy_post_processors",
                     "legacy_env_defaults", "legacy_names", "hcl_only"):
            with self.subTest(name):
                folder = self.copy(name)
                path = "template.json" if name.startswith("legacy") else "."
                ours = self.farmctl("validate", path, cwd=folder)
                theirs = self.packer("validate", path, cwd=folder)
                self.assertEqual(ours.code, theirs.code, "%s\n%s" % (ours, theirs))

    def test_corpus_of_hcl2_validates(self):
        for name in corpus("hcl"):
            with self.subTest(name):
                folder = self.copy(name)
                with open(os.path.join(folder, "golden.plan")) as file:
                    wrong = file.read().startswith("error ")
                arguments = []
                given = os.path.join(folder, "arguments")
                if os.path.exists(given):
                    with open(given) as file:
                        for line in file.read().splitlines():
                            flag, value = line.split(" ", 1)
                            arguments += [flag + "=" + value]
                for flag in ([], ["-syntax-only"]):
                    done = self.farmctl("validate", *flag, *arguments, ".", cwd=folder,
                                        env={"PKR_VAR_from_env": "x"})
                    # Scripts that a template names are not part of the corpus.
                    if flag or not ("Bad script" in done.out or "is not a directory" in done.out):
                        self.assertEqual(done.code, 1 if wrong and not flag else 0, done)

    def repository(self):
        folder = self.folder("repo")
        def git(*words):
            return subprocess.run(["git", "-C", folder, "-c", "user.name=A U Thor", "-c",
                                   "user.email=author@example.test", *words], check=True,
                                  env=self.env, capture_output=True, text=True).stdout.strip()
        git("init", "-q", "-b", "main")
        os.mkdir(os.path.join(folder, "sub"))
        for name in ("a", "sub/b c"):
            with open(os.path.join(folder, name), "w") as file:
                file.write("x")
        git("add", ".")
        git("commit", "-q", "-m", "first\n\nbody", "--date=2024-01-02T03:04:05+02:00")
        git("tag", "v1")
        git("branch", "dev")
        return folder, git

    def facts(self, text, *flags, code=0):
        self.write("facts.pkr.hcl", text + 'source "file" "x" {\n  content = jsonencode(local.facts)\n'
                   '  target  = "facts.json"\n}\nbuild {\n  sources = ["source.file.x"]\n}\n')
        done = self.farmctl("build", "-force", *flags, "facts.pkr.hcl")
        self.assertEqual(done.code, code, done)
        if code:
            return done
        with open(os.path.join(self.work, "facts.json")) as file:
            return json.load(file)

    def test_git_data_sources_tell_the_state_of_a_repository(self):
        folder, git = self.repository()
        text = ('data "git-repository" "r" {\n  path = "%s"\n}\n'
                'data "git-commit" "c" {\n  path = "%s/sub"\n}\n'
                'data "git-tree" "t" {\n  path = "%s"\n  commit_ish = "v1"\n}\n'
                'locals {\n  facts = [data.git-repository.r, data.git-commit.c, data.git-tree.t]\n}\n'
                % (folder, folder, folder))
        repository, commit, tree = self.facts(text)
        self.assertEqual(repository, {"head": "main", "branches": ["dev", "main"], "tags": ["v1"],
                                      "is_clean": True})
        self.assertEqual(commit["hash"], git("rev-parse", "HEAD"))
        self.assertEqual(commit["author"], "A U Thor <author@example.test>")
        self.assertEqual(commit["message"], "first\n\nbody\n")
        self.assertEqual(commit["branches"], ["dev", "main"])
        self.assertEqual(commit["parent_hashes"], [])
        self.assertRegex(commit["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(tree, {"hash": git("rev-parse", "HEAD^{tree}"), "files": ["a", "sub/b c"]})
        git("checkout", "-q", "--detach")
        with open(os.path.join(folder, "new"), "w") as file:
            file.write("x")
        repository = self.facts(text)[0]
        self.assertEqual((repository["head"], repository["is_clean"]), ("HEAD", False))
        done = self.facts(text.replace('"v1"', '"no-such"'), code=1)
        self.assertIn('"no-such" names no tree', done.out)
        done = self.facts(text.replace(folder + '"', self.dir + '"', 1), code=1)
        self.assertIn("no git repository at", done.out)

    def test_http_data_source_asks_once_and_says_what_failed(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d" % server.server_port
        text = ('data "http" "p" {\n  url = "%s/page"\n  method = "POST"\n  request_body = "hello"\n'
                '  request_headers = { X-Key = "k" }\n}\nlocals {\n  facts = data.http.p\n}\n' % url)
        facts = self.facts(text)
        self.assertEqual(facts["url"], url + "/page")
        self.assertEqual(facts["body"], "POST k hello")
        self.assertEqual(facts["request_headers"]["X-One"], "a, b")
        done = self.facts(text.replace("/page", "/missing"), code=1)
        self.assertIn("HTTP request error. Response code: 404", done.out)
        self.assertIn("facts.pkr.hcl line 1", done.out)
        # validate does not ask, unless told to.
        done = self.farmctl("validate", "facts.pkr.hcl")
        self.assertEqual(done.code, 0, done)
        self.assertIn("Not checked offline (values unknown): data.http.p.", done.out)
        for flag in ("-evaluate-datasources", "--online"):
            done = self.farmctl("validate", flag, "facts.pkr.hcl")
            self.assertEqual(done.code, 1, done)
            self.assertIn("Response code: 404", done.out)

    def test_a_data_source_that_cannot_be_asked_is_named(self):
        text = ('data "amazon-ami" "a" {\n  filters = { name = "x" }\n  owners = ["me"]\n'
                '  region = "r"\n}\nlocals {\n  facts = data.amazon-ami.a.id\n}\n')
        done = self.facts(text, code=1)
        self.assertIn('The data source "amazon-ami" is checked, but', done.out)
        self.assertEqual(self.farmctl("validate", "facts.pkr.hcl").code, 0)

    def test_a_build_that_cannot_be_prepared_does_not_stop_the_others(self):
        self.write("t.pkr.hcl", 'source "file" "good" {\n  content = "x"\n  target = "good"\n}\n'
                   'source "file" "bad" {\n  contnet = "x"\n  target = "bad"\n}\n'
                   'source "hyperv-vmcx" "other" {\n  communicator = "none"\n  clone_from_vm_name = "a"\n}\n'
                   'build {\n  sources = ["file.good", "file.bad", "hyperv-vmcx.other"]\n}\n')
        done = self.farmctl("build", "t.pkr.hcl")
        self.assertEqual(done.code, 1, done)
        self.assertIn('An argument named "contnet" is not expected here.', done.out)
        self.assertIn('The builder "hyperv-vmcx" can be checked but not run', done.out)
        self.assertTrue(os.path.exists(os.path.join(self.work, "good")), done)
        self.write("u.json", json.dumps({"builders": [
            {"type": "file", "name": "good", "content": "x", "target": "good2"},
            {"type": "nothing-like-it", "name": "bad"}]}))
        done = self.farmctl("build", "u.json")
        self.assertEqual(done.code, 1, done)
        self.assertTrue(os.path.exists(os.path.join(self.work, "good2")), done)

    def test_findings_as_data(self):
        self.write("t.pkr.hcl", "locals {\n  a = local.b\n}\n" + NULL + BUILD)
        done = self.farmctl("validate", "--output", "sarif", "t.pkr.hcl")
        self.assertEqual(done.code, 1, done)
        results = json.loads(done.out)["runs"][0]["results"]
        self.assertEqual(len(results), 1, results)
        place = results[0]["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "t.pkr.hcl")
        self.assertEqual(place["region"], {"startLine": 2, "startColumn": 7, "endLine": 2,
                                           "endColumn": 14})
        done = self.farmctl("validate", "--output=json", "t.pkr.hcl")
        self.assertEqual(json.loads(done.out)["diagnostics"][0]["range"]["start"],
                         {"line": 1, "character": 6})

    def test_findings_of_components_point_at_the_option_and_come_together(self):
        self.write("t.pkr.hcl", 'source "file" "x" {\n  target  = "t"\n  content = "{{ nope }}"\n}\n'
                   'build {\n  sources = ["source.file.x"]\n  provisioner "shell" {\n'
                   '    inlin = ["x"]\n  }\n  provisioner "shell" {\n    script = "none.sh"\n  }\n}\n')
        done = self.farmctl("validate", "t.pkr.hcl")
        self.assertEqual(done.code, 1, done)
        for words in ("t.pkr.hcl line 3", 'function "nope" not defined', "t.pkr.hcl line 8",
                      'Did you mean "inline"?', "t.pkr.hcl line 11", "Bad script 'none.sh'"):
            self.assertIn(words, done.out)

    def test_values_of_variables_are_constant(self):
        template = 'variable "l" {\n  default = %s\n}\n' + NULL + BUILD
        self.write("a.pkr.hcl", template % '["${upper("x")}"]')
        done = self.farmctl("validate", "a.pkr.hcl")
        self.assertEqual(done.code, 1, done)
        self.assertIn('There is no function named "upper" in variable defaults', done.out)
        self.write("a.pkr.hcl", template % '["a-${env("HOME")}"]')
        self.assertEqual(self.farmctl("validate", "a.pkr.hcl").code, 0)
        self.write("v.pkrvars.hcl", 'l = [upper("x")]\n')
        for flag in ('-var=l=[upper("x")]', "-var-file=v.pkrvars.hcl"):
            done = self.farmctl("validate", flag, "a.pkr.hcl")
            self.assertEqual(done.code, 1, done)
            self.assertIn("Function calls not allowed", done.out)

    def test_console_edits_lines_on_a_terminal(self):
        self.write("t.pkr.hcl", 'variable "name" {\n  default = "world"\n}\n' + NULL + BUILD)
        main, side = pty.openpty()
        process = subprocess.Popen([os.path.join(os.environ["FARM_BIN"], "farmctl"), "console",
                                    "t.pkr.hcl"], stdin=side, stdout=side, stderr=side,
                                   cwd=self.work, env=dict(self.env, TERM="xterm"))
        os.close(side)
        self.addCleanup(os.close, main)
        self.addCleanup(process.kill)
        seen = b""

        def until(text):
            nonlocal seen
            deadline = time.monotonic() + 20
            while text not in seen:
                ready = select.select([main], [], [], max(0, deadline - time.monotonic()))[0]
                self.assertTrue(ready, seen)
                seen += os.read(main, 4096)
            seen = b""

        until(b"> ")
        # "heXllo", the wrong letter taken out with the left arrow and backspace.
        os.write(main, b'upper("heXllo ${var.name}")' + b"\x1b[D" * 17 + b"\x7f\r")
        until(b"HELLO WORLD")
        os.write(main, b"exit\r")
        self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
