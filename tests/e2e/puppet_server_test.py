"""puppet-server against Debian's Puppet Server: its CA signs for the node, the agent on the guest fetches
its catalog, and packer 1.6.6 leaves the same files there."""

import os
import shutil
import unittest

from case import PACKER
from config_management import ConfigManagement, needs
from guest import tree
from local_farm import free_ports

SYSTEM = "/etc/puppet/puppetserver"
JAR = "/usr/share/puppetserver/puppetserver.jar"


@needs("puppet", "puppetserver", "java")
class RealPuppetServer(ConfigManagement):
    def setUp(self):
        super().setUp()
        self.server = self.folder("puppetserver")
        self.port = free_ports(1)[0]
        self.configure()
        settings = os.path.join(self.server, "etc", "puppet.conf")
        self.good(self.run_program(["puppetserver", "ca", "setup", "--config", settings],
                                   deadline=300))
        self.good(self.run_program(
            ["puppetserver", "ca", "generate", "--ca-client", "--force", "--certname", "node-1",
             "--config", settings], deadline=120))
        log = os.path.join(self.server, "log")
        server = self.start(
            ["java", "-Xms256m", "-Xmx768m", "-Djruby.lib=/usr/share/jruby/lib", "-jar", JAR,
             "--config", os.path.join(self.server, "conf.d"),
             "--bootstrap-config", os.path.join(SYSTEM, "services.d"),
             "--restart-file", os.path.join(self.server, "restart")], log)

        def ready():
            if server.poll() is not None:
                with open(log) as file:
                    self.fail("the server ended:\n" + file.read()[-4000:])
            try:
                with open(os.path.join(self.server, "restart")) as file:
                    return file.read().startswith("1")
            except OSError:
                return False
        self.wait_for("Puppet Server", ready, 600)

    def configure(self):
        """The packaged configuration with every folder and port of the test's."""
        server = self.server
        for name in ("etc", "code/environments/production/manifests", "var", "run"):
            os.makedirs(os.path.join(server, name))
        shutil.copytree(os.path.join(SYSTEM, "conf.d"), os.path.join(server, "conf.d"))
        changes = {
            "puppetserver.conf": [("/etc/puppet/code", server + "/code"),
                                  ("server-conf-dir: /etc/puppet", "server-conf-dir: %s/etc" % server),
                                  ("/var/lib/puppetserver\n", server + "/var\n"),
                                  ("/run/puppetserver", server + "/run"),
                                  ("/var/log/puppetserver", server)],
            "webserver.conf": [("ssl-host: 0.0.0.0", "ssl-host: 127.0.0.1"),
                               ("ssl-port: 8140", "ssl-port: %d" % self.port),
                               ("access-log-config: /etc/puppet/puppetserver/request-logging.xml", "")],
            "global.conf": [(SYSTEM + "/logback.xml", server + "/logback.xml")]}
        for name, pairs in changes.items():
            path = os.path.join(server, "conf.d", name)
            with open(path) as file:
                text = file.read()
            for before, after in pairs:
                self.assertIn(before, text)
                text = text.replace(before, after)
            with open(path, "w") as file:
                file.write(text)
        with open(os.path.join(server, "logback.xml"), "w") as file:
            file.write("<configuration><appender name='S' class='ch.qos.logback.core.ConsoleAppender'>"
                       "<encoder><pattern>%p %c{1} %m%n</pattern></encoder></appender>"
                       "<root level='info'><appender-ref ref='S'/></root></configuration>")
        with open(os.path.join(server, "etc", "puppet.conf"), "w") as file:
            file.write("[main]\nssldir=%s/ssl\n[server]\ncertname=localhost\ncadir=%s/ca\n"
                       "vardir=%s/var\ncodedir=%s/code\n" % ((server,) * 4))

    def test_agent(self):
        machine = self.guest()
        target = machine.path("target")
        os.mkdir(target)
        with open(os.path.join(self.server, "code/environments/production/manifests/site.pp"),
                  "w") as file:
            file.write("if $facts['fail'] { fail('asked to fail') }\n"
                       "file { '%s/made': content => \"${facts['color']} ${facts['packer_build_name']}"
                       " for ${trusted['certname']}\\n\" }\n" % target)
        certificates, keys = self.path("certificates"), self.path("keys")
        os.mkdir(certificates)
        os.mkdir(keys)
        for name in ("ca.pem", "node-1.pem"):
            shutil.copy(os.path.join(self.server, "ssl", "certs", name), certificates)
        shutil.copy(os.path.join(self.server, "ssl", "private_keys", "node-1.pem"), keys)
        provisioner = {
            "type": "puppet-server", "puppet_server": "localhost", "puppet_node": "node-1",
            "client_cert_path": certificates, "client_private_key_path": keys,
            "staging_dir": machine.path("staging"), "clean_staging_directory": True,
            "facter": {"color": "blue"},
            "extra_arguments": [
                "--verbose --serverport=%d --confdir={{.WorkingDir}}/conf"
                " --vardir={{.WorkingDir}}/var --ssldir={{.WorkingDir}}/ssl" % self.port]}
        for program in ["farmctl"] + (["packer"] if PACKER else []):
            done = self.build(provisioner, program=program)
            self.assertIn("Applied catalog in", done.out)
            self.assertEqual(tree(target)["made"][1], "blue null for node-1\n")
            self.assertFalse(os.path.exists(machine.path("staging")))
            os.unlink(os.path.join(target, "made"))
        done = self.build(dict(provisioner, facter={"fail": "1"}), code=1)
        self.assertIn("asked to fail", done.out)
        self.assertRegex(done.out, r"Puppet exited with a non-zero exit status: \d+")
        # A node that the certificate is not for is turned away.
        done = self.build(dict(provisioner, puppet_node="node-2"), code=1)
        self.assertNotIn("Applied catalog", done.out)
        self.assertEqual(tree(target), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
