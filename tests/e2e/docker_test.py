"""The docker builder and post-processors on real container engines: beside packer (images compared
field by field), tags pushed to a registry that wants a login, export, import and save, podman, a
Dockerfile to start from; and containers that a failed, cancelled or killed build leaves behind: none."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest

import manifest
from case import BIN, Case, needs_packer
from container_engines import (BASE, DOCKER, PASSWORD, USER, Dockerd, LocalRegistry, Podman,
                               needs_docker, needs_podman, needs_registry)
from local_farm import FarmCase

# Differ from build to build by nature.
OF_THE_BUILD = {"Id", "Created", "Container", "GraphDriver", "Metadata", "RepoTags", "RepoDigests",
                "Size", "VirtualSize"}
SHELL = {"type": "shell", "inline": ["echo made > /etc/made", "id -u", "chown maker /etc/made"]}


def builder(**options):
    options.setdefault("commit", True)
    return {"type": "docker", "image": BASE, "pull": False, **options}


class DockerCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.make_engine()
        cls.addClassCleanup(cls.engine.stop)

    @classmethod
    def make_engine(cls):
        return Dockerd()

    def setUp(self):
        super().setUp()
        self.env.update(self.engine.env)
        self.images = self.engine.image_ids()

    def template(self, builders, post=None, provisioners=(), name="t.json"):
        document = {"builders": builders, "provisioners": list(provisioners)}
        if post:
            document["post-processors"] = post
        return self.write(name, json.dumps(document))

    def build(self, builders, post=None, provisioners=(), code=0, program="farmctl"):
        self.template(builders, post, provisioners)
        done = getattr(self, program)("build", "-machine-readable", "t.json", deadline=120)
        self.good(done, code)
        self.assertEqual(self.engine.containers(), [], done)
        return done

    def artifacts(self, done):
        return next(iter(manifest.artifacts(done.out).values()))


@needs_docker
class Docker(DockerCase):
    def fields(self, image):
        """Of `inspect`: what two builds of one template must agree on."""
        facts = {key: value for key, value in self.engine.inspect(image).items()
                 if key not in OF_THE_BUILD}
        for part in ("Config", "ContainerConfig"):
            self.assertIn("Hostname", facts[part])
            del facts[part]["Hostname"]
        facts["RootFS"]["Layers"] = len(facts["RootFS"]["Layers"])  # times differ in them
        return facts

    @needs_packer
    def test_like_packer(self):
        self.write("files/plain", "plain\n")
        self.write("files/deep/er/file", "deep\n")
        os.symlink("plain", os.path.join(self.work, "files", "link"))
        shutil.copytree(os.path.join(self.work, "files"), os.path.join(self.work, "more"),
                        symlinks=True)
        options = {
            "author": "An Author", "message": "a message", "cap_add": ["NET_ADMIN"], "cap_drop": ["MKNOD"],
            "tmpfs": ["/scratch"], "volumes": {self.work: "/mounted"},
            "run_command": ["-d", "-i", "-t", "--env", "RUN=yes", "--", "{{.Image}}", "/bin/sh"],
            "changes": ["ENV ADDED=1", "WORKDIR /tmp", "USER maker", "LABEL version=1.0",
                        "EXPOSE 80", "ONBUILD RUN date", "VOLUME /data", 'CMD ["/bin/ls", "-l"]',
                        'ENTRYPOINT ["/bin/busybox"]']}
        provisioners = [
            SHELL,
            {"type": "file", "source": "files/plain", "destination": "/etc/plain"},
            {"type": "file", "source": "files", "destination": "/tmp"},
            {"type": "file", "source": "more/", "destination": "/srv"},
            {"type": "shell", "inline": ["cat /mounted/files/plain > /etc/from-volume",
                                         "mkdir -p /out; echo back > /out/file"]},
            {"type": "file", "direction": "download", "source": "/out/file", "destination": "back"}]
        post = [[{"type": "docker-tag", "repository": "farm-test/PROGRAM", "tag": ["one", "two"]},
                 {"type": "docker-save", "path": "saved.tar"}, {"type": "manifest"}]]
        found = {}
        for program in ("packer", "farmctl"):
            text = json.loads(json.dumps(post).replace("PROGRAM", program))
            done = self.build([builder(**options)], text, provisioners, program=program)
            name = "farm-test/%s:two" % program
            lines = json.dumps(self.artifacts(done)).replace("test/" + program, "test/PROGRAM")
            lines = lines.replace(self.engine.inspect(name)["Id"], "IMAGE")
            listing = self.engine.read(name, "/etc/made") + self.engine.read(name, "/etc/plain") + \
                self.engine.read(name, "/etc/from-volume")
            tree = subprocess.run(
                [DOCKER, "run", "--rm", "--entrypoint", "/bin/sh", "-u", "root", name, "-c",
                 "ls -lnR /srv /tmp/files /etc | sed 's/ [A-Z][a-z][a-z] .*[0-9] / /'"],
                env={**self.env}, stdout=subprocess.PIPE, check=True, text=True).stdout
            with open(os.path.join(self.work, "saved.tar"), "rb") as file:
                self.assertEqual(file.read(1024)[257:262], b"ustar")
            document = manifest.load(os.path.join(self.work, "packer-manifest.json"))
            found[program] = {
                "artifacts": lines, "fields": self.fields(name), "files": listing, "tree": tree,
                "downloaded": self.read("back"),
                "manifest": json.dumps(manifest.stable(document)).replace("test/" + program,
                                                                          "test/PROGRAM")}
            for left in ("packer-manifest.json", "back", "saved.tar"):
                os.unlink(os.path.join(self.work, left))
        self.assertEqual(found["farmctl"], found["packer"])
        self.assertEqual(found["farmctl"]["fields"]["Config"]["User"], "maker")
        self.assertEqual(found["farmctl"]["downloaded"], "back\n")

    def test_command_of_the_source_image_stays(self):
        done = self.build([builder()], [[{"type": "docker-tag", "repository": "farm-test/plain"}]],
                          [SHELL])
        config = self.engine.inspect("farm-test/plain")["Config"]
        self.assertEqual(config["Cmd"], ["/bin/sh"])
        self.assertIn(config["Entrypoint"], (None, [], [""]))
        self.assertEqual(self.engine.run("run", "--rm", "farm-test/plain", "cat", "/etc/made"),
                         "made")
        self.assertIn("FROM=base", config["Env"])
        self.assertEqual(self.engine.read("farm-test/plain", "/etc/made"), "made\n")
        self.assertEqual(self.artifacts(done)[1]["string"], "Imported Docker image: farm-test/plain")

    @needs_registry
    def test_pull_and_push_with_login(self):
        registry = LocalRegistry(self)
        login = {"login": True, "login_server": registry.address, "login_username": USER,
                 "login_password": PASSWORD}
        name = registry.address + "/team/image"
        tag = {"type": "docker-tag", "repository": name, "tags": ["1", "latest"]}
        refused = self.build([builder()], [[tag, {"type": "docker-push"}]], code=1)
        self.assertRegex(refused.text, "(?i)no basic auth|unauthorized")
        # One failing sequence does not stop another, which comes after it.
        done = self.build([builder()], [
            [tag, {"type": "docker-push"}], [dict(tag, tags=["2", "latest"]),
                                             dict(login, type="docker-push"),
                                             {"type": "shell-local", "inline": [
                                                 "echo digest {{ build `Digest` }} > digest"]}]],
            [SHELL], code=1)
        self.assertNotIn(PASSWORD, done.text)
        self.assertRegex(self.read("digest"), "digest " + name + "@sha256:[0-9a-f]{64}")
        for image in (name + ":latest", name + ":2"):
            self.engine.run("rmi", image)
        # Back from the registry, by the builder's own login.
        self.build([builder(image=name + ":2", pull=True, discard=True, commit=False, **login)],
                   [{"type": "manifest"}],
                   [{"type": "file", "direction": "download", "source": "/etc/made",
                     "destination": "made"}])
        self.assertEqual(self.read("made"), "made\n")
        self.assertFalse(os.path.exists(self.path("home", ".docker", "config.json")))
        wrong = self.build([builder(image=name + ":2", pull=True,
                                    **dict(login, login_password="no"))], code=1)
        self.assertIn("Error logging in", wrong.text)

    def test_export_import_save(self):
        done = self.build(
            [builder(commit=False, export_path="out/tree.tar")],
            [[{"type": "docker-import", "repository": "farm-test/imported", "tag": "1",
               "changes": ["CMD /bin/ls"], "keep_input_artifact": True},
              {"type": "docker-tag", "repository": "farm-test/again", "tags": ["x"]},
              {"type": "docker-save", "path": "out/image.tar"}]], [SHELL])
        found = self.artifacts(done)
        self.assertEqual([(found[i]["builder-id"], found[i]["id"]) for i in sorted(found)],
                         [("packer.docker", "Container"),
                          ("packer.post-processor.docker-import", "farm-test/imported:1"),
                          ("packer.post-processor.docker-tag", "farm-test/again:x"),
                          ("packer.post-processor.docker-tag", "farm-test/again:x")])
        self.assertEqual(found[0]["string"], "Exported Docker file: out/tree.tar")
        names = subprocess.run(["tar", "-tf", os.path.join(self.work, "out", "tree.tar")],
                               stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        self.assertIn("etc/made", names)
        self.assertEqual(self.engine.read("farm-test/again:x", "/etc/made"), "made\n")
        self.engine.run("rmi", "farm-test/again:x", "farm-test/imported:1")
        self.engine.run("load", "-i", os.path.join(self.work, "out", "image.tar"))
        self.assertEqual(self.engine.read("farm-test/again:x", "/etc/made"), "made\n")

    def test_an_image_that_is_not_kept_is_removed(self):
        self.build([builder(commit=False, export_path="tree.tar")],
                   [[{"type": "docker-import", "repository": "farm-test/gone", "tag": "1"},
                     {"type": "compress", "output": "nothing.tar.gz"}]])
        self.assertFalse(os.path.exists(os.path.join(self.work, "tree.tar")))
        self.assertEqual(self.engine.run("images", "-q", "farm-test/gone"), "")

    def test_starts_from_a_dockerfile(self):
        self.write("context/Dockerfile",
                   "ARG WHICH\nFROM %s\nARG WHICH\nENV GIVEN=$WHICH\nCOPY data /data\n" % BASE)
        self.write("context/data", "from the context\n")
        start = {"path": "context/Dockerfile", "build_dir": "context", "pull": False,
                 "arguments": {"WHICH": "this"}, "compress": True}
        options = builder(build=start)
        del options["image"], options["pull"]
        done = self.build([options], [[{"type": "docker-tag", "repository": "farm-test/built"}]],
                          [{"type": "shell", "inline": ["echo got $GIVEN", "cat /data"]}])
        self.assertIn("got this", done.out)
        self.assertIn("from the context", done.out)
        self.assertIn("GIVEN=this", self.engine.inspect("farm-test/built")["Config"]["Env"])
        options = dict(options, discard=True)
        del options["commit"]
        before = self.engine.image_ids()
        self.build([options], provisioners=[SHELL])
        names = self.engine.run("images", "--format", "{{.Repository}}").split()
        self.assertEqual([name for name in names if re.match("farm-[0-9a-f]{8}-", name)], [])
        self.assertLessEqual(self.engine.image_ids(), before)

    def test_users_and_terminal(self):
        """Uploads belong to the user of the container, commands run as exec_user."""
        self.write("file", "content\n")
        run = ["-d", "-i", "-t", "-u", "maker", "--", "{{.Image}}", "/bin/sh"]
        provisioners = [
            {"type": "file", "source": "file", "destination": "/tmp/file"},
            {"type": "shell", "inline": ["id -u > /tmp/who", "stat -c %u /tmp/file > /tmp/owner",
                                         "tty=no; test -t 1 && tty=yes; echo $tty > /tmp/tty"]}]
        for options, expected in (({}, "1000 1000 no"),
                                  ({"exec_user": "root", "pty": True}, "0 1000 yes"),
                                  ({"exec_user": "root", "fix_upload_owner": False}, "0 0 no")):
            with self.subTest(options):
                self.build([builder(run_command=run, **options)],
                           [[{"type": "docker-tag", "repository": "farm-test/user"}]], provisioners)
                found = [self.engine.read("farm-test/user", "/tmp/" + name).strip()
                         for name in ("who", "owner", "tty")]
                self.assertEqual(" ".join(found), expected)

    def test_exit_code_of_a_script(self):
        failed = self.build([builder()], provisioners=[{"type": "shell", "inline": ["exit 7"]}],
                            code=1)
        self.assertIn("Script exited with non-zero exit status: 7", failed.text)

    def test_container_that_does_not_start_is_removed(self):
        failed = self.build([builder(run_command=["-d", "--entrypoint=/no/such", "{{.Image}}"])],
                            code=1)
        self.assertIn("Error running container", failed.text)
        self.engine.run("create", "--name", "mine", BASE)
        self.addCleanup(self.engine.run, "rm", "-f", "mine", check=False)
        self.template([builder(run_command=["-d", "-it", "--name", "mine", "{{.Image}}"])])
        self.good(self.farmctl("build", "t.json"), 1)
        self.assertEqual(len(self.engine.containers()), 1)  # somebody else's stays

    def running(self):
        """A build with a container that waits; the process of farmctl."""
        self.template([builder()], provisioners=[{"type": "shell", "inline": ["sleep 300"]}])
        process = self.start([os.path.join(BIN, "farmctl"), "build", "t.json"], self.path("log"))
        self.wait_for("sleeping container", lambda: "sleep 300" in "".join(
            self.engine.run("top", name, check=False) for name in self.engine.containers()))
        return process

    def test_left_standing(self):
        self.template([builder()], provisioners=[{"type": "shell", "inline": ["exit 7"]}])
        done = self.good(self.farmctl("build", "-on-error=abort", "t.json"), 1)
        found = self.engine.containers()
        self.assertEqual(len(found), 1)
        self.addCleanup(self.engine.run, "rm", "-f", found[0], check=False)
        self.assertIn("`docker exec -it %s /bin/sh` enters it" % found[0][:12], done.text)
        self.assertIn("made", self.engine.run("exec", found[0], "echo", "made"))

    def test_cancelled(self):
        process = self.running()
        process.send_signal(signal.SIGINT)
        self.assertNotEqual(process.wait(timeout=30), 0)
        self.assertEqual(self.engine.containers(), [])

    def test_killed(self):
        """kill -9 of everything: the next start sweeps the container."""
        process = self.running()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        process.wait(timeout=30)
        self.assertEqual(len(self.engine.containers()), 1)
        self.build([builder(discard=True, commit=False)])
        self.assertEqual(self.engine.containers(), [])


@needs_docker
class OnAFarm(FarmCase):
    """What a killed runner or a killed agent leaves is removed by the agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = Dockerd()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        super().setUp()
        self.env.update(self.engine.env)
        self.start_farm()
        self.start_agent("here", slots=1)
        self.write("t.json", json.dumps({"builders": [builder()], "provisioners": [
            {"type": "shell", "inline": ["sleep 300"]}]}))

    def asleep(self, other_than=None):
        """The container of the running build, once its script sleeps."""
        def sleeping():
            for name in self.engine.containers():
                if name != other_than and "sleep 300" in self.engine.run("top", name, check=False):
                    return name
            return None
        return self.wait_for("sleeping container", sleeping, 60)

    def runner(self):
        execs = list(self.processes("docker exec"))
        self.assertEqual(len(execs), 1, self.processes())
        with open("/proc/%d/stat" % execs[0]) as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def test_runner_killed(self):
        build = self.submit(template="t.json")
        first = self.asleep()
        os.kill(self.runner(), signal.SIGKILL)
        second = self.asleep(first)  # it is tried once more
        self.assertEqual(self.engine.containers(), [second])
        self.good(self.farmctl("cancel", build))
        self.wait_for_end(build, 60)
        self.assertEqual(self.engine.containers(), [])

    def test_agent_and_runner_killed(self):
        build = self.submit(template="t.json")
        first = self.asleep()
        runner, agent = self.runner(), self.agents["here"]
        os.kill(agent["process"].pid, signal.SIGKILL)
        os.kill(runner, signal.SIGKILL)
        agent["process"].wait()
        self.assertEqual(self.engine.containers(), [first])
        self.launch_agent("here")
        self.wait_for("removal", lambda: first not in self.engine.containers(), 60)
        self.good(self.farmctl("cancel", build))
        self.wait_for_end(build, 60)
        self.wait_for("removal", lambda: self.engine.containers() == [], 60)


@needs_podman
class WithPodman(DockerCase):
    @classmethod
    def make_engine(cls):
        return Podman()

    def test_commit_tag_export(self):
        self.write("files/deep/file", "deep\n")
        done = self.build(
            [builder(docker_path="podman", author="me", changes=["ENV ADDED=1"]),
             builder(name="tree", docker_path="podman", commit=False, export_path="tree.tar")],
            [[{"type": "docker-tag", "docker_path": "podman", "repository": "localhost/farm-test",
               "tags": ["1"], "only": ["docker"]},
              {"type": "docker-save", "docker_path": "podman", "path": "image.tar",
               "only": ["docker"]}],
             [{"type": "docker-import", "docker_path": "podman", "only": ["tree"],
               "repository": "localhost/farm-imported", "tag": "1", "changes": ["CMD /bin/ls"]}]],
            [SHELL, {"type": "file", "source": "files", "destination": "/srv"},
             {"type": "file", "source": "files/deep/file", "destination": "/etc/file"},
             {"type": "file", "direction": "download", "source": "/etc/made",
              "destination": "made-{{ build_name }}"}])
        self.assertIn("Imported Docker image: localhost/farm-test:1 with tags localhost/farm-test:1",
                      done.out)
        facts = self.engine.inspect("localhost/farm-test:1")
        self.assertEqual(facts["Config"]["Cmd"], ["/bin/sh"])
        self.assertIn(facts["Config"].get("Entrypoint"), (None, []))
        self.assertIn("ADDED=1", facts["Config"]["Env"])
        self.assertEqual(facts["Author"], "me")
        self.assertEqual(self.engine.read("localhost/farm-test:1", "/etc/file"), "deep\n")
        self.assertEqual(self.engine.read("localhost/farm-imported:1", "/srv/deep/file"), "deep\n")
        self.assertEqual(self.read("made-docker"), "made\n")
        self.assertEqual(self.read("made-tree"), "made\n")

    @needs_registry
    def test_push_with_login(self):
        registry = LocalRegistry(self)
        with open(self.engine.env["CONTAINERS_REGISTRIES_CONF"], "w") as file:
            file.write('[[registry]]\nlocation = "%s"\ninsecure = true\n' % registry.address)
        name = registry.address + "/team/image"
        self.build([builder(docker_path="podman")],
                   [[{"type": "docker-tag", "docker_path": "podman", "repository": name,
                      "tags": ["1"]},
                     {"type": "docker-push", "docker_path": "podman", "login": True,
                      "login_server": registry.address, "login_username": USER,
                      "login_password": PASSWORD}]], [SHELL])
        self.engine.run("rmi", name + ":1")
        login = {"login": True, "login_server": registry.address, "login_username": USER,
                 "login_password": PASSWORD}
        done = self.build([builder(docker_path="podman", image=name + ":1", pull=True,
                                   discard=True, commit=False, **login)],
                          provisioners=[{"type": "shell", "inline": ["cat /etc/made"]}])
        self.assertIn("docker: made", done.out)

    def test_failed(self):
        failed = self.build([builder(docker_path="podman")],
                            provisioners=[{"type": "shell", "inline": ["exit 7"]}], code=1)
        self.assertIn("Script exited with non-zero exit status: 7", failed.text)


if __name__ == "__main__":
    unittest.main()
