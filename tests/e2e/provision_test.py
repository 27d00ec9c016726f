"""Provisioners over a real sshd: shell, shell-local and file option by option, what packer 1.6.6 does
with the same template in the same guest; and the life of provisioning: pauses, timeouts, retries,
overrides, error cleanup, cancellation, secrets."""

import base64
import json
import os
import re
import shutil
import signal
import unittest
import urllib.parse

from case import BIN, Case, needs_packer
from guest import Guest, tree
from local_farm import FarmCase

KEY = ("-----BEGIN KEY-----\n"
       "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3+LQmlQ\n"
       "Yx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeukEPojtqUyX2J0CciPBh7eqclQ\n"
       "-----END KEY-----\n")


class Provision(Case):
    def setUp(self):
        super().setUp()
        self.guest = Guest(self)
        self.target = self.folder("target")  # what provisioners make; in the guest and here alike

    def template(self, provisioners, **parts):
        self.write("t.json", json.dumps({"builders": [self.guest.builder(name="base")],
                                         "provisioners": provisioners, **parts}))

    def build(self, *flags, **options):
        return self.farmctl("build", *flags, "t.json", **options)

    def build_hcl(self, provisioners, *flags, head="", code=0, program="farmctl"):
        """The same in HCL2: the bodies of the build block and, before it, `head`."""
        self.write("t.pkr.hcl", """%s
source "null" "base" {
  ssh_host             = "127.0.0.1"
  ssh_port             = %d
  ssh_username         = "%s"
  ssh_private_key_file = "%s"
}
build {
  sources = ["source.null.base"]
%s
}
""" % (head, self.guest.port, os.environ.get("USER", "root"), self.guest.key, provisioners))
        return self.good(getattr(self, program)("build", *flags, "t.pkr.hcl", deadline=120), code)

    # -- beside packer
    def like_packer(self, provisioners):
        """Both programs build it; the files they made in the guest and here must be the same."""
        self.template(provisioners)
        made = {}
        for program in ("farmctl", "packer"):
            self.good(getattr(self, program)("build", "t.json", deadline=120))
            made[program] = tree(self.target)
            self.good(self.run_program(["find", self.target, "-mindepth", "1", "-delete"]))
        self.assertEqual(made["farmctl"], made["packer"])
        return made["farmctl"]

    @needs_packer
    def test_shell_like_packer(self):
        self.write("crlf.sh", "#!/bin/sh\r\nprintf '%s\\n' \"crlf $0\" | sed 's/_[0-9]*.sh/_N.sh/' > " +
                   self.target + "/crlf\r\n")
        self.write("two.sh", "#!/bin/sh\necho \"two $A\" > %s/two\nexit 3\n" % self.target)
        made = self.like_packer([
            {"type": "shell", "inline": ["cd " + self.target, "echo \"$A|$PACKER_BUILD_NAME|"
                                         "$PACKER_BUILDER_TYPE\" > env", "umask > umask"],
             "environment_vars": ["A=it's \"quoted\" $HOME"]},
            {"type": "shell", "scripts": ["crlf.sh"], "remote_folder": self.target + "/../tmp"},
            {"type": "shell", "script": "two.sh", "valid_exit_codes": [0, 3],
             "environment_vars": ["A=1"], "remote_path": self.target + "/kept.sh",
             "skip_clean": True},
            {"type": "shell", "inline": ["env | grep ^B= > %s/file" % self.target],
             "use_env_var_file": True, "environment_vars": ["B=from a file"]},
            {"type": "shell", "inline": ["echo $0 $B > %s/own" % self.target],
             "execute_command": "chmod +x {{.Path}}; env {{.Vars}} sh {{.Path}} own",
             "environment_vars": ["B=2"], "remote_folder": self.target, "remote_file": "mine.sh"},
            {"type": "shell", "inline": ["echo ${BASH_VERSION:+bash} > %s/option" % self.target],
             "inline_shebang": "/bin/bash -e"},
            {"type": "shell-local", "environment_vars": ["C=x y"],
             "inline": ["echo \"$C $PACKER_BUILD_NAME\" > %s/local" % self.target]},
            {"type": "shell-local", "command": "echo command > %s/command" % self.target},
            {"type": "shell-local", "script": "local.sh", "valid_exit_codes": [4],
             "execute_command": ["/bin/sh", "-c", "{{.Vars}} sh {{.Script}}"]},
        ] if self.write("local.sh", "echo script > %s/local-script\nexit 4\n" % self.target) else [])
        self.assertEqual(made["env"][1], "it's \"quoted\" $HOME|base|null\n")
        self.assertEqual(made["crlf"][1], "crlf %s/../tmp/script_N.sh\n" % self.target)
        self.assertEqual(made["file"][1], "B=from a file\n")
        self.assertEqual(made["option"][1], "bash\n")
        self.assertIn("kept.sh", made)
        self.assertNotIn("mine.sh", made)

    @needs_packer
    def test_file_like_packer(self):
        self.write("src/a.txt", "a")
        self.write("src/deep/b c.txt", "b")
        os.chmod(os.path.join(self.work, "src/a.txt"), 0o640)
        guest = self.folder("guest-files")
        for name in ("one.txt", "two.txt", "sub/three.txt"):
            os.makedirs(os.path.dirname(os.path.join(guest, name)), exist_ok=True)
            with open(os.path.join(guest, name), "w") as file:
                file.write(name)
        made = self.like_packer([
            {"type": "shell", "inline": ["mkdir -p %s/up %s/into" % (self.target, self.target)]},
            {"type": "file", "source": "src/a.txt", "destination": self.target + "/up/renamed"},
            {"type": "file", "source": "src/a.txt", "destination": self.target + "/up/"},
            {"type": "file", "source": "src", "destination": self.target + "/into"},
            {"type": "file", "source": "src/", "destination": self.target + "/up"},
            {"type": "file", "sources": ["t.json", "src/a.txt"], "destination": self.target + "/into/"},
            {"type": "shell-local", "inline": ["echo late > generated.txt"]},
            {"type": "file", "source": "generated.txt", "generated": True,
             "destination": self.target + "/generated"},
            {"type": "file", "direction": "download", "source": guest + "/one.txt",
             "destination": self.target + "/down/new/"},
            {"type": "file", "direction": "download", "source": guest + "/two.txt",
             "destination": self.target + "/down/named"},
            {"type": "file", "direction": "download", "source": guest + "/",
             "destination": self.target + "/whole/"},
        ])
        self.assertIn("into/src/deep/b c.txt", made)
        self.assertIn("up/deep/b c.txt", made)
        self.assertEqual(made["down/new/one.txt"][1], "one.txt")

    # -- file, beyond packer 1.6.6
    def test_an_inline_shebang_is_kept(self):
        self.template([{"type": "shell", "inline": ["#!/bin/bash", "echo ${BASH_VERSION:+its bash}"]}])
        self.assertIn("its bash", self.good(self.build()).out)

    def test_file_globs_and_content(self):
        guest = self.folder("guest files")
        for name in ("a 1.log", "b.log", "c.txt", "logs.d/d.log"):
            os.makedirs(os.path.dirname(os.path.join(guest, name)), exist_ok=True)
            with open(os.path.join(guest, name), "w") as file:
                file.write(name)
        self.template([
            {"type": "file", "direction": "download", "source": guest + "/*log*",
             "destination": self.target + "/globbed"},
            {"type": "file", "content": "line\n", "destination": self.target + "/content"},
            {"type": "file", "direction": "download", "sources": [guest + "/c.txt", guest + "/b.log"],
             "destination": self.target + "/several/"},
        ])
        done = self.good(self.build())
        self.assertIn("Downloading %s/c.txt => %s/several/c.txt" % (guest, self.target), done.out)
        made = tree(self.target)
        self.assertEqual(
            {name: entry[1] for name, entry in made.items() if entry != "folder"},
            {"globbed/a 1.log": "a 1.log", "globbed/b.log": "b.log",
             "globbed/logs.d/d.log": "logs.d/d.log", "content": "line\n",
             "several/c.txt": "c.txt", "several/b.log": "b.log"})
        self.template([{"type": "file", "direction": "download", "source": guest + "/*.none",
                        "destination": self.target + "/x/"}])
        self.assertIn("no file in the machine matches " + guest + "/*.none",
                      self.good(self.build(), 1).text)

    # -- the life of provisioning
    def test_retries_timeout_pause_and_continue(self):
        counter = os.path.join(self.target, "count")
        self.template([
            {"type": "shell", "max_retries": 3, "pause_before": "10ms", "inline": [
                "echo x >> " + counter, "[ $(wc -l < %s) -ge 3 ]" % counter]},
            {"type": "shell", "inline": ["echo end"]}])
        done = self.good(self.build())
        self.assertEqual(done.out.count("Pausing 10ms before the next provisioner..."), 3)
        self.assertIn("retrying with 3 trie(s) left", done.out)
        self.assertIn("retrying with 2 trie(s) left", done.out)
        self.template([{"type": "shell", "timeout": "1s", "inline": ["echo begun", "sleep 300"]}])
        done = self.good(self.build(), 1)
        self.assertIn("Setting a 1s timeout for the next provisioner...", done.out)
        self.assertIn("Cancelling provisioner after a timeout...", done.out)

    def test_timeout_ends_what_runs_and_the_connection_lives_on(self):
        done = self.build_hcl("""
  provisioner "shell" {
    timeout           = "1s"
    continue_on_error = true
    inline            = ["echo begun", "sleep 300"]
  }
  provisioner "shell" {
    inline = ["echo still here"]
    override = {
      base = { inline = ["echo overridden"] }
    }
  }
  provisioner "shell" {
    only   = ["null.other"]
    inline = ["echo not for this build"]
  }
  provisioner "shell" {
    except = ["null.base"]
    inline = ["echo not for this build"]
  }
""")
        self.assertIn("continue_on_error is set; continuing the build.", done.out)
        self.assertIn("null.base: overridden", done.out)
        self.assertNotIn("not for this build", done.out)

    def test_error_cleanup(self):
        marker = os.path.join(self.target, "cleaned")
        self.template([{"type": "shell", "inline": ["exit 9"]}],
                      **{"error-cleanup-provisioner": {
                          "type": "shell", "inline": ["echo $PACKER_BUILD_NAME > " + marker]}})
        done = self.good(self.build(), 1)
        self.assertIn("Script exited with non-zero exit status: 9", done.text)
        self.assertIn("Provisioning step had errors: Running the cleanup provisioner", done.out)
        with open(marker) as file:
            self.assertEqual(file.read(), "base\n")

    def test_cancel_in_the_middle(self):
        marker = os.path.join(self.target, "cleaned")
        self.template([{"type": "shell", "inline": ["echo begun", "sleep 300"]},
                       {"type": "shell", "inline": ["echo too far"]}],
                      **{"error-cleanup-provisioner": {
                          "type": "shell", "inline": ["echo yes > " + marker]}})
        log = self.path("output")
        process = self.start([os.path.join(BIN, "farmctl"), "build", "t.json"], log)

        def output():
            with open(log) as file:
                return file.read()
        self.wait_for("script that runs", lambda: ": begun" in output())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 1, output())
        self.assertIn("Build was cancelled", output())
        self.assertNotIn("too far", output())
        self.assertTrue(os.path.exists(marker), output())

    def test_late_values(self):
        done = self.build_hcl("""
  provisioner "shell" {
    inline = ["echo ${build.Host}:${build.Port} ${build.User} ${build.ConnType} ${build.ID}"]
  }
  provisioner "shell-local" {
    inline = ["echo local ${upper(build.ConnType)} ${build.Host}"]
  }
  provisioner "file" {
    content     = "run ${build.PackerRunUUID}"
    destination = "%s/uuid"
  }
""" % self.target)
        self.assertRegex(done.out, r"null\.base: 127\.0\.0\.1:%d \S+ ssh Null\n" % self.guest.port)
        self.assertIn("local SSH 127.0.0.1", done.out)
        self.assertRegex(tree(self.target)["uuid"][1], r"^run [0-9a-f-]{36}$")

    def test_secrets_in_every_form(self):
        word = "pa's/w\"d $5\u00e9<"
        done = self.build_hcl("""
  provisioner "shell" {
    env = { WORD = var.word, KEY = var.key, SHORT = var.short }
    inline = [
      "echo plain $WORD, in text:$WORD.",
      "printf %s \\"$KEY\\"; echo",
      "printf %s \\"$KEY\\" | base64",
      "printf %s \\"$WORD\\" | base64 -w0; echo",
      "python3 -c 'import os,urllib.parse,json,shlex; w=os.environ[\\"WORD\\"]; print(urllib.parse.quote(w, safe=\\"\\")); print(json.dumps(w)); print(json.dumps(json.dumps(w))); print(shlex.quote(w))'",
      "echo step $SHORT of 10",
    ]
  }
""", "-var", "word=" + word, "-var", "key=" + KEY, head="""
variable "word" {
  type      = string
  sensitive = true
}
variable "key" {
  type      = string
  sensitive = true
}
variable "short" {
  type      = string
  sensitive = true
  default   = "1"
}
""")
        for form in (word, urllib.parse.quote(word, safe=""), json.dumps(word)[1:-1],
                     json.dumps(json.dumps(word))[3:-3],
                     base64.b64encode(word.encode()).decode()[:-4]):
            self.assertNotIn(form, done.text)
        for line in KEY.splitlines() + base64.encodebytes(KEY.encode()).decode().splitlines()[:-1]:
            self.assertNotIn(line, done.text)
        self.assertIn("plain <sensitive>, in text:<sensitive>.", done.out)
        self.assertIn("step 1 of 10", done.out)
        self.assertIsNone(re.search("MIIB|qclQ", done.text))


class Sbom(FarmCase):
    """The list of packages of a machine, kept with what the build made."""

    def setUp(self):
        super().setUp()
        self.write("t.json", json.dumps({
            "builders": [Guest(self).builder(name="base")],
            "provisioners": [{"type": "sbom", "auto_generate": True}]}))

    def check(self, path):
        with open(path) as file:
            document = json.load(file)
        self.assertEqual(document["bomFormat"], "CycloneDX")
        versions = {part["name"]: part["version"] for part in document["components"]}
        shown = self.good(self.run_program(["dpkg-query", "-W", "-f", "${Version}", "dpkg"]))
        self.assertEqual(versions["dpkg"], shown.out)

    @unittest.skipUnless(shutil.which("dpkg-query"), "this machine has no dpkg")
    def test_kept_here_and_on_a_farm(self):
        done = self.good(self.farmctl("build", "t.json"))
        self.assertRegex(done.out, r"--> base: SBOM \(CycloneDX, \d+ packages\): sbom-base.cdx.json|"
                                   r"--> null\.base: SBOM \(CycloneDX, \d+ packages\): sbom-base.cdx.json")
        self.check(os.path.join(self.work, "sbom-base.cdx.json"))
        os.unlink(os.path.join(self.work, "sbom-base.cdx.json"))
        self.start_farm()
        self.start_agent("a")
        build = self.submit(template="t.json")
        state = self.wait_for_end(build, 60)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1))
        self.good(self.farmctl("artifacts", "get", "-o", "got", build, deadline=60))
        found = [os.path.join(place, name) for place, _, names in
                 os.walk(os.path.join(self.work, "got")) for name in names]
        kept = [path for path in found if path.endswith("sbom-base.cdx.json")]
        self.assertEqual(len(kept), 1, found)
        self.check(kept[0])


if __name__ == "__main__":
    unittest.main()
