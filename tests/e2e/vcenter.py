"""VCenter: a vCenter server of a test's own (tests/simulators/vcsim): its address, what it was asked,
what it holds, and what is to go wrong with it. VsphereCase: tests that build against one."""

import json
import os
import ssl
import subprocess
import unittest
import urllib.request

from case import SOURCE, Case

PROGRAM = os.environ.get("FARM_VCSIM", "")
DESCRIPTION = os.path.join(SOURCE, "tests", "simulators", "vcsim")
USER = "tester@vsphere.local"
PASSWORD = "secret"


class VCenter:
    def __init__(self, case, *options):
        self.certificate = case.path("vcenter.pem")
        self.log = open(case.path("vcenter.log"), "ab")
        case.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [PROGRAM, "-description", DESCRIPTION, "-certificate", self.certificate, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        case.addCleanup(self.stop)
        ready = json.loads(self.process.stdout.readline() or "{}")
        if not ready:
            case.fail("vcsim ended: " + case.path("vcenter.log"))
        self.url, self.port = ready["url"], ready["port"]

    def stop(self):
        """It ends with its standard input."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(body).encode() if body else None)
        context = ssl._create_unverified_context()
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            return json.load(answer)

    def journal(self):
        return self.ask("GET", "/farm/journal")

    def calls(self, method):
        return [entry for entry in self.journal() if entry["method"] == method]

    def bodies(self, method):
        return [entry.get("body", "") for entry in self.calls(method)]

    def clear(self):
        self.ask("DELETE", "/farm/journal")

    def fault(self, **fault):
        self.ask("POST", "/farm/faults", fault)

    def library(self, name):
        return self.ask("POST", "/farm/library?name=" + name)["id"]

    def state(self):
        return self.ask("GET", "/farm/state")

    def machines(self):
        """path -> machine, without those the inventory came with."""
        return {machine["path"]: machine for machine in self.state()["machines"]
                if "VM0" not in machine["path"]}

    def files(self):
        return [file for file in self.state()["files"] if "VM0" not in file]


class VsphereCase(Case):
    def setUp(self):
        super().setUp()
        if not PROGRAM or not os.path.exists(PROGRAM):
            self.skipTest("vcsim is not built (see the test build_vcsim)")
        self.vcenter = VCenter(self, *self.VCENTER)
        self.env["PACKER_KEY_INTERVAL"] = "1ms"
        with open(os.path.join(self.work, "tiny.iso"), "wb") as file:
            file.write(os.urandom(100000))

    def tearDown(self):
        refused = [entry for entry in self.vcenter.journal() if entry.get("refused")]
        self.assertEqual(refused, [], "requests that the official description refuses")
        super().tearDown()

    def connection(self, server=None):
        return ('  vcenter_server = "%s"\n  username = "%s"\n  password = "%s"\n'
                '  insecure_connection = true\n'
                % (server or "127.0.0.1:%d" % self.vcenter.port, USER, PASSWORD))

    def source(self, kind, options, name="x"):
        """A template with one source; `options` wins over what every source here has."""
        text = 'source "%s" "%s" {\n%s%s}\nbuild {\n  sources = ["source.%s.%s"]\n%s}\n' % (
            kind, name, self.connection(), options, kind, name, self.build_body)
        return self.write("t.pkr.hcl", text)

    build_body = ""
    VCENTER = ()  # options of the simulator

    ISO = """
  vm_name       = "made"
  host          = "DC0_H0"
  datastore     = "LocalDS_0"
  iso_url       = "tiny.iso"
  iso_checksum  = "none"
  communicator  = "none"
  boot_wait     = "-1s"
  boot_command  = ["<f12>"]
  storage {
    disk_size = 1024
  }
"""

    def build(self, *words, deadline=60, env=None):
        return self.farmctl("build", *words, "t.pkr.hcl", deadline=deadline, env=env)

    def assert_nothing_left(self, machines=(), cache=()):
        """Only these machines and files of the remote cache are there."""
        self.assertEqual(sorted(self.vcenter.machines()), sorted(machines))
        left = [file for file in self.vcenter.files()
                if ".iso" in file or ".flp" in file or ".part" in file]
        self.assertEqual(left, list(cache))


needs_pyvmomi = unittest.skipUnless(
    subprocess.run(["/usr/bin/python3", "-c", "import pyVmomi"], capture_output=True).returncode == 0,
    "python3-pyvmomi is not installed (ops/deps)")
