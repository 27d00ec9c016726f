"""Ansible, Puppet, Chef and Salt over a real sshd: Ansible and Puppet themselves, strict stand-ins for
the two that are not packaged; and the same JSON templates run by Debian's packer must leave the same
files on the guest."""

import json
import os
import shutil
import tarfile
import unittest

from case import PACKER, Case
from container_engines import BASE, Dockerd, needs_docker
from guest import Guest, tree


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, "not installed (ops/deps): %s" % ", ".join(missing))


class ConfigManagement(Case):
    def guest(self, *stand_ins):
        self.machine = Guest(self, stand_ins)
        return self.machine

    def build(self, *provisioners, program="farmctl", code=0, builder=None, flags=(), **options):
        template = {"builders": [builder or self.machine.builder()],
                    "provisioners": list(provisioners)}
        self.write("t.json", json.dumps(template))
        done = getattr(self, program)("build", "-color=false", *flags, "t.json", deadline=180, **options)
        # Not assertEqual: Ansible's help fills screens.
        self.assertTrue(done.code == code, str(done)[-4000:])
        return done

    def both(self, *provisioners, clean):
        """The record of the stand-ins and what `clean` gives and removes, per program."""
        found = {}
        for program in ["farmctl"] + (["packer"] if PACKER else []):
            done = self.build(*provisioners, program=program)
            found[program] = (self.machine.take_record(), clean(), done)
        if PACKER:
            self.assertEqual(found["farmctl"][0], found["packer"][0])
            self.assertEqual(found["farmctl"][1], found["packer"][1])
        return found["farmctl"]

    def fixtures(self):
        """Small trees of every kind, below the working folder."""
        for name, text in {
                "cookbooks/apache/recipes/default.rb": "package 'apache2'\n",
                "more/redis/recipes/default.rb": "package 'redis'\n",
                "roles/web.json": "{\"name\": \"web\"}\n", "bags/users/ana.json": "{\"id\": \"ana\"}\n",
                "environments/prod.json": "{\"name\": \"prod\"}\n", "secret": "a shared secret\n",
                "validation.pem": "a key\n", "states/top.sls": "base:\n  '*':\n  - web\n",
                "states/web/init.sls": "nginx: pkg.installed\n", "pillar/top.sls": "base: {}\n",
                "pillar/web.sls": "port: 80\n"}.items():
            self.write(name, text)


class Chef(ConfigManagement):
    def test_solo(self):
        self.fixtures()
        guest = self.guest("chef-solo", "curl")
        staging = guest.path("staging")

        def clean():
            found = tree(staging)
            shutil.rmtree(staging)
            return found

        record, left, done = self.both({
            "type": "chef-solo", "staging_directory": staging, "cookbook_paths": ["cookbooks", "more"],
            "roles_path": "roles", "data_bags_path": "bags", "environments_path": "environments",
            "chef_environment": "prod", "encrypted_data_bag_secret_path": "secret",
            "remote_cookbook_paths": ["/nowhere"], "run_list": ["role[web]", "recipe[apache]", "redis"],
            "json": {"a": {"b": [1, "two", True, None]}, "x": "<&>"}, "version": "14.1"}, clean=clean)
        self.assertEqual([call["program"] for call in record], ["installer", "chef-solo"])
        self.assertEqual(record[0]["arguments"], "-v 14.1")
        self.assertEqual(record[1]["node"]["run_list"], ["role[web]", "recipe[apache]", "redis"])
        self.assertIn("cookbooks-1/redis/recipes/default.rb", left)
        self.assertIn("null: Chef Client finished", done.out)

    def test_client(self):
        self.fixtures()
        guest = self.guest("chef-client", "knife")
        staging = guest.path("staging")
        record, left, _ = self.both({
            "type": "chef-client", "server_url": "https://chef.example/", "staging_directory": staging,
            "skip_install": True, "node_name": "node-1", "chef_environment": "prod",
            "encrypted_data_bag_secret_path": "secret", "validation_key_path": "validation.pem",
            "validation_client_name": "validator", "run_list": ["a", "b"], "json": {"z": {"y": 1}},
            "ssl_verify_mode": "verify_none", "trusted_certs_dir": "/certs"},
            clean=lambda: os.path.exists(staging))
        self.assertEqual([call["program"] for call in record], ["chef-client", "knife", "knife"])
        self.assertEqual(record[0]["handed"]["validation.pem"], "a key\n")
        self.assertEqual(record[1]["arguments"][:3], ["node", "delete", "node-1"])
        self.assertFalse(left)

    def test_what_the_program_refuses_fails_the_build(self):
        self.fixtures()
        guest = self.guest("chef-solo")
        done = self.build({"type": "chef-solo", "staging_directory": guest.path("staging"),
                           "skip_install": True, "cookbook_paths": ["cookbooks"],
                           "run_list": ["recipe[missing]"]}, code=1)
        self.assertIn("chef-solo: Cookbook recipe[missing] not found", done.out)
        self.assertIn("Error executing Chef: Non-zero exit status: 1", done.out)


class Salt(ConfigManagement):
    def test_trees(self):
        self.fixtures()
        guest = self.guest("salt-call", "curl")
        remote = guest.path("srv")

        def clean():
            found = tree(remote)
            shutil.rmtree(remote)
            os.mkdir(remote)
            return found

        os.mkdir(remote)
        record, left, _ = self.both({
            "type": "salt-masterless", "local_state_tree": "states", "local_pillar_roots": "pillar",
            "remote_state_tree": remote + "/salt", "remote_pillar_roots": remote + "/pillar",
            "temp_config_dir": guest.path("temp"), "bootstrap_args": "-X -P git v3006",
            "log_level": "debug", "salt_bin_dir": guest.path("bin")}, clean=clean)
        self.assertEqual([call["program"] for call in record], ["installer", "salt-call"])
        self.assertEqual(record[0]["arguments"], "-X -P git v3006")
        self.assertIn("salt/web/init.sls", left)

    def test_failing_state(self):
        self.fixtures()
        guest = self.guest("salt-call")
        remote = guest.path("srv")
        provisioner = {
            "type": "salt-masterless", "local_state_tree": "states", "skip_bootstrap": True,
            "remote_state_tree": remote + "/salt", "temp_config_dir": guest.path("temp"),
            "remote_pillar_roots": remote + "/pillar", "custom_state": "missing"}
        done = self.build(provisioner, code=1)
        self.assertIn("Error executing salt-call: Bad exit status: 1", done.out)
        self.build(dict(provisioner, no_exit_on_failure=True))


@needs("puppet")
class Puppet(ConfigManagement):
    def provisioner(self, target, **more):
        self.write("modules/site/manifests/init.pp",
                   "class site(String $greeting) {\n"
                   "  file { '%s/from-module': content => \"${greeting} from ${facts['packer_build_name']}\\n\" }\n"
                   "}\n" % target)
        self.write("data/common.yaml", "site::greeting: hello\n")
        self.write("hiera.yaml", "version: 5\nhierarchy:\n- name: common\n  datadir: %s\n"
                                 "  data_hash: yaml_data\n  path: common.yaml\n"
                                 % os.path.join(self.work, "data"))
        self.write("manifests/site.pp",
                   "include site\n"
                   "file { '%s/from-manifest': content => \"${facts['color']} ${facts['packer_builder_type']}\\n\" }\n"
                   "if $facts['fail'] { fail('asked to fail') }\n" % target)
        self.machine_staging = self.machine.path("staging")
        return dict({"type": "puppet-masterless", "manifest_file": "manifests/site.pp",
                     "module_paths": ["modules"], "hiera_config_path": "hiera.yaml",
                     "facter": {"color": "blue"}, "staging_directory": self.machine_staging,
                     "clean_staging_directory": True,
                     "extra_arguments": ["--confdir={{.WorkingDir}}/conf --vardir={{.WorkingDir}}/var"]},
                    **more)

    def test_apply(self):
        guest = self.guest()
        target = guest.path("target")
        os.mkdir(target)

        def clean():
            found = tree(target)
            shutil.rmtree(target)
            os.mkdir(target)
            return found

        _, left, done = self.both(self.provisioner(target), clean=clean)
        self.assertEqual(left["from-module"], ("644", "hello from null\n"))
        self.assertEqual(left["from-manifest"], ("644", "blue null\n"))
        self.assertFalse(os.path.exists(self.machine_staging))
        self.assertIn("null: Running Puppet: cd ", done.out)

    def test_failure(self):
        guest = self.guest()
        provisioner = self.provisioner(guest.path("target"), facter={"fail": "1", "color": "red"})
        done = self.build(provisioner, code=1)
        self.assertIn("asked to fail", done.out)
        self.assertRegex(done.out, r"Puppet exited with a non-zero exit status: \d+")


class PuppetServer(ConfigManagement):
    def test_agent(self):
        guest = self.guest("puppet")
        staging = guest.path("staging")
        self.write("certs/node-1.pem", "certificate\n")
        self.write("certs/ca.pem", "authority\n")
        self.write("keys/node-1.pem", "private\n")
        provisioner = {
            "type": "puppet-server", "puppet_server": "puppet.example", "puppet_node": "node-1",
            "client_cert_path": "certs", "client_private_key_path": "keys", "staging_dir": staging,
            "facter": {"color": "blue"}, "extra_arguments": ["--noop"], "clean_staging_directory": True}
        record, left, _ = self.both(provisioner, clean=lambda: os.path.exists(staging))
        self.assertEqual(record[0]["facts"], {"color": "blue", "packer_build_name": "null",
                                              "packer_builder_type": "null"})
        self.assertEqual(record[0]["certificates"]["ca.pem"], "authority\n")
        self.assertFalse(left)
        done = self.build(dict(provisioner, extra_arguments=["--environment=broken"]), code=1)
        self.assertIn("Puppet exited with a non-zero exit status: 4", done.out)
        done = self.build(dict(provisioner, puppet_node="other"), code=1)
        self.assertIn("Could not find", done.out)


@needs("ansible-playbook", "ssh")
class Ansible(ConfigManagement):
    """One playbook with facts, copy, template and a role that comes out of a local tarball."""

    def setUp(self):
        super().setUp()
        machine = self.guest()
        self.target = machine.path("target")
        os.mkdir(self.target)
        role = self.path("role", "greeter", "tasks")
        os.makedirs(role)
        os.makedirs(self.path("role", "greeter", "meta"))
        with open(os.path.join(role, "main.yml"), "w") as file:
            file.write("- copy: {content: \"a role on {{ inventory_hostname }}\\n\","
                       " dest: %s/from-role}\n" % self.target)
        with open(self.path("role", "greeter", "meta", "main.yml"), "w") as file:
            file.write("galaxy_info: {author: t, description: t, license: x, min_ansible_version: '2.9',"
                       " platforms: []}\ndependencies: []\n")
        with tarfile.open(self.path("greeter.tar.gz"), "w:gz") as archive:
            archive.add(self.path("role", "greeter"), "greeter")
        self.write("requirements.yml",
                   "- src: file://%s\n  name: greeter\n" % self.path("greeter.tar.gz"))
        self.write("plays/note.j2", "{{ color }} on {{ ansible_system }} for {{ packer_build_name }}\n")
        self.write("plays/data.bin", "".join(chr(33 + i % 90) for i in range(200000)))
        self.write("plays/site.yml", """
- hosts: web
  roles: [greeter]
  tasks:
    - copy: {src: data.bin, dest: %(target)s/data.bin, mode: '0640'}
    - template: {src: note.j2, dest: %(target)s/note}
    - command: "echo it is {{ fine | default('fine') }}"
      register: said
    - debug: {var: said.stdout}
    - fetch: {src: %(target)s/note, dest: fetched, flat: true}
    - name: a task that fails
      shell: echo the disk is full >&2; exit 43
      when: break_it | default(false)
""" % {"target": self.target})
        self.env["ANSIBLE_REMOTE_TEMP"] = machine.path("remote_tmp")

    def provisioner(self, **more):
        return dict({"type": "ansible", "playbook_file": "plays/site.yml", "groups": ["web"],
                     "galaxy_file": "requirements.yml", "roles_path": self.path("installed_roles"),
                     "extra_arguments": ["--extra-vars", "color=blue"],
                     "user": self.machine.builder()["ssh_username"],
                     "ansible_env_vars": ["ANSIBLE_NOCOLOR=1", "ANSIBLE_FORCE_COLOR=0",
                                          # packer 1.6 installs roles there, but does not look there
                                          "ANSIBLE_ROLES_PATH=" + self.path("installed_roles")]},
                    **more)

    def check(self, done):
        self.assertEqual(tree(self.target), {
            "from-role": ("644", "a role on default\n"),
            "data.bin": ("640", self.read("plays/data.bin")),
            "note": ("644", "blue on Linux for null\n")})
        self.assertEqual(self.read("plays/fetched"), "blue on Linux for null\n")
        self.assertIn("\"said.stdout\": \"it is fine\"", done.out)
        self.assertRegex(done.out, r"default +: ok=\d+ +changed=[1-9]")
        shutil.rmtree(self.target)
        os.mkdir(self.target)

    def test_adapter(self):
        self.check(self.build(self.provisioner()))
        self.assertEqual(self.processes("ssh"), {})

    def test_directly(self):
        provisioner = self.provisioner(use_proxy=False)
        self.check(self.build(provisioner))
        self.assertEqual(self.processes("ssh:"), {})
        if PACKER:
            self.check(self.build(provisioner, program="packer"))

    def test_failing_task(self):
        # By sftp and with RSA keys, to have been there too.
        done = self.build(self.provisioner(
            use_sftp=True, sftp_command="/usr/lib/openssh/sftp-server -e",
            ansible_proxy_key_type="RSA",
            extra_arguments=["-e", "color=blue", "-e", "break_it=true"]), code=1)
        self.assertIn("the disk is full", done.out)
        self.assertIn("Error executing Ansible: Non-zero exit status: exit status 2", done.out)
        self.assertEqual(tree(self.target)["note"], ("644", "blue on Linux for null\n"))

    def test_local(self):
        shutil.copy(self.path("greeter.tar.gz"), self.work)
        provisioner = {
            "type": "ansible-local", "playbook_dir": "plays", "playbook_file": "plays/site.yml",
            "inventory_groups": ["web"], "galaxy_file": "requirements.yml",
            "extra_arguments": ["--extra-vars", "color=blue"], "clean_staging_directory": True,
            "staging_directory": self.machine.path("staging"),
            "command": "PYTHONUNBUFFERED=1 ansible-playbook"}
        done = self.build(provisioner)
        self.assertEqual(tree(self.target)["note"], ("644", "blue on Linux for null\n"))
        self.assertEqual(tree(self.target)["from-role"], ("644", "a role on 127.0.0.1\n"))
        self.assertFalse(os.path.exists(self.machine.path("staging")))
        self.assertIn("Executing Ansible Galaxy: cd ", done.out)


@needs_docker
@needs("ansible-playbook", "ssh")
class AnsibleInContainer(ConfigManagement):
    """Through the adapter into a container, which has neither sshd nor an address nor Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = Dockerd()
        cls.addClassCleanup(cls.engine.stop)

    def test_adapter(self):
        self.env.update(self.engine.env)
        self.write("plays/install.sh", "#!/bin/sh\necho \"installed by $1\" > /etc/installed\n")
        self.write("plays/site.yml", """
- hosts: all
  gather_facts: false
  tasks:
    - raw: id -u
      register: who
    - script: install.sh ansible
    - raw: cat /etc/installed; exit {{ who.stdout | trim }}
      register: said
    - debug: {var: said.stdout_lines}
""")
        builder = {"type": "docker", "image": BASE, "pull": False, "commit": True}
        done = self.build({"type": "ansible", "playbook_file": "plays/site.yml", "use_proxy": False,
                           "ansible_env_vars": ["ANSIBLE_NOCOLOR=1", "ANSIBLE_FORCE_COLOR=0",
                                                "ANSIBLE_REMOTE_TEMP=/tmp/ansible"]},
                          builder=builder)
        self.assertIn("Falling back to use localhost proxy.", done.out)
        self.assertIn("installed by ansible", done.out)
        image = next(word for word in done.out.split() if word.startswith("sha256:"))
        self.assertEqual(self.engine.read(image, "/etc/installed"), "installed by ansible\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
