"""What a farm knows of the providers behind its agents: limits per node, the load of nodes and the choice
among them, and what bears the mark of a build and is in no ledger. The agents alone have the
credentials."""

import json
import os
import signal
import threading
import unittest

from case import BIN, main_in_parallel
from local_farm import FarmCase
from proxmox_case import ProxmoxCase, SshGuest
from vcenter import PASSWORD, PROGRAM, USER, VsphereCase

GIB = 1 << 30


class AgentWithCredentials(FarmCase):
    """`credentials` are in the environment of the agents and nowhere else."""

    credentials = {}
    build = FarmCase.build

    def launch_agent(self, name, *more):
        self.env.update(self.credentials)
        super().launch_agent(name, "--survey-seconds", "1", *more)
        for variable in self.credentials:
            del self.env[variable]

    def nodes(self):
        """Nodes as the coordinator knows them now, by name."""
        return {node["name"]: node for agent in self.ask("agents")["agents"]
                for provider in agent["providers"] for node in provider["nodes"]}

    def leaks(self, *words):
        done = self.farmctl("leaks", "--output", "json", *words)
        return done.code, json.loads(done.out)


class Proxmox(AgentWithCredentials, ProxmoxCase):
    build = FarmCase.build

    def setUp(self):
        super().setUp()
        self.credentials = {"PROXMOX_URL": self.simulator.url,
                            "PROXMOX_USERNAME": "root@pam!packer",
                            "PROXMOX_TOKEN": self.simulator.tokens["root@pam!packer"]}
        self.place = self.simulator.url.split("/")[2]

    def two_jobs(self, options):
        self.template(body=options, access="")
        text = self.read("t.pkr.hcl")
        second = text[:text.index("build {")].replace('"t"', '"u"')
        self.write("t.pkr.hcl", second + text.replace(
            'sources = ["source.proxmox-iso.t"]',
            'sources = ["source.proxmox-iso.t", "source.proxmox-iso.u"]'))

    def hold_guests(self):
        """Guests whose agent is silent until the event is set."""
        go = threading.Event()
        self.addCleanup(go.set)

        class Held(SshGuest):
            def interfaces(self):
                return super().interfaces() if go.is_set() else None
        self.cluster.make_guest = lambda cluster, machine: Held(self.address)
        return go

    def test_a_node_holds_no_more_jobs_than_its_limit(self):
        self.SETTINGS = FarmCase.SETTINGS + "node_limits = { pve = 1, \"*\" = 9 }\n"
        go = self.hold_guests()
        self.start_farm()
        self.start_agent("here", slots=4)
        self.wait_for("survey", lambda: "pve" in self.nodes(), 60)
        self.two_jobs("")
        build = self.submit()
        self.wait_for("the first machine", lambda: self.cluster.machines, 60)
        jobs = sorted(job["state"] for job in self.jobs(build).values())
        self.assertEqual(jobs, ["ready", "running"])
        held = next(job for job in self.jobs(build).values() if job["state"] == "ready")
        why = self.good(self.farmctl("why", held["id"])).out
        self.assertIn("node pve of %s has 1 of at most 1 jobs" % self.place, why)
        node = self.nodes()["pve"]
        self.assertEqual((node["jobs"], node["limit"]), (1, 1))
        self.assertEqual(len(self.cluster.machines), 1)
        go.set()
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded")
        self.assertEqual(self.nodes()["pve"]["jobs"], 0)
        self.no_refusals()

    def test_open_nodes_are_chosen_by_what_is_free(self):
        self.cluster.nodes["pve2"] = {"maxmem": 128 * GIB, "mem": 8 * GIB, "online": True}
        self.cluster.nodes["pve3"] = {"maxmem": 512 * GIB, "mem": 0, "online": False}
        go = self.hold_guests()
        self.start_farm()
        self.start_agent("here", slots=4)
        self.wait_for("survey", lambda: "pve2" in self.nodes(), 60)
        nodes = self.nodes()
        self.assertEqual(nodes["pve2"]["memory_bytes"], 128 * GIB)
        self.assertFalse(nodes["pve3"]["online"])
        table = self.good(self.farmctl("agents", "nodes")).out
        self.assertRegex(table, r"pve3 +proxmox +%s +- +OFFLINE" % self.place)
        self.assertRegex(self.good(self.farmctl("agents")).out, r"cpu 10% mem \d+% \(2 nodes\)")
        self.two_jobs("")
        self.write("t.pkr.hcl", self.read("t.pkr.hcl").replace('  node = "pve"\n', ""))
        build = self.submit()
        self.wait_for("both machines", lambda: len(self.cluster.machines) == 2, 60)
        # 120 GiB are free on one, 48 on the other: both fit on the first.
        chosen = sorted(job["node"] for job in self.jobs(build).values())
        self.assertEqual(chosen, ["pve2", "pve2"])
        self.assertEqual({machine.node for machine in self.cluster.machines.values()}, {"pve2"})
        go.set()
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded")
        self.no_refusals()

    def leftover(self, vmid, mark):
        from cluster import Machine
        self.cluster.machines[vmid] = Machine("pve", vmid, {
            "name": "left-%d" % vmid, "memory": "512", "tags": "farm;farm-" + mark.lower(),
            "smbios1": "uuid=0000-%d" % vmid, "meta": "creation-qemu=9.0.2,ctime=1700000000",
            "description": "farm-" + mark})

    def test_leaks_asks_the_provider(self):
        self.start_farm()
        self.start_agent("here")
        self.assertEqual(self.leaks()[0], 0)
        self.template(access="")
        build = self.submit()
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded")
        made = sorted(self.cluster.machines)
        self.assertEqual(self.leaks(), (0, {"leaks": [], "things": [], "unseen": []}))
        job = next(iter(self.jobs(build).values()))
        mark = "%s-%s" % (job["id"], job["epoch"])
        self.leftover(700, mark)
        self.leftover(701, "abcdefghijklmnopqrstuvwxyz-1.1")
        self.put_iso("local", "farm-%s-cd0.iso" % mark, b"cd")
        code, found = self.leaks()
        self.assertEqual(code, 1)
        states = {thing["name"].split()[0]: (thing["kind"], thing["state"], thing["job_name"])
                  for thing in found["things"]}
        self.assertEqual(states, {
            "pve/700": ("proxmox-vm", "unrecorded", "proxmox-iso.t"),
            "pve/701": ("proxmox-vm", "unknown", ""),
            "pve/local:iso/farm-%s-cd0.iso" % mark:
                ("proxmox-volume", "unrecorded", "proxmox-iso.t")})
        self.assertGreater(found["things"][0]["age"], 365 * 86400)
        shown = self.farmctl("leaks")
        self.assertRegex(shown.out, r"unrecorded +proxmox-vm +pve/700 .* \d+d\n")
        self.assertIn("--reap", shown.text)
        # Nobody else's.
        code, removed = self.leaks("--reap")
        self.assertEqual((code, [one["error"] for one in removed["removed"]]), (0, ["", ""]))
        self.nothing_left(made + [701])
        unknown = next(thing for thing in found["things"] if thing["state"] == "unknown")
        done = self.good(self.farmctl("leaks", "--reap", unknown["name"]))
        self.assertIn("removed proxmox-vm pve/701", done.out)
        self.nothing_left(made)
        self.assertEqual(self.leaks()[0], 0)
        self.assertIn("no unrecorded or unknown thing is called `x`",
                      self.farmctl("leaks", "--reap", "x").text)
        self.no_refusals()

    def test_what_runs_is_no_leak(self):
        go = self.hold_guests()
        self.start_farm()
        self.start_agent("here")
        self.template(access="")
        build = self.submit()
        self.wait_for("the machine", lambda: self.cluster.machines, 60)
        self.assertEqual(self.leaks(), (0, {"leaks": [], "things": [], "unseen": []}))
        go.set()
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded")

    def test_a_provider_that_cannot_be_seen_is_said(self):
        self.start_farm()
        self.credentials["PROXMOX_TOKEN"] = "wrong"
        self.start_agent("here")
        code, found = self.leaks()
        self.assertEqual((code, found["unseen"][0]["provider"]), (0, "proxmox"))
        self.assertIn("could not look at proxmox", self.farmctl("leaks").text)


@unittest.skipUnless(os.path.exists(PROGRAM or "-"), "vcsim is not built (see the test build_vcsim)")
class Vsphere(AgentWithCredentials, VsphereCase):
    build = FarmCase.build

    def setUp(self):
        super().setUp()
        self.credentials = {"VSPHERE_SERVER": "127.0.0.1:%d" % self.vcenter.port,
                            "VSPHERE_USER": USER, "VSPHERE_PASSWORD": PASSWORD,
                            "VSPHERE_ALLOW_UNVERIFIED_SSL": "true"}

    def connection(self, server=None):
        return ""

    def leave_a_machine(self):
        """What a farmctl build leaves when everything of it is killed."""
        self.source("vsphere-iso", self.ISO)
        self.vcenter.fault(method="PowerOnVM_Task", action="delay", delay_ms=60000)
        with_credentials = {**self.env, **self.credentials}
        local = self.start([os.path.join(BIN, "farmctl"), "build", "t.pkr.hcl"],
                           self.path("local.log"), env=with_credentials)
        self.wait_for("power on",
                      lambda: self.vcenter.ask("GET", "/farm/waiting")["waiting"], 60)
        for pid in self.processes("farm"):
            os.kill(pid, signal.SIGKILL)
        local.wait()
        self.vcenter.ask("DELETE", "/farm/faults")
        self.assertEqual(sorted(self.vcenter.machines()), ["/DC0/vm/made"])

    def test_hosts_and_leaks(self):
        self.leave_a_machine()
        self.start_farm()
        self.start_agent("here")
        self.wait_for("survey", lambda: "DC0_H0" in self.nodes(), 60)
        nodes = self.nodes()
        self.assertGreater(nodes["DC0_H0"]["memory_bytes"], GIB)
        self.assertIn("LocalDS_0", nodes["DC0_H0"]["datastores"])
        self.assertEqual(nodes["DC0_C0_H0"]["group"], "DC0_C0")
        code, found = self.leaks()
        self.assertEqual(code, 0, "nobody knows whether it runs")
        self.assertEqual([(thing["kind"], thing["state"], thing["name"].split("#")[0])
                          for thing in found["things"]],
                         [("vsphere-vm", "unknown", "/DC0/vm/made")])
        self.good(self.farmctl("leaks", "--reap", found["things"][0]["name"]))
        self.assertEqual(sorted(self.vcenter.machines()), [])
        build = self.submit()
        self.assertEqual(self.wait_for_end(build, 120)["state"], "succeeded", self.logs(build))
        self.assertEqual(self.leaks(), (0, {"leaks": [], "things": [], "unseen": []}))


if __name__ == "__main__":
    main_in_parallel(3)
