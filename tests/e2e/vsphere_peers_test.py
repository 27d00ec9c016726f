"""Clients that we did not write judge the vCenter simulator: Debian's packer 1.6.6 builds a template
against it that farm builds, too, and pyVmomi drives every operation that the builders use. So the
simulator and the builders cannot be wrong in the same way."""

import json
import os
import re
import unittest

from case import needs_packer
from vcenter import PASSWORD, USER, VsphereCase, needs_pyvmomi

# What packer calls that farm does not, and the reverse; everything else must be the same.
PACKER_ALONE = {
    # A property collector of its own for each wait; farm uses the session's.
    "CreatePropertyCollector", "DestroyPropertyCollector",
    "RetrieveProperties",   # the older form of RetrievePropertiesEx
    # farm looks at a task once before it waits for its changes; these tasks have ended by then.
    "CreateFilter", "WaitForUpdatesEx",
    "session.create",       # looks for content libraries in every path of an ISO
    "library.list",
    "session.delete",
}
FARM_ALONE = {
    "RetrievePropertiesEx", "FindByInventoryPath", "CreateContainerView", "DestroyView",
    "DestroyPropertyFilter",
    # Uploads have a name of their own until they are whole.
    "MoveDatastoreFile_Task",
    "Logout",  # packer 1.6.6 leaves its session to the server
}


class Peers(VsphereCase):
    def template(self, name):
        return json.dumps({"builders": [{
            "type": "vsphere-iso", "vcenter_server": "127.0.0.1:%d" % self.vcenter.port,
            "username": USER, "password": PASSWORD, "insecure_connection": True, "vm_name": name,
            "folder": "images-" + name, "host": "DC0_H0", "datastore": "LocalDS_0",
            "guest_os_type": "otherGuest64", "CPUs": 2, "RAM": 1024, "CPU_limit": 1000,
            "notes": "by " + name, "firmware": "efi",
            "network_adapters": [{"network": "VM Network", "network_card": "vmxnet3"}],
            "disk_controller_type": ["pvscsi"],
            "storage": [{"disk_size": 1024, "disk_thin_provisioned": True}],
            "iso_url": "tiny.iso", "iso_checksum": "none", "communicator": "none",
            # Without an order of its own packer 1.6.6 clears the temporary one after it made the
            # template, which no server allows.
            "boot_order": "disk,cdrom", "boot_wait": "1s", "boot_command": ["<esc>aB<leftCtrlOn>c<leftCtrlOff><f12>"],
            "configuration_parameters": {"a.b": "c"}, "convert_to_template": True,
            "create_snapshot": False}]})

    @needs_packer
    def test_packer_and_farm_ask_for_the_same(self):
        self.write("p.json", self.template("p"))
        self.good(self.packer("build", "-color=false", "p.json", deadline=90))
        packer = self.vcenter.journal()
        self.vcenter.clear()
        self.write("f.json", self.template("f"))
        self.good(self.farmctl("build", "f.json", deadline=60))
        farm = self.vcenter.journal()
        self.compare_methods(packer, farm)
        self.compare_creation(packer, farm)
        self.compare_keys()
        self.compare_machines()

    def compare_methods(self, packer, farm):
        by_packer = {entry["method"] for entry in packer}
        by_farm = {entry["method"] for entry in farm}
        self.assertEqual(by_packer - by_farm - PACKER_ALONE, set())
        self.assertEqual(by_farm - by_packer - FARM_ALONE, set())

    def compare_creation(self, packer, farm):
        def created(journal):
            body, = [entry["body"] for entry in journal if entry["method"] == "CreateVM_Task"]
            return body
        theirs, ours = created(packer), created(farm)
        for pattern in ("<guestId>.*?</guestId>", "<vmPathName>.*?</vmPathName>",
                        "<diskMode>.*?</diskMode>", "<thinProvisioned>.*?</thinProvisioned>",
                        "<capacityInKB>.*?</capacityInKB>", "<sharedBus>.*?</sharedBus>",
                        "<deviceName>.*?</deviceName>", "<pool .*?</pool>"):
            self.assertEqual(self.found(pattern, theirs), self.found(pattern, ours))
        for kind in ("ParaVirtualSCSIController", "VirtualDisk", "VirtualVmxnet3"):
            for body in (theirs, ours):
                self.assertIn('type="%s"' % kind, body)
        # Only farm marks what it makes, so that its remains can be told from others' machines.
        self.assertIn("farm.build", ours)
        self.assertNotIn("farm.build", theirs)

    def found(self, pattern, body):
        # Prefixes and namespaces are written differently.
        return sorted(re.sub(r"\w+:|\s?xmlns(:\w+)?=\"[^\"]*\"", "", text)
                      for text in re.findall(pattern, body))

    def compare_keys(self):
        machines = self.vcenter.machines()
        theirs = machines["/DC0/vm/images-p/p"]["keys"]
        ours = machines["/DC0/vm/images-f/f"]["keys"]
        # packer 1.6.6 also presses the control key itself at <leftCtrlOn> and <leftCtrlOff>; holding it
        # is a flag of the keys in between.
        control = str(0xE0 << 16 | 7)
        self.assertEqual([key for key in theirs if not key.startswith(control)], ours)

    def compare_machines(self):
        machines = self.vcenter.machines()
        theirs, ours = machines["/DC0/vm/images-p/p"], machines["/DC0/vm/images-f/f"]
        for machine in (theirs, ours):
            self.assertEqual(machine["extra"]["a.b"], "c")
            self.assertEqual(machine["notes"], "by " + os.path.basename(machine["path"]))
        for fact in ("power", "template", "devices", "snapshots", "cpus", "memory"):
            self.assertEqual(theirs[fact], ours[fact], fact)

    @needs_packer
    def test_packer_clones(self):
        def template(name):
            return json.dumps({"builders": [{
                "type": "vsphere-clone", "vcenter_server": "127.0.0.1:%d" % self.vcenter.port,
                "username": USER, "password": PASSWORD, "insecure_connection": True,
                "template": "DC0_H0_VM0", "vm_name": name, "host": "DC0_H0",
                "datastore": "LocalDS_0", "communicator": "none", "create_snapshot": True,
                "convert_to_template": True}]})
        self.write("p.json", template("p"))
        self.good(self.packer("build", "-color=false", "p.json", deadline=60))
        self.write("f.json", template("f"))
        self.good(self.farmctl("build", "f.json"))
        theirs, ours = self.vcenter.bodies("CloneVM_Task")
        for pattern in ("<folder .*?</folder>", "<datastore .*?</datastore>", "<pool .*?</pool>",
                        "<powerOn>.*?</powerOn>", "<template>.*?</template>"):
            self.assertEqual(self.found(pattern, theirs), self.found(pattern, ours))
        machines = self.vcenter.machines()
        # 1.6.6 spells the snapshot "Created by Packer"; its plugin of today "Created By Packer".
        self.assertEqual(machines["/DC0/vm/f"]["snapshots"], ["Created By Packer"])
        for fact in ("power", "template", "devices"):
            theirs, ours = machines["/DC0/vm/p"][fact], machines["/DC0/vm/f"][fact]
            if fact == "devices":  # in the order of their last changes
                theirs, ours = sorted(theirs), sorted(ours)
            self.assertEqual(theirs, ours, fact)

    @needs_pyvmomi
    def test_pyvmomi_drives_every_operation(self):
        self.good(self.run_program(
            ["/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                              "vsphere_operations.py"),
             str(self.vcenter.port), USER, PASSWORD], env={"PYTHONPATH": ""}))
        self.assertEqual(self.vcenter.machines(), {})


if __name__ == "__main__":
    unittest.main()
