"""Post-processors as users chain them: sequences, names, only, except, keep_input_artifact, one failing
sequence beside others, every format of compress, the same by packer where it is installed; boxes that the
real vagrant takes; and post-processors that are not there say so."""

import json
import os
import shutil
import subprocess
import unittest

import manifest
from case import Case, needs_packer

VAGRANT = shutil.which("vagrant")
READERS = {"gz": "gzip -dc", "lz4": "lz4 -dc", "xz": "xz -dc", "zst": "zstd -dcq", "bgzf": "gzip -dc",
           "bz2": "bzip2 -dc", "tar": "tar -xOf -", "tar.gz": "tar -xzOf -", "tar.xz": "tar -xJOf -",
           "zip": "python3 -c 'import io,sys,zipfile; z=zipfile.ZipFile(io.BytesIO("
                  "sys.stdin.buffer.read())); sys.stdout.buffer.write(z.read(z.namelist()[0]))'"}


class PostProcessors(Case):
    def template(self, builders, post, name="t.json"):
        return self.write(name, json.dumps({"builders": builders, "post-processors": post}))

    def file_builder(self, name="one", content="content of it\n"):
        return {"type": "file", "name": name, "target": name + ".txt", "content": content}

    def build(self, builders, post, code=0, program="farmctl"):
        self.template(builders, post)
        return self.good(getattr(self, program)("build", "-machine-readable", "t.json"), code)

    def files(self):
        found = []
        for folder, _, names in os.walk(self.work):
            found += [os.path.relpath(os.path.join(folder, name), self.work) for name in names]
        return sorted(found)

    CHAIN = [
        [{"type": "checksum", "checksum_types": ["md5", "sha256"]},
         {"type": "compress", "output": "packed/{{ build_name }}.tar.gz",
          "keep_input_artifact": True}, {"type": "manifest"}],
        [{"type": "compress", "name": "kept", "output": "{{.BuildName}}.gz",
          "keep_input_artifact": True, "only": ["one"]},
         {"type": "shell-local", "inline": ["echo $PACKER_BUILD_NAME ran > ran-$PACKER_BUILD_NAME"]}],
        [{"type": "shell-local", "except": ["one"], "inline": ["exit 4"]},
         {"type": "shell-local", "inline": ["touch reached-$PACKER_BUILD_NAME"]}],
        {"type": "artifice", "files": ["*.txt"]}]

    @needs_packer
    def test_chain_like_packer(self):
        builders = [self.file_builder("one"), self.file_builder("two", "other\n")]
        found = {}
        for program in ("packer", "farmctl"):
            self.work = self.folder("work-" + program)
            done = self.build(builders, self.CHAIN, code=1, program=program)
            document = manifest.load(os.path.join(self.work, "packer-manifest.json"))
            for build in document["builds"]:
                for file in build["files"]:
                    del file["size"]  # no two programs compress to the same length
            targets = {target.split(".")[-1]: artifacts
                       for target, artifacts in manifest.artifacts(done.out).items()}
            files = [name for name in self.files() if "packer_cache" not in name]
            found[program] = {"files": files, "targets": targets,
                              "manifest": manifest.stable(document)}
            self.assertRegex(done.text, "exit status: 4")
        self.assertEqual(found["farmctl"], found["packer"])
        # What the failing sequence did not stop.
        self.assertIn("ran-two", found["farmctl"]["files"])
        self.assertIn("reached-one", found["farmctl"]["files"])
        self.assertNotIn("reached-two", found["farmctl"]["files"])

    def test_every_format_of_compress(self):
        content = "".join("line %d\n" % (number * 7919 % 10007) for number in range(200000))
        self.write("disk", content)
        post = [[{"type": "artifice", "files": ["disk"]},
                 {"type": "compress", "output": "out.%s" % extension, "keep_input_artifact": True}]
                for extension in READERS]
        self.build([{"type": "null", "communicator": "none"}], post)
        for extension, command in READERS.items():
            with open(os.path.join(self.work, "out." + extension), "rb") as file:
                back = subprocess.run(["sh", "-c", command], stdin=file, stdout=subprocess.PIPE,
                                      check=True).stdout.decode()
            self.assertTrue(back == content, extension)

    @unittest.skipUnless(VAGRANT, "vagrant is not installed (ops/deps)")
    def test_vagrant_takes_the_box(self):
        self.write("Vagrantfile.tpl", "Vagrant.configure('2') { |c| c.vm.hostname = 'from-template' }\n")
        post = [[{"type": "vagrant", "output": "boxes/{{.Provider}}.box",
                  "vagrantfile_template": "Vagrantfile.tpl", "keep_input_artifact": True}]]
        done = self.build([self.file_builder()], post)
        self.assertIn("'file' provider box: boxes/file.box", done.out)
        env = {"VAGRANT_HOME": self.folder("vagrant"), "VAGRANT_NO_COLOR": "1",
               "VAGRANT_CHECKPOINT_DISABLE": "1"}
        self.good(self.run_program([VAGRANT, "box", "add", "--name", "farm/test", "boxes/file.box"],
                                   env=env, deadline=120))
        listed = self.good(self.run_program([VAGRANT, "box", "list"], env=env))
        self.assertIn("farm/test (file, 0)", listed.out)
        name = subprocess.run(["find", env["VAGRANT_HOME"], "-name", "one.txt"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        with open(name) as file:
            self.assertEqual(file.read(), "content of it\n")

    def test_what_is_not_there_is_named(self):
        for type_name, options in (("vagrant-cloud", {"box_tag": "a/b", "version": "1.0.0"}),
                                   ("vagrant-registry", {"box_tag": "a/b", "version": "1.0.0",
                                                         "client_id": "x", "client_secret": "y"}),
                                   ("amazon-import", {"s3_bucket_name": "b", "region": "r"}),
                                   ("googlecompute-export", {"paths": ["gs://x"]})):
            with self.subTest(type_name):
                done = self.build([self.file_builder()], [dict(options, type=type_name)], code=1)
                self.assertIn(type_name, done.text)
                self.assertIn("can be checked but not run", done.text)
                self.assertEqual([n for n in self.files() if n.endswith(".txt")], [])


if __name__ == "__main__":
    unittest.main()
