"""vSphere builders when something goes wrong: sessions that run out, answers that are lost, tasks
that fail, privileges that are missing; nothing is left behind."""

import os
import signal
import unittest

from vcenter import VCenter, VsphereCase


class Faults(VsphereCase):
    def test_a_session_that_ran_out_is_renewed(self):
        self.source("vsphere-iso", self.ISO)
        for method in ("ReconfigVM_Task", "WaitForUpdatesEx", "PowerOnVM_Task", "PutUsbScanCodes",
                       "PUT /folder"):
            self.vcenter.fault(method=method, action="expire")
        self.good(self.build())
        self.assertGreaterEqual(len(self.vcenter.calls("Login")), 4)
        self.assert_cached_iso_only(["/DC0/vm/made"])

    def assert_cached_iso_only(self, machines):
        files = [file for file in self.vcenter.files() if ".iso" in file]
        self.assertEqual([file for file in files if "packer_cache/" not in file or ".part" in file],
                         [])
        self.assertEqual(sorted(self.vcenter.machines()), machines)

    def test_lost_answers_to_questions_are_asked_again(self):
        self.source("vsphere-iso", self.ISO)
        self.vcenter.fault(method="RetrievePropertiesEx", action="drop_after", skip=5, count=2)
        self.vcenter.fault(method="PutUsbScanCodes", action="drop_before")
        self.good(self.build())

    def test_a_machine_whose_creation_was_not_answered_is_removed(self):
        self.source("vsphere-iso", self.ISO)
        self.vcenter.fault(method="CreateVM_Task", action="drop_after")
        failed = self.build()
        self.assertNotEqual(failed.code, 0)
        self.assertIn("CreateVM_Task", failed.text)
        self.assert_cached_iso_only([])

    def test_failures_undo_what_was_done(self):
        for fault, message in (
                ({"method": "PowerOnVM_Task", "action": "task_error", "fault": "InvalidPowerState"},
                 "PowerOnVM_Task: InvalidPowerState"),
                ({"method": "CreateVM_Task", "action": "task_error", "fault": "NoDiskSpace"},
                 "the datastore is full"),
                ({"method": "ReconfigVM_Task", "action": "drop_before"}, "ReconfigVM_Task"),
                ({"method": "MarkAsTemplate", "action": "fault", "fault": "NoPermission",
                  "privilege": "VirtualMachine.Provisioning.MarkAsTemplate"},
                 "the user tester@vsphere.local lacks the privilege "
                 "VirtualMachine.Provisioning.MarkAsTemplate on VirtualMachine /DC0/vm/made"),
                ({"method": "CreateVM_Task", "action": "fault", "fault": "NoPermission",
                  "privilege": "VirtualMachine.Inventory.Create"},
                 "VirtualMachine.Inventory.Create on Folder /DC0/vm; grant it there"),
                ({"method": "ExportVm", "action": "fault", "fault": "NotSupported"},
                 "the server does not support this here")):
            with self.subTest(fault["method"]):
                self.vcenter.fault(**fault)
                self.source("vsphere-iso", self.ISO + "  convert_to_template = true\n  export {}\n")
                failed = self.build()
                self.assertNotEqual(failed.code, 0)
                self.assertIn(message, failed.text)
                self.assert_cached_iso_only([])
                self.assertFalse(os.path.exists(os.path.join(self.work, "output-x")))

    def test_who_may_not_log_in_hears_it(self):
        path = self.source("vsphere-iso", self.ISO)
        with open(path) as file:
            text = file.read()
        self.write("t.pkr.hcl", text.replace('"secret"', '"wrong-word"'))
        failed = self.build()
        self.assertIn("InvalidLogin", failed.text)
        self.assertIn("the server refuses this user name and password", failed.text)
        self.assertNotIn("wrong-word", failed.text)
        # The certificate counts unless it is said not to.
        self.write("t.pkr.hcl", text.replace("insecure_connection = true", ""))
        failed = self.build()
        self.assertIn("the certificate of the server is not trusted", failed.text)
        self.assertIn("insecure_connection = true", failed.text)

    def test_choices_that_are_left_open_are_said(self):
        other = VCenter(self, "-datacenters", "2")
        self.write("t.pkr.hcl", 'source "vsphere-iso" "x" {\n%s%s}\nbuild {\n'
                   '  sources = ["source.vsphere-iso.x"]\n}\n'
                   % (self.connection("127.0.0.1:%d" % other.port), self.ISO))
        self.assertIn("there are several datacenters; name one", self.build().text)
        for options, message in (
                (self.ISO.replace("LocalDS_0", "none"), "datastore 'none' not found in datacenter /DC0; "
                 "there are: LocalDS_0, LocalDS_1"),
                (self.ISO.replace('datastore     = "LocalDS_0"', ""),
                 "host 'DC0_H0' has 2 datastores; name one"),
                (self.ISO.replace("DC0_H0", "nobody"), "host 'nobody' not found")):
            self.source("vsphere-iso", options)
            self.assertIn(message, self.build().text)

    def test_a_guest_without_tools_gives_the_reason(self):
        self.source("vsphere-iso", self.ISO.replace(
            'communicator  = "none"', 'ssh_username = "root"\n  ssh_password = "x"\n'
            '  ip_wait_timeout = "2s"\n  ip_wait_address = "10.0.0.0/8"')
            .replace('boot_command  = ["<f12>"]', ""))
        failed = self.build()
        self.assertIn("Timeout waiting for IP: the guest reported no address in 10.0.0.0/8 within 2s",
                      failed.text)
        self.assert_cached_iso_only([])

    def test_cancelling_cleans_up(self):
        self.source("vsphere-iso", self.ISO.replace("<f12>", "<wait60>"))
        log = self.path("build.log")
        build = self.start([os.path.join(os.environ["FARM_BIN"], "farmctl"), "build", "t.pkr.hcl"], log)
        self.wait_for("power on", lambda: self.vcenter.calls("PowerOnVM_Task"))
        os.kill(build.pid, signal.SIGINT)
        build.wait(timeout=30)
        with open(log) as file:
            self.assertIn("cancelled", file.read())
        self.assert_cached_iso_only([])


if __name__ == "__main__":
    unittest.main()
