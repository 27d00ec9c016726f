"""The multi-platform example on a farm of two agents: one template becomes a Proxmox template, a vSphere
template, a disk image and a container image, against simulators of the hypervisors and a real qemu and
dockerd."""

import json
import os
import shutil
import subprocess
import unittest

from case import SOURCE
from container_engines import BASE, DOCKER, Dockerd, needs_docker
from local_farm import FarmCase
from media import base_disk
from proxmox_case import ProxmoxCase
from vcenter import PASSWORD, PROGRAM, USER, VCenter

EXAMPLE = os.path.join(SOURCE, "ops", "examples", "multi-platform")
TARGETS = ["docker.web", "proxmox-clone.web", "qemu.web", "vsphere-clone.web"]


@needs_docker
class MultiPlatform(FarmCase, ProxmoxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = Dockerd()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        if not PROGRAM or not os.path.exists(PROGRAM):
            self.skipTest("vcsim is not built (see the test build_vcsim)")
        super().setUp()
        self.env.update(self.engine.env)
        self.vcenter = VCenter(self)
        self.source_template(name="debian-12")
        shutil.copytree(EXAMPLE, os.path.join(self.work, "example"))

    def variables(self):
        values = {
            "proxmox_url": self.simulator.url, "vcenter_server": "127.0.0.1:%d" % self.vcenter.port,
            "proxmox_token": self.simulator.tokens["root@pam!packer"], "vcenter_username": USER,
            "vcenter_password": PASSWORD, "vsphere_template": "DC0_H0_VM0", "vsphere_host": "DC0_H0",
            "vsphere_datastore": "LocalDS_0", "disk": base_disk(), "container": BASE,
            "ssh_username": self.user(), "ssh_private_key_file": self.sshd.key,
            "marker": self.path("image-version")}
        path = self.path("lab.pkrvars.json")
        with open(path, "w") as file:
            json.dump({**values, "pull": False, "insecure": True, "accelerator": "tcg",
                       "ssh_port": self.sshd.port}, file)
        return path

    def test_one_template_for_four_platforms(self):
        # In qemu and in the container the marker's folder is /tmp as well.
        variables = self.variables()
        with open(variables) as file:
            values = json.load(file)
        values["marker"] = "/tmp/farm-image-version-%s" % self.mark[:8]
        self.addCleanup(lambda: os.path.exists(values["marker"]) and os.unlink(values["marker"]))
        with open(variables, "w") as file:
            json.dump(values, file)
        self.start_farm()
        self.start_agent("rack", "site=home")
        self.start_agent("desk", "site=away")
        build = self.submit("-var-file", variables, template="example")
        state = self.wait_for_end(build, 400)
        self.assertEqual(state["state"], "succeeded", json.dumps(state, indent=1) + self.logs(build))
        jobs = {job["name"]: job for job in state["jobs"]}
        self.assertEqual(sorted(jobs), TARGETS)
        self.assertEqual({job["agent"] for job in jobs.values()}, {"rack", "desk"})
        for name in TARGETS:
            kind = name.split(".")[0]
            self.assertIn("web 1.0.0, built by " + kind, self.logs(build + "/" + name))

        machine = self.vcenter.machines()["/DC0/vm/images/web-1-0-0"]
        self.assertTrue(machine["template"])
        templates = [m.config.get("name") for m in self.cluster.machines.values()
                     if m.config.get("template")]
        self.assertIn("web-1-0-0", templates)
        listed = self.ask("artifacts", build)["artifacts"]
        files = [file["path"] for artifact in listed for file in artifact.get("files", [])]
        self.assertTrue(any(path.endswith("web-1-0-0.qcow2") for path in files), files)
        image = subprocess.run(
            [DOCKER, "image", "inspect", "example/web:1.0.0", "--format", "{{.Config.Labels.version}}"],
            env=self.env, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.assertEqual(image, "1.0.0")
        text = self.logs(build)
        for secret in (PASSWORD, values["proxmox_token"]):
            self.assertNotIn(secret, text)


if __name__ == "__main__":
    unittest.main()
