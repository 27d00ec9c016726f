"""The commands around templates: hcl2_upgrade, fix, inspect, validate, console, data sources; where
Debian's packer is installed, farmctl and packer are asked the same and must answer the same."""

import glob
import http.server
import json
import os
import pty
import re
import select
import shutil
import subprocess
import termios
import threading
import time
import unittest
import urllib.parse

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
        if self.path.startswith("/sums?"):
            body = urllib.parse.unquote(self.path[len("/sums?"):]).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("content-type", "text/plain")
        self.send_header("x-one", "a")
        self.send_header("x-one", "b")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_):
        pass


# Prints each file as JSON, as the HCL parser of @cdktf/hcl2json (WebAssembly) reads it.
HCL2JSON = """
const { parse } = require(process.env.HCL2JSON);
const fs = require("fs");
(async () => {
  for (const file of process.argv.slice(1))
    console.log(JSON.stringify([file, await parse(file, fs.readFileSync(file, "utf8"))]));
})();
"""


def keywords(node):
    """What HCL JSON writes without ${}: types of variables and iterators."""
    bare = lambda text: re.sub(r"(?s)^\$\{(.*)\}$", r"\1", text)
    if isinstance(node, list):
        for item in node:
            keywords(item)
    if not isinstance(node, dict):
        return
    for blocks in node.get("variable", {}).values():
        for block in blocks:
            if "type" in block:
                block["type"] = bare(block["type"])
    for kind, blocks in node.get("dynamic", {}).items():
        for block in blocks:
            if "iterator" in block:
                block["iterator"] = bare(block["iterator"])
    for value in node.values():
        keywords(value)


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

    @staticmethod
    def arguments_of(folder):
        """The flags that a template of the corpus wants."""
        given = os.path.join(folder, "arguments")
        if not os.path.exists(given):
            return []
        with open(given) as file:
            return [line.replace(" ", "=", 1) for line in file.read().splitlines()]

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
    def test_fix_of_combined_options_agrees_with_packer(self):
        """Old and new spellings side by side. Left out, where packer 1.6.6 spoils a template that this fix
        repairs: iso_checksum_type "none", prefixes that are there already, references to renamed builders."""
        builders = []
        for old in ({}, {"cpu": 1}, {"ram_size": 2}, {"cpu": 1, "cpus": 3, "ram_size": 2, "memory": 4}):
            builders.append(dict(old, type="hyperv-iso", vhd_temp_path="p"))
        for kind in ("amazon-ebs", "amazon-chroot", "amazon-ebsvolume"):
            for private in (True, False, None):
                builders.append(dict({} if private is None else {"ssh_private_ip": private}, type=kind,
                                     ami_name="{{.CreateTime}} {{clean_ami_name `x`}}",
                                     spot_price_auto_product="L", shutdown_behaviour="stop",
                                     temporary_security_group_source_cidr="1.2.3.4/8"))
        for disk in (None, "thin", "zeroedthick"):
            for skip in (None, False, True):
                for kind in ("vmware", "vmware-iso", "vmware-vmx"):
                    builder = {"type": kind, "remote_type": "esx5", "disk_type_id": disk,
                               "skip_compaction": skip}
                    builders.append({key: v for key, v in builder.items() if v is not None})
        for checksum in (None, "abc"):
            for kind in (None, "md5", ""):
                for url in (None, "http://u", ""):
                    builder = {"type": "qemu", "iso_checksum": checksum, "iso_checksum_type": kind,
                               "iso_checksum_url": url, "disk_size": 512, "ssh_host_port_min": 1,
                               "host_port_min": 2, "login_email": "e"}
                    builders.append({key: v for key, v in builder.items() if v is not None})
        for new in ({}, {"host_port_min": 7, "skip_nat_mapping": False, "ssh_timeout": "6m"}):
            builders.append(dict(new, type="virtualbox-ovf", ssh_host_port_min=1, ssh_wait_timeout="5m",
                                 ssh_skip_nat_mapping=True))
        for new in ({}, {"storage": [{"disk_size": 5}], "network_adapters": [{"network": "q"}]}):
            builders.append(dict(new, type="vsphere-iso", disk_size=1, disk_thin_provisioned=True,
                                 network="n", network_card="e1000"))
        builders.append({"type": "parallels-iso", "headless": True, "guest_os_distribution": "d",
                         "guest_os_type": "t", "parallels_tools_host_path": "p"})
        for number, builder in enumerate(builders):
            builder["name"] = "b%03d" % number
        self.write("t.json", json.dumps({"builders": builders, "post-processors": [
            {"type": "docker-tag", "tag": "a,b", "tags": ["c"]}, {"type": "docker-tag", "tag": "a"},
            [{"type": "manifest", "filename": "m"}], {"type": "docker-push", "login_email": "e"}]}))
        ours = self.good(self.farmctl("fix", "-validate=false", "t.json"))
        theirs = self.good(self.packer("fix", "-validate=false", "t.json"))
        for mine, other in zip(json.loads(ours.out)["builders"], json.loads(theirs.out)["builders"]):
            self.assertEqual(mine, other)
        self.assertEqual(ours.out, theirs.out)

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
                arguments = self.arguments_of(folder)
                for flag in ([], ["-syntax-only"]):
                    done = self.farmctl("validate", *flag, *arguments, ".", cwd=folder,
                                        env={"PKR_VAR_from_env": "x"})
                    # Scripts that a template names are not part of the corpus.
                    if flag or not ("Bad script" in done.out or "is not a directory" in done.out):
                        self.assertEqual(done.code, 1 if wrong and not flag else 0, done)

    @unittest.skipUnless(os.environ.get("HCL2JSON") and shutil.which("node"),
                         "needs node, and HCL2JSON to name the folder of the npm package @cdktf/hcl2json")
    def test_hcl2json_reads_the_same_templates(self):
        """A second parser turns native templates into JSON; as HCL JSON they must mean the same."""
        for name in corpus("hcl"):
            folder = self.copy(name)
            files = glob.glob(os.path.join(folder, "*.pkr.hcl"))
            if not files:
                continue
            arguments = self.arguments_of(folder)
            def meaning():
                done = self.farmctl("inspect", *arguments, ".", cwd=folder, env={"PKR_VAR_from_env": "x"})
                self.assertEqual(done.code, 0, done)
                # The JSON keeps no order between blocks of different types.
                return sorted(re.sub(r"20\d{12}", "TIME", done.out).splitlines())
            with self.subTest(name):
                before = meaning()
                done = subprocess.run(["node", "-e", HCL2JSON, *files], capture_output=True, text=True,
                                      timeout=120, check=True)
                for line in done.stdout.splitlines():
                    file, body = json.loads(line)
                    keywords(body)
                    os.remove(file)
                    with open(file[:-len(".pkr.hcl")] + ".pkr.json", "w") as json_file:
                        json.dump(body, json_file)
                self.assertEqual(meaning(), before)

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

    def server(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return "http://127.0.0.1:%d" % server.server_port

    def test_online_reads_checksum_files(self):
        url = self.server()
        digest = "ab" * 32
        self.write("sums/local", "%s *own.iso\n" % digest)
        template = ('source "qemu" "%s" {\n  iso_url = "%s"\n  iso_checksum = "file:%s"\n'
                    '  ssh_username = "u"\n  ssh_password = "p"\n  shutdown_command = "s"\n}\n')
        sources = [("net", url + "/a/net.iso", url + "/sums?" + digest + "%20%20net.iso%0A"),
                   ("own", "own.iso", "sums/local")]
        text = "".join(template % source for source in sources) + (
            'build {\n  sources = ["qemu.net", "qemu.own"]\n}\n')
        self.write("t.pkr.hcl", text)
        done = self.farmctl("validate", "t.pkr.hcl")
        self.assertEqual(done.code, 0, done)
        self.assertIn("Not checked offline (checksum files): %s, sums/local. --online reads them."
                      % sources[0][2], done.out)
        done = self.farmctl("validate", "--online", "t.pkr.hcl")
        self.assertEqual(done.code, 0, done)
        for _, iso, sums in sources:
            self.assertIn("Checked: file:%s has sha256:%s for %s" % (sums, digest, iso), done.out)
        self.assertNotIn("Not checked", done.out)
        for old, new, wanted in (("/sums?", "/missing?", "HTTP status 404"),
                                 ("own.iso", "other.iso", "no checksum for other.iso"),
                                 ("sums/local", "sums/none", "checksum file sums/none")):
            with self.subTest(wanted):
                self.write("t.pkr.hcl", text.replace(old, new))
                done = self.farmctl("validate", "--online", "t.pkr.hcl")
                self.assertEqual(done.code, 1, done)
                self.assertIn(wanted, done.out)
                self.assertRegex(done.out, 'Error: No checksum for build "qemu.(net|own)"')

    def test_http_data_source_asks_once_and_says_what_failed(self):
        url = self.server()
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

    @needs_packer
    def test_texts_of_json_variable_files_are_literal(self):
        self.write("a.pkr.hcl", 'variable "x" {}\n' + NULL + BUILD)
        for text in ("plain", "p%{ss", "${1 + 1}", "$${x}", "${upper(1)}", "a\"${"):
            with self.subTest(text):
                self.write("v.pkrvars.json", json.dumps({"x": text, "//": "why"}))
                ours = self.good(self.farmctl("inspect", "-var-file=v.pkrvars.json", "a.pkr.hcl"))
                theirs = self.good(self.packer("inspect", "-var-file=v.pkrvars.json", "a.pkr.hcl"))
                self.assertIn("var.x: " + json.dumps(text), ours.out)
                self.assertEqual(ours.out, theirs.out)

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
        # Keys that come before the editor has the terminal would be read as a line.
        self.wait_for("the editor", lambda: not termios.tcgetattr(main)[3] & termios.ECHO)
        # "heXllo", the wrong letter taken out with the left arrow and backspace.
        os.write(main, b'upper("heXllo ${var.name}")' + b"\x1b[D" * 17 + b"\x7f\r")
        until(b"HELLO WORLD")
        os.write(main, b"exit\r")
        self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
