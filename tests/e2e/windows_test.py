"""Windows targets over WinRM: `farmctl build` against the simulator of tests/simulators/winrm, by
HTTP and by HTTPS: powershell (elevated, too), windows-shell, windows-restart, file in both directions;
secrets stay out of the output; a cancelled build ends what runs in the machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from case import SOURCE, Case
from local_farm import SshServer

SERVER = os.path.join(SOURCE, "tests", "simulators", "winrm", "server.py")


class WindowsMachine:
    def __init__(self, case, *arguments):
        self.root = case.folder("machine")
        self.log = os.path.join(self.root, "log")
        self.process = subprocess.Popen(
            [sys.executable, "-B", SERVER, "--root", self.root, "--log", self.log,
             "--password", "top-secret-word", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=case.env, start_new_session=True)
        case.addCleanup(self.stop)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def path(self, *parts):
        return os.path.join(self.root, "c", *parts)

    def read(self, *parts):
        with open(self.path(*parts), newline="") as file:
            return file.read()

    def requests(self):
        with open(self.log) as file:
            return file.read().splitlines()


SOURCE_BLOCK = """
variable "password" {
  type      = string
  sensitive = true
}
source "null" "windows" {
  communicator   = "winrm"
  winrm_host     = "127.0.0.1"
  winrm_username = "farm"
  winrm_password = var.password
  winrm_port     = %d
  %s
}
"""

BUILD = """
build {
  sources = ["source.null.windows"]

  provisioner "powershell" {
    environment_vars = ["GREETING=it's \\"me\\""]
    inline = [
      "Write-Output \\"$env:GREETING from $env:PACKER_BUILD_NAME\\"",
      "Set-Content -Path C:\\\\made.txt -Value 'by powershell'",
      "Write-Output \\"the word is ${build.Password}\\"",
    ]
  }
  provisioner "powershell" {
    elevated_user     = "farm"
    elevated_password = build.Password
    script            = "elevated.ps1"
  }
  provisioner "windows-restart" {}
  provisioner "windows-shell" {
    inline = ["echo batch", "mkdir C:\\\\made-by-batch"]
  }
  provisioner "file" {
    source      = "tree/"
    destination = "C:/tree"
  }
  provisioner "file" {
    source      = "tree/a.txt"
    destination = "C:/copies/"
  }
  provisioner "file" {
    direction   = "download"
    source      = "C:/made.txt"
    destination = "fetched/"
  }
}
"""


class Windows(Case):
    def template(self, machine, build, more=""):
        self.write("t.pkr.hcl", SOURCE_BLOCK % (machine.port, more) + build)
        self.write("secret.pkrvars.hcl", 'password = "top-secret-word"\n')
        self.write("elevated.ps1", "Write-Output \"elevated as $env:USERNAME\"\r\n")
        self.write("tree/a.txt", "a")
        self.write("tree/deep/b.txt", "b")

    def build(self, **options):
        return self.farmctl("build", "-var-file", "secret.pkrvars.hcl", "t.pkr.hcl", **options)

    def check_protocol(self, machine):
        self.assertEqual([line for line in machine.requests() if "broken" in line], [])
        self.assertEqual(os.listdir(machine.path("Windows", "Temp")), ["script.bat"])

    def test_everything(self):
        machine = WindowsMachine(self)
        self.template(machine, BUILD)
        done = self.good(self.build(deadline=120))
        for line in ("Using WinRM communicator to connect: 127.0.0.1", "WinRM connected.",
                     "Connected to WinRM!", "it's \"me\" from windows", "elevated as farm",
                     "Machine successfully restarted, moving on", "batch",
                     "the word is <sensitive>"):
            self.assertIn(line, done.out)
        self.assertNotIn("top-secret", done.text)
        self.assertEqual(machine.read("made.txt"), "by powershell\r\n")
        self.assertTrue(os.path.isdir(machine.path("made-by-batch")))
        self.assertEqual(machine.read("tree", "deep", "b.txt"), "b")
        self.assertEqual(machine.read("copies", "a.txt"), "a")
        self.assertEqual(self.read("fetched/made.txt"), "by powershell\n")
        self.check_protocol(machine)

    def test_https_and_ntlm(self):
        key, certificate = self.path("key"), self.path("certificate")
        self.good(self.run_program([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate]))
        machine = WindowsMachine(self, "--auth", "ntlm", "--tls", certificate, key)
        self.template(machine, """
build {
  sources = ["source.null.windows"]
  provisioner "windows-shell" {
    inline = ["hostname"]
  }
}
""", "winrm_use_ssl = true\n  winrm_insecure = true\n  winrm_use_ntlm = true")
        done = self.good(self.build())
        self.assertIn("WINGUEST", done.out)
        self.check_protocol(machine)

    @unittest.skipUnless(shutil.which("ansible-playbook") and subprocess.run(
        ["/usr/bin/python3", "-c", "import winrm"], capture_output=True).returncode == 0,
        "not installed (ops/deps): ansible-core, python3-winrm")
    def test_ansible(self):
        """Ansible's own WinRM connection, with the address and the password of the build's."""
        machine = WindowsMachine(self)
        self.write("site.yml", """
- hosts: web
  gather_facts: false
  tasks:
    - raw: Write-Output "ansible on $env:COMPUTERNAME"
      register: said
    - debug: {var: said.stdout_lines}
    - debug: {msg: "{{ packer_build_name }} {{ inventory_hostname }} {{ ansible_winrm_scheme }}"}
""")
        self.template(machine, """
build {
  sources = ["source.null.windows"]
  provisioner "ansible" {
    playbook_file          = "site.yml"
    use_proxy              = false
    ansible_winrm_use_http = true
    groups                 = ["web"]
    host_alias             = "guest"
    ansible_env_vars       = ["ANSIBLE_NOCOLOR=1"]
  }
}
""")
        done = self.good(self.build(deadline=120))
        self.assertIn("ansible on WINGUEST", done.out)
        self.assertIn("windows guest http", done.out)
        self.assertNotIn("top-secret", done.text)

    def test_cancel(self):
        machine = WindowsMachine(self)
        self.template(machine, """
build {
  sources = ["source.null.windows"]
  provisioner "powershell" {
    inline = ["Write-Output started", "while ($true) { Start-Sleep -Milliseconds 50 }"]
  }
}
""")
        log = self.path("output")
        process = self.start([os.path.join(os.environ["FARM_BIN"], "farmctl"), "build",
                              "-var-file", "secret.pkrvars.hcl", "t.pkr.hcl"], log)

        def output():
            with open(log) as file:
                return file.read()
        self.wait_for("script that runs", lambda: "windows: started" in output())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 1, output())
        self.assertIn("Signal ok", machine.requests())
        self.assertIn("Build was cancelled", output())

    def test_failure(self):
        machine = WindowsMachine(self)
        self.template(machine, """
build {
  sources = ["source.null.windows"]
  provisioner "powershell" {
    inline = ["throw 'no luck'"]
  }
  error-cleanup-provisioner "windows-shell" {
    inline = ["echo cleaning up"]
  }
}
""")
        done = self.good(self.build(), 1)
        self.assertIn("no luck", done.text)
        self.assertIn("Script exited with non-zero exit status: 1. Allowed exit codes are: [0]",
                      done.text)
        self.assertIn("cleaning up", done.out)


class WindowsOverSsh(Case):
    """The same provisioners where Windows has OpenSSH: cmd as login shell, files by scp."""

    def test_scripts(self):
        root = self.folder("machine")
        shell = os.path.join(os.path.dirname(SERVER), "ssh_shell.py")
        server = SshServer(self, lines=["ForceCommand %s -B %s %s" % (sys.executable, shell, root)])
        self.write("a.ps1", "Write-Output \"script $env:A\"\r\nexit 3\r\n")
        self.write("t.json", json.dumps({
            "builders": [{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": server.port,
                          "ssh_username": os.environ.get("USER", "root"),
                          "ssh_private_key_file": server.key}],
            "provisioners": [
                {"type": "powershell", "environment_vars": ["A=it's $5"],
                 "inline": ["Write-Output \"inline $env:A\""]},
                {"type": "powershell", "script": "a.ps1", "valid_exit_codes": [3],
                 "environment_vars": ["A=b"]},
                {"type": "powershell", "elevated_user": "farm", "elevated_password": "secret",
                 "inline": ["Write-Output \"elevated $env:USERNAME\""]},
                {"type": "windows-shell", "environment_vars": ["A=x y"], "inline": ["echo batch %A%"]}
            ]}))
        done = self.good(self.farmctl("build", "t.json", deadline=120))
        for line in ("inline it's $5", "script b", "elevated farm", "batch x y"):
            self.assertIn("null: " + line + "\n", done.out)
        self.assertEqual(os.listdir(os.path.join(root, "c", "Windows", "Temp")), ["script.bat"])


class Breakpoint(Case):
    TEMPLATE = json.dumps({"builders": [{"type": "null", "communicator": "none"}], "provisioners": [
        {"type": "shell-local", "inline": ["echo ran > ran"]},
        {"type": "breakpoint", "note": "look"}]})

    def test_refused_without_a_terminal(self):
        self.write("t.json", self.TEMPLATE)
        done = self.good(self.farmctl("build", "t.json"), 1)
        self.assertIn("breakpoint waits for Enter on a terminal, and there is none", done.text)
        self.assertFalse(os.path.exists(os.path.join(self.work, "ran")))
        self.good(self.farmctl("validate", "t.json"))

    def test_waits_for_enter(self):
        self.write("t.json", self.TEMPLATE)
        parent, child = os.openpty()
        log = open(self.path("output"), "wb")
        process = subprocess.Popen(
            [os.path.join(os.environ["FARM_BIN"], "farmctl"), "build", "t.json"], stdin=child,
            stdout=log, stderr=log, cwd=self.work, env=self.env, start_new_session=True)
        self.started.append(process)
        os.close(child)

        def output():
            with open(self.path("output")) as file:
                return file.read()
        self.wait_for("prompt", lambda: "Press enter to continue." in output())
        self.assertIn('Pausing at breakpoint provisioner with note "look".', output())
        self.assertIsNone(process.poll())
        os.write(parent, b"\n")
        self.assertEqual(process.wait(timeout=30), 0, output())
        os.close(parent)
        log.close()


if __name__ == "__main__":
    unittest.main()
