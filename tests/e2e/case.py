"""Case: what every end-to-end test needs. A private folder with its own HOME and caches, programs
run under a deadline, and a promise that nothing a test started outlives it: every process inherits
a mark in its environment, and whoever still carries the mark at the end is killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

BIN = os.environ.get("FARM_BIN", "")
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARK = "FARM_E2E_MARK"
PACKER = shutil.which("packer")


class Finished:
    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    @property
    def text(self):
        return self.out + self.err

    def __str__(self):
        return "%s\nexit code %s\n--- stdout\n%s\n--- stderr\n%s" % (
            " ".join(self.arguments), self.code, self.out, self.err)


def marked_processes(mark):
    """pid -> command line of every living process that carries `mark`."""
    found = {}
    wanted = ("%s=%s" % (MARK, mark)).encode()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/environ" % name, "rb") as file:
                if wanted not in file.read().split(b"\0"):
                    continue
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words != [""]:
            found[int(name)] = " ".join(words).strip()
    return found


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not BIN or not os.access(os.path.join(BIN, "farmctl"), os.X_OK):
            raise RuntimeError("FARM_BIN must name the folder that holds farmctl, not '%s'" % BIN)

    def setUp(self):
        self.mark = uuid.uuid4().hex
        self.started = []
        self.dir = tempfile.mkdtemp(prefix="farm-e2e-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.end_processes)
        self.work = self.path("work")
        os.mkdir(self.work)
        self.env = dict(os.environ)
        for name in list(self.env):
            if name.startswith(("PACKER_", "PKR_", "FARM_", "XDG_")) and name != "FARM_TEST_MEDIA":
                del self.env[name]
        self.env.update({
            MARK: self.mark, "HOME": self.folder("home"), "TMPDIR": self.folder("tmp"),
            "XDG_CACHE_HOME": self.folder("cache"), "XDG_STATE_HOME": self.folder("state"),
            "XDG_CONFIG_HOME": self.folder("config"), "XDG_RUNTIME_DIR": self.folder("run"),
            "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"})

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def folder(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def write(self, name, text):
        """A file in the working folder; its path."""
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def read(self, name):
        with open(os.path.join(self.work, name)) as file:
            return file.read()

    def start(self, arguments, log, env=None, cwd=None):
        """A program in the background, in a process group of its own, output in `log`."""
        with open(log, "ab") as file:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                cwd=cwd or self.work, env={**self.env, **(env or {})}, start_new_session=True)
        self.started.append(process)
        return process

    def run_program(self, arguments, deadline=60, env=None, cwd=None):
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=cwd or self.work, env={**self.env, **(env or {})}, start_new_session=True)
        try:
            out, err = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            alive = self.processes()
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            self.fail("ran longer than %d s: %s\nprocesses: %s" % (deadline, Finished(
                arguments, "none", out.decode(errors="replace"), err.decode(errors="replace")),
                alive))
        return Finished(arguments, process.returncode, out.decode(errors="replace"),
                        err.decode(errors="replace"))

    def farmctl(self, *words, **options):
        return self.run_program([os.path.join(BIN, "farmctl"), *words], **options)

    def packer(self, *words, **options):
        return self.run_program([PACKER, *words], **options)

    def good(self, finished, code=0):
        self.assertEqual(finished.code, code, finished)
        return finished

    def wait_for(self, what, condition, deadline=30):
        """Polls `condition` until it gives something true, which is returned."""
        end = time.monotonic() + deadline
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                self.fail("after %d s there is still no %s" % (deadline, what))
            time.sleep(0.1)

    def processes(self, word=""):
        """pid -> command line of what this test started and is alive, with `word` in it."""
        return {pid: line for pid, line in marked_processes(self.mark).items() if word in line}

    def end_processes(self):
        for _ in range(50):
            left = self.processes()
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
        for process in self.started:
            if process.poll() is None:  # sshd, for one, writes its title over the mark
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


def needs_packer(test):
    return unittest.skipUnless(PACKER, "packer is not installed (ops/deps --peer)")(test)


def main_in_parallel(workers):
    """unittest.main() for tests that mostly wait: the tests of the script in several processes. Named
    tests run in this one."""
    if len(sys.argv) > 1:
        unittest.main()
    suites = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    names = [test.id().replace("__main__.", "") for suite in suites for test in suite]
    running = [subprocess.Popen([sys.executable, sys.argv[0], *names[i::workers]],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for i in range(min(workers, len(names)))]
    for process in running:
        print(process.communicate()[0], end="", flush=True)
    sys.exit(max(process.returncode != 0 for process in running))
