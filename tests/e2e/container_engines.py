"""Real container engines for the docker tests: a dockerd of the test's own on a private socket and
folder, podman with storage of its own, and Debian's docker-registry on the loopback interface. The base
image is a busybox tree, so that nothing comes from the network."""

import crypt
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from local_farm import free_ports, listens

BASE = "farm-test-base:1"
USER, PASSWORD = "builder", "pass word's"
DOCKERD = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
DOCKER = shutil.which("docker")
PODMAN = shutil.which("podman")
REGISTRY = shutil.which("docker-registry")
BUSYBOX = "/bin/busybox"


def needs_docker(test):
    reason = ""
    if os.geteuid() != 0:
        reason = "dockerd needs root"
    elif not (DOCKERD and DOCKER and os.path.exists(BUSYBOX)):
        reason = "docker.io or busybox-static is not installed (ops/deps)"
    return unittest.skipIf(reason, reason)(test)


def needs_podman(test):
    return unittest.skipUnless(PODMAN and os.geteuid() == 0,
                               "podman is not installed (ops/deps), or this is not root")(test)


def needs_registry(test):
    return unittest.skipUnless(REGISTRY, "docker-registry is not installed (ops/deps)")(test)


def base_tree(folder):
    """A tar with busybox, two users and nothing else."""
    root = os.path.join(folder, "base")
    for name in ("bin", "tmp", "etc", "root"):
        os.makedirs(os.path.join(root, name))
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    shutil.copy(BUSYBOX, os.path.join(root, "bin"))
    for applet in subprocess.run([BUSYBOX, "--list"], stdout=subprocess.PIPE, check=True,
                                 text=True).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", os.path.join(root, "bin", applet))
    with open(os.path.join(root, "etc", "passwd"), "w") as file:
        file.write("root:x:0:0:root:/root:/bin/sh\nmaker:x:1000:1000::/tmp:/bin/sh\n")
    with open(os.path.join(root, "etc", "group"), "w") as file:
        file.write("root:x:0:\nmaker:x:1000:\n")
    tar = os.path.join(folder, "base.tar")
    subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
    return tar


class Engine:
    """A container program and the variables that lead it to its store."""

    def __init__(self, program, folder, env):
        self.program, self.folder, self.env = program, folder, env

    def run(self, *words, check=True, **options):
        done = subprocess.run([self.program, *words], env={**os.environ, **self.env}, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        if check and done.returncode != 0:
            raise AssertionError("%s %s: exit code %d\n%s" % (
                self.program, " ".join(words), done.returncode, done.stderr.decode()))
        return done.stdout.decode(errors="replace").strip()

    def import_base(self, tar):
        with open(tar, "rb") as file:
            self.run("import", "--change", 'CMD ["/bin/sh"]', "--change", "ENV FROM=base", "-", BASE,
                     stdin=file)

    def inspect(self, image):
        return json.loads(self.run("image", "inspect", image))[0]

    def containers(self):
        return self.run("ps", "-aq", "--no-trunc").split()

    def image_ids(self):
        return set(self.run("images", "-aq", "--no-trunc").split())

    def read(self, image, path):
        """A file of an image, without running it."""
        container = self.run("create", image, "/bin/sh")
        try:
            tar = subprocess.run([self.program, "cp", "%s:%s" % (container, path), "-"],
                                 env={**os.environ, **self.env}, stdout=subprocess.PIPE, check=True)
            return subprocess.run(["tar", "-xO"], input=tar.stdout, stdout=subprocess.PIPE,
                                  check=True).stdout.decode()
        finally:
            self.run("rm", container)


class Dockerd(Engine):
    def __init__(self):
        folder = tempfile.mkdtemp(prefix="farm-dockerd-")
        self.socket = "unix://%s/docker.sock" % folder
        super().__init__("docker", folder, {"DOCKER_HOST": self.socket})
        self.log = open(os.path.join(folder, "log"), "wb")
        env = dict(os.environ)
        env["PATH"] = env.get("PATH", "") + ":/usr/sbin:/sbin"
        self.process = subprocess.Popen(
            [DOCKERD, "--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false",
             "-H", self.socket, "--data-root", os.path.join(folder, "root"),
             "--exec-root", os.path.join(folder, "exec"), "--pidfile", os.path.join(folder, "pid")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=env)
        end = time.monotonic() + 60
        while subprocess.run([DOCKER, "version"], env={**os.environ, **self.env},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise unittest.SkipTest("dockerd does not run here: " + self.last_words)
            time.sleep(0.1)
        self.import_base(base_tree(folder))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        with open(os.path.join(self.folder, "log"), errors="replace") as file:
            self.last_words = "".join(file.readlines()[-5:])
        # What a killed daemon leaves mounted keeps the folder from being removed.
        with open("/proc/mounts") as file:
            mounts = [line.split()[1] for line in file if self.folder in line]
        for mount in reversed(mounts):
            subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Podman(Engine):
    def __init__(self):
        folder = tempfile.mkdtemp(prefix="farm-podman-")
        names = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf",
                 "CONTAINERS_REGISTRIES_CONF": "registries.conf"}
        super().__init__("podman", folder,
                         {key: os.path.join(folder, name) for key, name in names.items()})
        with open(self.env["CONTAINERS_CONF"], "w") as file:
            # Limits above our own cannot be set in every machine.
            file.write('[containers]\nnetns = "none"\nlog_driver = "k8s-file"\n'
                       'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
                       '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
        with open(self.env["CONTAINERS_STORAGE_CONF"], "w") as file:
            file.write('[storage]\ndriver = "overlay"\ngraphroot = "%s/root"\nrunroot = "%s/run"\n'
                       % (folder, folder))
        with open(self.env["CONTAINERS_REGISTRIES_CONF"], "w") as file:
            file.write("unqualified-search-registries = []\n")
        self.import_base(base_tree(folder))

    def stop(self):
        self.run("rm", "-af", "-t", "0", check=False)
        self.run("unshare", "true", check=False)
        with open("/proc/mounts") as file:
            mounts = [line.split()[1] for line in file if self.folder in line]
        for mount in reversed(mounts):
            subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class LocalRegistry:
    """docker-registry with one user, who must log in."""

    def __init__(self, case):
        folder = case.folder("registry")
        self.port = free_ports(1)[0]
        self.address = "127.0.0.1:%d" % self.port
        with open(os.path.join(folder, "htpasswd"), "w") as file:
            salt = crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=2 ** 5)
            file.write("%s:%s\n" % (USER, crypt.crypt(PASSWORD, salt)))
        config = os.path.join(folder, "config.yml")
        with open(config, "w") as file:
            file.write("version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s/data\n"
                       "http:\n  addr: %s\nauth:\n  htpasswd:\n    realm: test\n"
                       "    path: %s/htpasswd\nlog:\n  level: warn\n"
                       % (folder, self.address, folder))
        case.start([REGISTRY, "serve", config], os.path.join(folder, "log"))
        case.wait_for("registry", lambda: listens(self.port))
