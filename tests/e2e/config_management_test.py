"""Ansible, Puppet, Chef and Salt over a real sshd: Ansible and Puppet themselves, strict stand-ins for
the two that are not packaged; and the same JSON templates run by Debian's packer must leave the same
files on the guest."""

import os
import shutil
import subprocess
import tarfile
import unittest

from case import PACKER
from config_management import ConfigManagement, needs
from container_engines import BASE, Dockerd, needs_docker
from guest import tree


def fixtures(case):
    """Small trees of every kind, below the working folder."""
    for name, text in {
            "cookbooks/apache/metadata.rb": "name 'apache'\nversion '1.0.0'\n",
            "cookbooks/apache/recipes/default.rb": "package 'apache2'\n",
            "cookbooks/apache/recipes/tls.rb": "package 'openssl'\n",
            "more/redis/metadata.rb": "name 'redis'\n",
            "more/redis/recipes/default.rb": "package 'redis'\n",
            "roles/web.json": "{\"name\": \"web\", \"json_class\": \"Chef::Role\","
                              " \"run_list\": [\"recipe[apache::tls]\"]}\n",
            "bags/users/ana.json": "{\"id\": \"ana\"}\n",
            "environments/prod.json": "{\"name\": \"prod\"}\n", "secret": "a shared secret\n",
            "validation.pem": "a key\n", "states/top.sls": "base:\n  '*':\n  - web\n",
            "states/web/init.sls": "nginx: pkg.installed\n",
            "states/db.sls": "{% if grains.role == 'db' %}\npostgresql: pkg.installed\n{% endif %}\n",
            "pillar/top.sls": "base:\n  '*':\n  - web\n", "pillar/web.sls": "port: 80\n",
            "minion": "file_client: local\nfile_roots:\n  base: [/srv/salt]\n"
                      "pillar_roots:\n  base: [/srv/pillar]\n",
            "grains": "role: db\n"}.items():
        case.write(name, text)


class Chef(ConfigManagement):
    def test_solo(self):
        fixtures(self)
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
        fixtures(self)
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

    def test_client_with_a_policy_and_options_of_the_user(self):
        """A template of the configuration, commands, a client key that is there already."""
        fixtures(self)
        guest = self.guest("chef-client", "knife")
        key = guest.path("client.pem")
        with open(key, "w") as file:
            file.write("client key of node-2")
        self.write("client.erb", "# for {{.NodeName}}\nlog_level :info\nchef_server_url \"{{.ServerUrl}}\"\n"
                                 "client_key \"{{.ClientKey}}\"\nnode_name \"{{.NodeName}}\"\n"
                                 "validation_client_name \"{{.ValidationClientName}}\"\n"
                                 "policy_name \"{{.PolicyName}}\"\npolicy_group \"{{.PolicyGroup}}\"\n"
                                 "ssl_verify_mode :{{.SslVerifyMode}}\n")
        staging = guest.path("staging")
        record, _, _ = self.both({
            "type": "chef-client", "server_url": "https://chef.example/organizations/o",
            "staging_directory": staging, "skip_install": True, "node_name": "node-2",
            "config_template": "client.erb", "client_key": key, "validation_client_name": "v",
            "policy_name": "web", "policy_group": "prod", "ssl_verify_mode": "verify_peer",
            "json": {"a": 1}, "prevent_sudo": True, "skip_clean_client": True,
            "skip_clean_staging_directory": True,
            "execute_command": "{{if .Sudo}}sudo {{end}}chef-client -j {{.JsonPath}} -c {{.ConfigPath}} --no-color",
            "knife_command": "cd / && knife {{.Args}} {{.Flags}}"},
            clean=lambda: (tree(staging), shutil.rmtree(staging))[0])
        self.assertEqual([call["program"] for call in record], ["chef-client", "knife"])
        self.assertIn("# for node-2\n", record[0]["config"])
        self.assertEqual(record[1]["arguments"][:3], ["node", "delete", "node-2"])

    def test_failed_client_leaves_nothing_at_the_server(self):
        fixtures(self)
        guest = self.guest("chef-client", "knife")
        key = guest.path("client.pem")
        with open(key, "w") as file:
            file.write("client key of node-3")
        done = self.build({
            "type": "chef-client", "server_url": "https://chef.example/", "node_name": "node-3",
            "staging_directory": guest.path("staging"), "skip_install": True, "client_key": key,
            "validation_client_name": "v", "json": {"fail": True}}, code=1)
        self.assertIn("Error executing Chef: Non-zero exit status: 1", done.out)
        self.assertEqual([call["program"] for call in self.machine.take_record()],
                         ["chef-client", "knife", "knife"])

    def test_what_the_program_refuses_fails_the_build(self):
        fixtures(self)
        guest = self.guest("chef-solo")
        self.write("roles/other.json", "{\"name\": \"another\"}")
        self.write("places/ana.json", "{\"id\": \"ana\"}")
        solo = {"type": "chef-solo", "staging_directory": guest.path("staging"),
                "skip_install": True, "cookbook_paths": ["cookbooks"], "run_list": ["apache"]}
        for more, words in (
                ({"run_list": ["recipe[missing]"]}, "Cookbook recipe[missing] not found"),
                ({"run_list": ["apache::missing"]}, "Cookbook apache::missing not found"),
                ({"roles_path": "roles"}, "other.json is not the role other"),
                ({"data_bags_path": "places"}, "data_bags/ana.json is out of place"),
                ({"environments_path": "environments", "chef_environment": "test"},
                 "environment test not found")):
            done = self.build(dict(solo, **more), code=1)
            self.assertIn("chef-solo: " + words, done.out)
            self.assertIn("Error executing Chef: Non-zero exit status: 1", done.out)
            shutil.rmtree(guest.path("staging"))


class Salt(ConfigManagement):
    def test_trees(self):
        fixtures(self)
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

    @unittest.skipUnless(os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "true"], capture_output=True).returncode == 0,
        "a guest with /etc and /srv of its own needs root")
    def test_minion_config_and_grains(self):
        """With a minion configuration the trees are where that says, which is where they go."""
        fixtures(self)
        guest = self.guest("salt-call", own=("/etc", "/srv"))

        def clean():
            found = {}
            for place in ("etc/salt", "srv"):
                found[place] = tree(guest.path(place))
                for name in os.listdir(guest.path(place)):
                    path = guest.path(place, name)
                    (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
            return found

        provisioner = {"type": "salt-masterless", "local_state_tree": "states",
                       "local_pillar_roots": "pillar", "minion_config": "minion",
                       "grains_file": "grains", "skip_bootstrap": True,
                       "temp_config_dir": guest.path("temp"), "log_level": "warning",
                       "salt_call_args": "--id=node-1 --state-output=terse"}
        record, left, _ = self.both(provisioner, clean=clean)
        call = record[0]
        self.assertEqual((call["minion"], call["grains"]),
                         (self.read("minion"), self.read("grains")))
        self.assertEqual(call["roots"], ["/srv/salt", "/srv/pillar"])
        self.assertIn("web/init.sls", call["states"])
        self.assertEqual(call["pillar"]["web.sls"], "port: 80\n")
        self.assertIn("--id=node-1", call["arguments"])
        self.assertEqual(left["etc/salt"]["minion"][1], self.read("minion"))
        self.write("minion", "file_client: [")
        done = self.build(provisioner, code=1)
        self.assertIn("salt-call: /etc/salt/minion: ", done.out)
        self.assertIn("Error executing salt-call: Bad exit status: 1", done.out)

    def test_states_by_name(self):
        fixtures(self)
        guest = self.guest("salt-call")
        remote = guest.path("srv")
        self.build({"type": "salt-masterless", "local_state_tree": "states", "skip_bootstrap": True,
                    "remote_state_tree": remote + "/salt", "temp_config_dir": guest.path("temp"),
                    "remote_pillar_roots": remote + "/pillar", "custom_state": "web,db"})
        self.assertEqual(guest.take_record()[0]["arguments"][1:3], ["state.sls", "web,db"])

    def test_failing_state(self):
        fixtures(self)
        guest = self.guest("salt-call")
        remote = guest.path("srv")
        provisioner = {
            "type": "salt-masterless", "local_state_tree": "states", "skip_bootstrap": True,
            "remote_state_tree": remote + "/salt", "temp_config_dir": guest.path("temp"),
            "remote_pillar_roots": remote + "/pillar", "custom_state": "missing"}
        done = self.build(provisioner, code=1)
        self.assertIn("Specified SLS 'missing' is not available", done.out)
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


@needs("ansible-playbook")
class AnsibleLocal(ConfigManagement):
    """Everything that ansible-local stages, left in the staging folder, beside packer."""

    def test_trees(self):
        staging = self.guest().path("staging")
        target = self.machine.path("target")
        os.mkdir(target)
        for name, text in {
                "one.yml": "- hosts: web\n  gather_facts: false\n  roles: [greeter]\n",
                "two.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n  - include_tasks: %s/playbooks/more/extra.yml\n"
                           % staging,
                "more/extra.yml": "- copy: {content: \"{{ word }} {{ number }} {{ color }}\\n\","
                                  " dest: %s/two}\n" % target,
                "roles/greeter/tasks/main.yml": "- copy: {content: \"{{ word }}\\n\", dest: %s/one}\n"
                                                % target,
                "group/web.yml": "word: from the group\n",
                "host/127.0.0.1.yml": "number: 7\n",
                "hosts": "[web]\n127.0.0.1 ansible_connection=local\n"}.items():
            self.write(name, text)

        def clean():
            found = (tree(staging), tree(target))
            shutil.rmtree(staging)
            shutil.rmtree(target)
            os.mkdir(target)
            return found
        provisioner = {
            "type": "ansible-local", "playbook_files": ["one.yml", "two.yml"],
            "playbook_paths": ["more"], "role_paths": ["roles/greeter"], "group_vars": "group",
            "host_vars": "host", "inventory_file": "hosts", "staging_directory": staging,
            "extra_arguments": ["--extra-vars", "color=blue"],
            "command": "ANSIBLE_ROLES_PATH=%s/roles ANSIBLE_NOCOLOR=1 PYTHONUNBUFFERED=1"
                       " ansible-playbook" % staging}
        _, (staged, made), done = self.both(provisioner, clean=clean)
        self.assertEqual(made, {"one": ("644", "from the group\n"),
                                "two": ("644", "from the group 7 blue\n")})
        self.assertIn("group_vars/web.yml", staged)


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
