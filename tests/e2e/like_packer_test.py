"""Unusual but legal options of provisioners and post-processors, in JSON and in HCL2, beside packer
1.6.6: both programs must leave the same files here, in the guest and in the manifests."""

import json
import os
import shutil
import tarfile
import unittest
import zipfile

import manifest
from case import Case, needs_packer
from guest import Guest, tree
from tiny_guest import TinyGuest


def contents(folder):
    """tree(), with archives by what is in them and manifests without times and run ids."""
    found = tree(folder)
    for name in found:
        path = os.path.join(folder, name)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                found[name] = {entry: archive.read(entry) for entry in archive.namelist()}
        elif name.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                found[name] = {entry.name: (entry.mode, archive.extractfile(entry).read())
                               for entry in archive}
        elif name.endswith("manifest.json"):
            found[name] = manifest.stable(manifest.load(path))
    return found


@needs_packer
class LikePacker(Case):
    def both(self, name, text, inputs=(), code=0):
        made = {}
        for program in ("packer", "farmctl"):
            self.work = self.folder(program)
            for input_name, content in dict(inputs).items():
                os.chmod(self.write(input_name, content), 0o755)
            self.write(name, text)
            done = self.good(getattr(self, program)("build", "-color=false", name, deadline=120), code)
            made[program] = contents(self.work)
            made[program].pop("packer_cache", None)
        self.assertEqual(made["farmctl"], made["packer"], done)
        return made["farmctl"]

    def test_json(self):
        out = " >> out-$PACKER_BUILD_NAME"
        template = {
            "variables": {"who": "me"},
            "builders": [
                {"type": "file", "name": "a", "content": "A\n", "target": "a.txt"},
                {"type": "file", "name": "b", "content": "B {{build_name}} {{build_type}}\n",
                 "target": "b.txt"},
                {"type": "file", "source": "t.json", "target": "c.txt"}],
            "provisioners": [
                {"type": "shell-local", "only": ["a", "file"],
                 "inline": ["echo $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE" + out]},
                {"type": "shell-local", "except": ["a"], "inline": ["echo not a" + out]},
                {"type": "shell-local", "inline": ["echo three" + out], "override": {
                    "b": {"inline": ["echo THREE $X" + out],
                          "environment_vars": ["X={{user `who`}} y"]}}},
                {"type": "shell-local", "command": "echo command" + out, "pause_before": "1ms",
                 "timeout": "20s", "max_retries": 2, "only_on": ["linux"]},
                {"type": "shell-local", "inline": ["echo never"], "only_on": ["windows"]},
                {"type": "shell-local", "environment_vars": ["A=it's", "B=a=b=c", "C="],
                 "inline": ["printf '%s|' \"$A\" \"$B\" \"$C\"" + out, "echo" + out]},
                {"type": "shell-local", "scripts": ["s1.sh", "s2.sh"]},
                {"type": "shell-local", "tempfile_extension": ".xyz",
                 "inline_shebang": "/bin/bash -eu",
                 "inline": ["case $0 in *.xyz) echo ext" + out + ";; esac",
                            "echo ${BASH_VERSION:+bash}" + out]},
                {"type": "shell-local", "inline": ["exit 5"], "valid_exit_codes": [5, "6"]},
                {"type": "shell-local", "environment_vars": ["V=zz"],
                 "env_var_format": "export %s='%s'; ", "inline": ["echo vars $V" + out],
                 "execute_command": ["/bin/sh", "-c", "{{.Vars}} /bin/sh {{.Script}}"]},
                {"type": "shell-local", "inline": ["test -e tried-$PACKER_BUILD_NAME ||"
                                                   " { touch tried-$PACKER_BUILD_NAME; exit 1; }"],
                 "max_retries": 1}],
            "post-processors": [
                {"type": "manifest", "output": "first-manifest.json", "strip_path": True,
                 "custom_data": {"k": "{{build_name}}", "u": "{{user `who`}}"}},
                [{"type": "checksum", "checksum_types": ["sha1", "md5"],
                  "output": "{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.sum",
                  "keep_input_artifact": True},
                 {"type": "shell-local", "only": ["a"],
                  "inline": ["echo $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE > pp-$PACKER_BUILD_NAME"]},
                 {"type": "manifest", "output": "second-manifest.json"}],
                [{"type": "compress", "output": "{{.BuildName}}.tar.gz", "except": ["b"],
                  "keep_input_artifact": True},
                 {"type": "artifice", "files": ["out-*"], "only": ["file"],
                  "keep_input_artifact": True}]]}
        made = self.both("t.json", json.dumps(template), {
            "s1.sh": "echo \"s1 $PACKER_BUILD_NAME\"" + out + "\n",
            "s2.sh": "#!/bin/bash\necho \"s2 ${BASH_VERSION:+bash}\"" + out + "\n"})
        self.assertEqual(made["out-b"][1], "not a\nTHREE me y\ncommand\nit's|a=b=c||\ns1 b\ns2 bash\n"
                                           "ext\nbash\nvars zz\n")
        self.assertIn("a.tar.gz", made)
        self.assertNotIn("b.tar.gz", made)

    def test_hcl2(self):
        made = self.both("t.pkr.hcl", """
variable "who" {
  type    = string
  default = "me"
}
locals { stamp = "fixed" }
source "file" "a" {
  content = "A\\n"
  target  = "a.txt"
}
source "file" "b" {
  content = "B\\n"
  target  = "b.txt"
}
build {
  sources = ["source.file.a", "source.file.b"]
  provisioner "shell-local" {
    only   = ["file.a"]
    inline = ["echo $PACKER_BUILD_NAME ${source.name} ${source.type} >> out-$PACKER_BUILD_NAME"]
  }
  provisioner "shell-local" {
    except       = ["file.a"]
    pause_before = "2ms"
    max_retries  = 1
    timeout      = "10s"
    inline       = ["test -e tried || { touch tried; exit 1; }", "echo two >> out-$PACKER_BUILD_NAME"]
  }
  provisioner "shell-local" {
    inline = ["echo three >> out-$PACKER_BUILD_NAME"]
    override = {
      b = {
        inline           = ["echo THREE $X ${var.who} >> out-$PACKER_BUILD_NAME"]
        environment_vars = ["X=y z"]
      }
    }
  }
  provisioner "shell-local" {
    environment_vars = ["A=it's", "B=a=b", "C=", "D=${local.stamp}"]
    inline_shebang   = "/bin/bash -e"
    inline           = ["printf '%s|' \\"$A\\" \\"$B\\" \\"$C\\" \\"$D\\" >> out-$PACKER_BUILD_NAME"]
  }
  post-processor "checksum" {
    checksum_types      = ["sha1"]
    output              = "x_{{.BuildName}}_{{.ChecksumType}}.sum"
    keep_input_artifact = true
  }
  post-processors {
    post-processor "shell-local" {
      only   = ["file.a"]
      inline = ["echo pp $PACKER_BUILD_NAME > pp-$PACKER_BUILD_NAME"]
    }
    post-processor "manifest" {
      output      = "m-manifest.json"
      custom_data = { w = var.who, n = "${source.name}" }
    }
  }
  post-processors {
    post-processor "artifice" {
      files  = ["x_a*"]
      except = ["file.b"]
    }
    post-processor "compress" {
      output            = "o-{{.BuildName}}.zip"
      compression_level = 3
    }
  }
}
""")
        self.assertEqual(made["out-b"][1], "two\nTHREE y z me\nit's|a=b||fixed|")
        self.assertIn("o-a.zip", made)

    def test_shell(self):
        guest = Guest(self)
        target = self.folder("target")
        provisioners = [
            {"type": "shell", "script": "args.sh", "binary": True,
             "execute_command": "chmod 0700 {{.Path}}; {{.Vars}} {{.Path}} 'an argument'",
             "environment_vars": ["A={{user `who`}}", "A2=$HOME `id`"],
             "remote_folder": target, "remote_file": "args-{{build_name}}.sh"},
            {"type": "shell", "inline": ["echo $0 > %s/path" % target], "skip_clean": True,
             "remote_path": target + "/{{build_type}}-kept.sh"},
            {"type": "shell", "inline": ["exit 7"], "valid_exit_codes": [1, 7]},
            {"type": "shell", "inline": ["echo \"$X\" > %s/vars" % target],
             "environment_vars": ["X=a b"], "use_env_var_file": True,
             "execute_command": ". {{.EnvVarFile}} && sh {{.Path}} && rm {{.EnvVarFile}}"},
            {"type": "shell", "inline": ["umask 077", "echo x > %s/mode" % target],
             "inline_shebang": "/bin/bash -eu"},
            {"type": "shell", "inline": ["test -e %s/again || { touch %s/again; exit 3; }"
                                         % (target, target)], "max_retries": 2},
            {"type": "shell", "except": ["null"], "inline": ["touch %s/never" % target]},
            {"type": "shell", "scripts": ["args.sh", "args.sh"], "pause_after": "1ms"},
            {"type": "shell", "inline": ["echo it is {{build `ID`}} {{build `ConnType`}} > %s/late"
                                         % target]},
            {"type": "file", "source": "args.sh", "destination": target + "/{{user `who`}}-file"},
            {"type": "shell", "inline": ["mv %s/me-file %s/moved" % (target, target)],
             "expect_disconnect": False, "start_retry_timeout": "1m"}]
        text = json.dumps({"variables": {"who": "me"}, "builders": [guest.builder()],
                           "provisioners": provisioners})
        script = "echo \"$A|$A2|$*|${#}\" | sed \"s;$HOME;HOME;\" >> %s/args\n" % target
        made = {}
        for program in ("packer", "farmctl"):
            os.chmod(self.write("args.sh", script), 0o755)
            self.write("t.json", text)
            self.good(getattr(self, program)("build", "-color=false", "t.json", deadline=120))
            made[program] = tree(target)
            shutil.rmtree(target)
            os.mkdir(target)
        self.assertEqual(made["farmctl"], made["packer"])
        self.assertIn("null-kept.sh", made["farmctl"])
        self.assertEqual(made["farmctl"]["path"][1], target + "/null-kept.sh\n")

    def test_http_address(self):
        """What a builder serves is reached where the environment of its provisioners says."""
        guest = TinyGuest(self, self.folder("guest"))
        machine = {"http_directory": "served", "vm_name": "disk", "output_directory": "out",
                   "shutdown_timeout": "60s"}
        template = guest.template({"web": machine}, provisioners=[{
            "type": "shell-local", "inline": [
                "echo ${PACKER_HTTP_ADDR%:*} > address",
                "wget -qO fetched http://127.0.0.1:${PACKER_HTTP_ADDR#*:}/file.txt"]}])
        for program in ("packer", "farmctl"):
            self.work = self.folder(program)
            self.write("served/file.txt", "over HTTP\n")
            self.write("t.json", template)
            self.good(getattr(self, program)("build", "-color=false", "t.json", deadline=200))
            self.assertEqual((self.read("address"), self.read("fetched")),
                             ("10.0.2.2\n", "over HTTP\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
