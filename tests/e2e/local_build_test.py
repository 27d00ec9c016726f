"""`farmctl build` without a farm: output, exit codes, files and manifest of templates that need no
machine; and the same JSON templates built by packer must give the same."""

import hashlib
import json
import os
import re
import tarfile
import unittest

import manifest
from case import SOURCE, Case, needs_packer

TEMPLATE = {
    "variables": {"who": "world"},
    "builders": [
        {"type": "null", "name": "nothing", "communicator": "none"},
        {"type": "file", "name": "text", "content": "hello {{user `who`}}\n", "target": "out.txt"},
    ],
    "provisioners": [
        {"type": "shell-local", "only": ["nothing"], "environment_vars": ["COLOR=it's blue"],
         "inline": ["echo \"$COLOR in $PACKER_BUILD_NAME, a $PACKER_BUILDER_TYPE\" | tee said.txt"]},
    ],
    "post-processors": [
        [
            {"type": "checksum", "only": ["text"], "checksum_types": ["md5", "sha256"],
             "output": "{{.BuildName}}_{{.ChecksumType}}.sum"},
            {"type": "manifest", "output": "m.json", "custom_data": {"who": "{{user `who`}}"}},
        ],
        [
            {"type": "compress", "only": ["text"], "output": "{{.BuildName}}.tar.gz",
             "keep_input_artifact": True},
            {"type": "manifest", "output": "m.json"},
        ],
        {"type": "shell-local", "inline": ["echo after $PACKER_BUILD_NAME > after_$PACKER_BUILD_NAME"]},
    ],
}

HCL = """
variable "who" {
  type    = string
  default = "world"
}
source "null" "nothing" {
  communicator = "none"
}
source "file" "text" {
  content = "hello ${var.who}\\n"
  target  = "out.txt"
}
build {
  sources = ["source.null.nothing", "source.file.text"]
  provisioner "shell-local" {
    only             = ["null.nothing"]
    environment_vars = ["COLOR=it's blue"]
    inline = ["echo \\"$COLOR in $PACKER_BUILD_NAME, a $PACKER_BUILDER_TYPE\\" | tee said.txt"]
  }
  post-processors {
    post-processor "checksum" {
      only           = ["file.text"]
      checksum_types = ["md5", "sha256"]
      output         = "{{.BuildName}}_{{.ChecksumType}}.sum"
    }
    post-processor "manifest" {
      output      = "m.json"
      custom_data = { who = var.who }
    }
  }
  post-processors {
    post-processor "compress" {
      only                = ["file.text"]
      output              = "{{.BuildName}}.tar.gz"
      keep_input_artifact = true
    }
    post-processor "manifest" {
      output = "m.json"
    }
  }
  post-processor "shell-local" {
    inline = ["echo after $PACKER_BUILD_NAME > after_$PACKER_BUILD_NAME"]
  }
}
"""


class LocalBuild(Case):
    def build_json(self, *flags, template=None, **options):
        self.write("t.json", json.dumps(template or TEMPLATE))
        return self.farmctl("build", *flags, "t.json", **options)

    def check_files(self, who="world"):
        text = "hello %s\n" % who
        self.assertEqual(self.read("out.txt"), text)
        self.assertEqual(self.read("said.txt"), "it's blue in nothing, a null\n")
        self.assertEqual(self.read("after_nothing"), "after nothing\n")
        self.assertEqual(self.read("after_text"), "after text\n")
        for kind in ("md5", "sha256"):
            self.assertEqual(self.read("text_%s.sum" % kind),
                             "%s\tout.txt\n" % hashlib.new(kind, text.encode()).hexdigest())
        with tarfile.open(os.path.join(self.work, "text.tar.gz")) as archive:
            self.assertEqual(archive.getnames(), ["out.txt"])
            self.assertEqual(archive.extractfile("out.txt").read().decode(), text)

    def check_manifest(self, path, who="world"):
        document = manifest.load(path)
        uuid = document["last_run_uuid"]
        self.assertRegex(uuid, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        for build in document["builds"]:
            self.assertEqual(list(build), manifest.BUILD_KEYS)
            self.assertEqual(build["packer_run_uuid"], uuid)
            self.assertGreater(build["build_time"], 1_700_000_000)
        by_name = {}
        for build in document["builds"]:
            by_name.setdefault(build["name"], []).append(build)
        self.assertEqual(sorted(by_name), ["nothing", "text"])
        sums, packed = by_name["text"]
        self.assertEqual(sums["builder_type"], "file")
        self.assertEqual(sums["custom_data"], {"who": who})
        size = len("hello %s\n" % who)
        self.assertEqual(sums["files"], [{"name": "out.txt", "size": size},
                                         {"name": "text_md5.sum", "size": 41},
                                         {"name": "text_sha256.sum", "size": 73}])
        self.assertEqual([file["name"] for file in packed["files"]], ["text.tar.gz"])
        self.assertIsNone(packed["custom_data"])
        for build in by_name["nothing"]:
            self.assertEqual((build["builder_type"], build["artifact_id"], build["files"]),
                             ("null", "Null", None))

    def check_output(self, out, names):
        for name in names:
            self.assertRegex(out, r"(?m)^Build '%s' finished after \d+ \w+" % re.escape(name))
        self.assertRegex(out, r"(?m)^==> Wait completed after \d+ \w+")
        self.assertRegex(out, r"(?m)^==> Builds finished\. The artifacts of successful builds are:$")
        self.assertIn("--> %s: Did not export anything. This is the null builder" % names[0], out)
        self.assertIn("--> %s: compressed artifacts in: text.tar.gz" % names[1], out)
        self.assertRegex(out, r"(?m)^==> %s: Running local shell script: /" % re.escape(names[0]))
        self.assertRegex(out, r"(?m)^(==>|   ) %s: it's blue in nothing, a null$"
                         % re.escape(names[0]))

    def test_json(self):
        done = self.good(self.build_json())
        self.check_output(done.out, ["null.nothing", "file.text"])
        self.assertEqual(done.err, "")
        self.check_files()
        self.check_manifest(os.path.join(self.work, "m.json"))
        self.assertIn("==> file.text: Running post-processor: checksum", done.out)

    def test_hcl2(self):
        self.write("t.pkr.hcl", HCL)
        done = self.good(self.farmctl("build", "-var", "who=ana", "."))
        self.check_output(done.out, ["null.nothing", "file.text"])
        self.check_files("ana")
        self.check_manifest(os.path.join(self.work, "m.json"), "ana")

    def test_nothing_is_left_behind(self):
        self.good(self.build_json())
        self.assertEqual(self.processes(), {})
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.assertEqual(sorted(os.listdir(self.work)),
                         ["after_nothing", "after_text", "m.json", "out.txt", "said.txt", "t.json",
                          "text.tar.gz", "text_md5.sum", "text_sha256.sum"])

    def test_first_example(self):
        example = os.path.join(SOURCE, "ops", "examples", "first-build")
        done = self.good(self.farmctl("build", "-var", "greeting=hi", example))
        self.assertIn("null.nothing: Hi, farm! This is nothing.", done.out)
        self.assertEqual(self.read("output-first/text.txt"), "Hi, farm!\n")
        builds = manifest.load(os.path.join(self.work, "output-first", "manifest.json"))["builds"]
        self.assertEqual(sorted(build["name"] for build in builds), ["nothing", "text"])
        done = self.good(self.farmctl("build", "-var", "greeting=", example), 1)
        self.assertIn("The greeting must not be empty.", done.out)

    def test_machine_readable(self):
        done = self.good(self.build_json("-machine-readable"))
        line = next(line for line in done.out.splitlines() if ",null.nothing,artifact,0,id," in line)
        # What scripts cut: grep 'artifact,0,id' | cut -d, -f6
        self.assertEqual(line.split(",")[5], "Null")
        self.assertRegex(line, r"^\d{10},")
        found = manifest.artifacts(done.out)
        self.assertEqual(found["null.nothing"][0]["builder-id"], "fnoeding.null")
        kinds = {entry["builder-id"] for entry in found["file.text"].values()}
        self.assertEqual(kinds, {"packer.file", "packer.post-processor.checksum",
                                 "packer.post-processor.compress"})
        for line in done.out.splitlines():
            self.assertRegex(line, r"^\d{10},[^,]*,[a-z-]+")

    def test_only_and_except(self):
        self.good(self.build_json("-only=nothing"))
        self.assertFalse(os.path.exists(os.path.join(self.work, "out.txt")))
        self.good(self.build_json("-except=nothing,compress"))
        self.assertTrue(os.path.exists(os.path.join(self.work, "out.txt")))
        self.assertFalse(os.path.exists(os.path.join(self.work, "text.tar.gz")))

    def test_manifest_appends_and_force_starts_anew(self):
        template = {"builders": [{"type": "null", "communicator": "none"}],
                    "post-processors": [{"type": "manifest"}]}
        path = os.path.join(self.work, "packer-manifest.json")
        self.good(self.build_json(template=template))
        self.good(self.build_json(template=template))
        document = manifest.load(path)
        self.assertEqual(len(document["builds"]), 2)
        self.assertEqual(document["last_run_uuid"], document["builds"][1]["packer_run_uuid"])
        self.assertNotEqual(document["last_run_uuid"], document["builds"][0]["packer_run_uuid"])
        self.good(self.build_json("-force", template=template))
        self.assertEqual(len(manifest.load(path)["builds"]), 1)

    def test_a_failing_build_does_not_stop_the_others(self):
        template = dict(TEMPLATE, provisioners=[
            {"type": "shell-local", "only": ["nothing"], "inline": ["echo oops >&2", "exit 3"]}])
        done = self.good(self.build_json(template=template), 1)
        self.assertRegex(done.out, r"(?m)^Build 'null.nothing' errored after \d+ \w+")
        self.assertRegex(done.out, r"(?m)^==> null.nothing: oops$")
        self.assertIn("==> Some builds didn't complete successfully and had errors:", done.out)
        self.assertRegex(done.out, r"(?m)^--> null.nothing: .*exit status.*: 3")
        self.assertRegex(done.out, r"(?m)^Build 'file.text' finished after")
        self.assertEqual(self.read("after_text"), "after text\n")
        self.assertFalse(os.path.exists(os.path.join(self.work, "after_nothing")))

    def test_secrets_are_not_printed(self):
        template = {"variables": {"password": "hunter2-is-secret"},
                    "sensitive-variables": ["password"],
                    "builders": [{"type": "null", "communicator": "none"}],
                    "provisioners": [{"type": "shell-local",
                                      "inline": ["echo it is {{user `password`}} here"]}]}
        done = self.good(self.build_json(template=template))
        self.assertNotIn("hunter2", done.text)
        self.assertIn("it is <sensitive> here", done.out)


@needs_packer
class SameAsPacker(Case):
    def both(self, template, *flags):
        folders = {}
        text = json.dumps(template)
        for program in ("farmctl", "packer"):
            self.work = self.folder(program)
            self.write("t.json", text)
            done = getattr(self, program)("build", "-color=false", *flags, "t.json")
            folders[program] = (self.work, done)
        return folders

    def contents(self, folder):
        found = {}
        for name in sorted(os.listdir(folder)):
            if name.endswith(".tar.gz"):
                with tarfile.open(os.path.join(folder, name)) as archive:
                    found[name] = {member.name: archive.extractfile(member).read()
                                   for member in archive}
            elif name != "m.json":
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
        return found

    def test_files_and_manifest(self):
        folders = self.both(TEMPLATE)
        ours, done = folders["farmctl"]
        theirs, peer = folders["packer"]
        self.good(done)
        self.good(peer)
        self.assertEqual(self.contents(ours), self.contents(theirs))

        def without_archive_size(document):
            builds = manifest.stable(document)
            for build in builds:
                for file in build["files"] or []:
                    if file["name"].endswith(".tar.gz"):
                        del file["size"]
            return builds
        self.assertEqual(without_archive_size(manifest.load(os.path.join(ours, "m.json"))),
                         without_archive_size(manifest.load(os.path.join(theirs, "m.json"))))

    def test_builder_ids(self):
        folders = self.both(TEMPLATE, "-machine-readable")

        def kinds(output):
            # What we show as TYPE.NAME, as later versions do, packer 1.6 shows as NAME.
            return {target.rpartition(".")[2]: {
                (entry["builder-id"], entry["id"], tuple(entry["files"]))
                for entry in entries.values()}
                    for target, entries in manifest.artifacts(output).items()}
        self.assertEqual(kinds(folders["farmctl"][1].out), kinds(folders["packer"][1].out))

    def test_a_failure(self):
        template = {"builders": [{"type": "null", "communicator": "none"}],
                    "provisioners": [{"type": "shell-local", "inline": ["exit 7"]}]}
        folders = self.both(template)
        for done in (folders["farmctl"][1], folders["packer"][1]):
            self.good(done, 1)
            self.assertRegex(done.out, r"(?m)^Build 'null' errored")
            self.assertRegex(done.out, r"(?m)^--> null: .*exit status: 7")


if __name__ == "__main__":
    unittest.main()
