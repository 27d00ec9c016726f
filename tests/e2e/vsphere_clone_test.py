"""vsphere-clone against the vCenter simulator: where clones come from and go to, customization of
Linux and Windows guests, and the vsphere-template post-processor."""

import os
import unittest

from local_farm import SshServer
from vcenter import PASSWORD, USER, VsphereCase

CLONE = """
  template     = "DC0_H0_VM0"
  vm_name      = "copy"
  host         = "DC0_H0"
  datastore    = "LocalDS_0"
  communicator = "none"
"""
INTERFACE = """
    network_interface {
      ipv4_address = "192.0.2.10"
      ipv4_netmask = 24
      ipv6_address = "2001:db8::10"
      ipv6_netmask = 64
      dns_server_list = ["192.0.2.53"]
      dns_domain = "example.org"
    }
    ipv4_gateway = "192.0.2.1"
    ipv6_gateway = "2001:db8::1"
    dns_server_list = ["192.0.2.54"]
    dns_suffix_list = ["example.org"]
"""


class Clone(VsphereCase):
    def spec(self):
        return self.vcenter.bodies("CustomizeVM_Task")[-1]

    def test_a_clone_is_changed_and_kept(self):
        server = SshServer(self)
        import pwd
        self.build_body = '  provisioner "shell" {\n    inline = ["echo in the copy"]\n  }\n'
        self.source("vsphere-clone", CLONE.replace('communicator = "none"', """
  folder = "copies"
  notes = "a copy"
  disk_size = 20480
  network = "DC0_DVPG0"
  mac_address = "00:50:56:00:11:22"
  disk_controller_type = ["pvscsi"]
  storage {
    disk_size = 512
  }
  iso_paths = ["[LocalDS_0] a.iso"]
  remove_cdrom = true
  CPUs = 2
  boot_order = "disk"
  create_snapshot = true
  ip_settle_timeout = "1s"
  ip_wait_address = ""
  disable_shutdown = false
  ssh_port = %d
  ssh_username = "%s"
  ssh_private_key_file = "%s"
""" % (server.port, pwd.getpwuid(os.geteuid()).pw_name, server.key)))
        done = self.good(self.build(deadline=90))
        self.assertIn("in the copy", done.text)
        cloned, = self.vcenter.bodies("CloneVM_Task")
        for part in ("<name>copy</name>", '<datastore type="Datastore">', "<template>false</template>",
                     "<annotation>a copy</annotation>", "<capacityInKB>20971520</capacityInKB>",
                     'xsi:type="ParaVirtualSCSIController"', "<capacityInKB>524288</capacityInKB>",
                     "<portgroupKey>dvportgroup-", "<macAddress>00:50:56:00:11:22</macAddress>",
                     "<key>farm.build</key>", "<powerOn>false</powerOn>"):
            self.assertIn(part, cloned)
        machine = self.vcenter.machines()["/DC0/vm/copies/copy"]
        self.assertEqual(machine["snapshots"], ["Created By Packer"])
        self.assertEqual((machine["cpus"], machine["power"]), (2, "poweredOff"))
        self.assertNotIn("VirtualCdrom", machine["devices"])

    def test_linked_clones_need_a_snapshot(self):
        self.source("vsphere-clone", CLONE + "  linked_clone = true\n")
        failed = self.build()
        self.assertIn("`linked_clone=true`, but template 'DC0_H0_VM0' has no snapshots", failed.text)
        self.assertEqual(self.vcenter.machines(), {})
        # A template of our own has one.
        self.source("vsphere-clone", CLONE.replace('"copy"', '"base"') + "  create_snapshot = true\n")
        self.good(self.build())
        self.vcenter.clear()
        self.source("vsphere-clone", CLONE.replace("DC0_H0_VM0", "base") + "  linked_clone = true\n")
        self.good(self.build())
        cloned, = self.vcenter.bodies("CloneVM_Task")
        self.assertIn("<diskMoveType>createNewChildDiskBacking</diskMoveType>", cloned)
        self.assertIn('<snapshot type="VirtualMachineSnapshot">', cloned)
        # With the communicator none it is never turned on.
        self.assertEqual(self.vcenter.calls("PowerOnVM_Task"), [])

    def test_linux_guests_are_customized(self):
        self.source("vsphere-clone", CLONE + """
  customize {
    linux_options {
      host_name = "web"
      domain = "example.org"
      time_zone = "Europe/Berlin"
      hw_clock_utc = false
    }
%s  }
""" % INTERFACE)
        self.good(self.build())
        for part in ('<options xsi:type="CustomizationLinuxOptions">',
                     '<hostName xsi:type="CustomizationFixedName"><name>web</name></hostName>'
                     "<domain>example.org</domain><timeZone>Europe/Berlin</timeZone>"
                     "<hwClockUTC>false</hwClockUTC>",
                     "<dnsSuffixList>example.org</dnsSuffixList><dnsServerList>192.0.2.54<",
                     '<ip xsi:type="CustomizationFixedIp"><ipAddress>192.0.2.10</ipAddress></ip>'
                     "<subnetMask>255.255.255.0</subnetMask><gateway>192.0.2.1</gateway>",
                     "<ipAddress>2001:db8::10</ipAddress><subnetMask>64</subnetMask></ip>"
                     "<gateway>2001:db8::1</gateway>",
                     "<dnsServerList>192.0.2.53</dnsServerList><dnsDomain>example.org</dnsDomain>"):
            self.assertIn(part, self.spec())

    def test_windows_guests_are_customized(self):
        self.source("vsphere-clone", CLONE + """
  customize {
    windows_options {
      computer_name = "WIN1"
      full_name = "Tester"
      organization_name = "Tests"
      product_key = "AAAAA-BBBBB"
      admin_password = "hush-hush-1"
      auto_logon = true
      auto_logon_count = 3
      time_zone = 110
      workgroup = "LAB"
      run_once_command_list = ["a.cmd", "b.cmd"]
    }
    network_interface {}
  }
""")
        done = self.good(self.build())
        self.assertNotIn("hush-hush-1", done.text)
        for part in ('<options xsi:type="CustomizationWinOptions"><changeSID>true',
                     "<value>hush-hush-1</value><plainText>true</plainText></password>"
                     "<timeZone>110</timeZone><autoLogon>true</autoLogon>"
                     "<autoLogonCount>3</autoLogonCount>",
                     "<fullName>Tester</fullName><orgName>Tests</orgName>",
                     "<name>WIN1</name></computerName><productId>AAAAA-BBBBB</productId>",
                     "<commandList>a.cmd</commandList><commandList>b.cmd</commandList>",
                     "<joinWorkgroup>LAB</joinWorkgroup>", 'xsi:type="CustomizationDhcpIpGenerator"'):
            self.assertIn(part, self.spec())
        self.source("vsphere-clone", CLONE + """
  customize {
    windows_sysprep_text = "<unattend>text</unattend>"
    network_interface {}
  }
""")
        self.good(self.build("-force"))
        self.assertIn('<identity xsi:type="CustomizationSysprepText">'
                      "<value>&lt;unattend&gt;text&lt;/unattend&gt;", self.spec())
        self.write("sysprep.xml", "<unattend>file</unattend>")
        self.source("vsphere-clone", CLONE + """
  customize {
    windows_sysprep_file = "sysprep.xml"
    network_interface {}
  }
""")
        done = self.good(self.build("-force"))
        self.assertIn("windows_sysprep_file is deprecated", done.text)
        self.assertIn("&lt;unattend&gt;file", self.spec())

    def test_places_are_found_by_path(self):
        self.source("vsphere-clone", """
  template      = "/DC0/vm/DC0_H0_VM0"
  vm_name       = "copy"
  folder        = "/a/b"
  cluster       = "/DC0/host/DC0_C0"
  resource_pool = "/DC0/host/DC0_C0/Resources/DC0_C0_RP1"
  datastore     = "/DC0/datastore/LocalDS_0"
  datacenter    = "/DC0"
  network       = "/DC0/network/DC0_DVPG0"
  communicator  = "none"
""")
        self.good(self.build())
        self.assertEqual(list(self.vcenter.machines()), ["/DC0/vm/a/b/copy"])
        # By id, and with another host of the cluster.
        switch = [entry for entry in self.vcenter.bodies("CloneVM_Task")][0]
        port_group = switch.split("<portgroupKey>")[1].split("<")[0]
        self.source("vsphere-clone", CLONE.replace("DC0_H0_VM0", "a/b/copy").replace(
            'host         = "DC0_H0"', 'host = "DC0_C0/DC0_C0_H1"\n  cluster = "DC0_C0"')
            + '  network = "%s"\n' % port_group)
        self.good(self.build())
        cloned = self.vcenter.bodies("CloneVM_Task")[1]
        self.assertIn('<host type="HostSystem">', cloned)
        self.assertIn("<portgroupKey>%s</portgroupKey>" % port_group, cloned)

    def test_vapp_properties_are_set(self):
        self.source("vsphere-clone", CLONE + '  vapp {\n    properties = { "hostname" = "web<1>" }\n  }\n')
        self.good(self.build())
        cloned, = self.vcenter.bodies("CloneVM_Task")
        self.assertIn('<vAppConfig xsi:type="VmConfigSpec"><property><operation>edit</operation><info>'
                      "<key>3</key><id>hostname</id><userConfigurable>true</userConfigurable>"
                      "<value>web&lt;1&gt;</value></info></property></vAppConfig>", cloned)

    def test_what_the_template_lacks_is_said(self):
        self.source("vsphere-clone", CLONE.replace('"copy"', '"big"') + "  disk_size = 20\n")
        self.good(self.build())
        self.source("vsphere-clone", CLONE.replace("DC0_H0_VM0", "big") + "  disk_size = 10\n")
        self.assertIn("'disk_size' 10 MiB is smaller than the template's disk (20 MiB); disks only grow",
                      self.build().text)
        for options, message in (
                ('  vapp {\n    properties = { "name" = "x" }\n  }\n',
                 "the template has no vapp property 'name'"),
                ('  vapp {\n    properties = { "serial" = "x" }\n  }\n',
                 "vapp property 'serial' of the template is not user-configurable"),
                ('  network = "nowhere"\n',
                 "network 'nowhere' not found in datacenter /DC0; there are: DC0_DVPG0"),
                ('  folder = "a"\n  resource_pool = "none"\n', "resource pool 'none' not found below")):
            with self.subTest(options):
                self.source("vsphere-clone", CLONE + options)
                self.assertIn(message, self.build().text)
        self.source("vsphere-clone", CLONE.replace("DC0_H0_VM0", "no/such"))
        self.assertIn("template 'no/such' not found in datacenter /DC0", self.build().text)
        self.assertEqual(list(self.vcenter.machines()), ["/DC0/vm/big"])

    def post_processor(self, options):
        return ('  post-processor "vsphere-template" {\n    host = "127.0.0.1:%d"\n'
                '    username = "%s"\n    password = "%s"\n    insecure = true\n%s  }\n'
                % (self.vcenter.port, USER, PASSWORD, options))

    def test_a_machine_becomes_a_template_elsewhere(self):
        self.build_body = self.post_processor(
            '    datacenter = "DC0"\n    folder = "/templates/base"\n'
            '    template_name = "golden"\n    snapshot_enable = true\n'
            '    snapshot_name = "first"\n    snapshot_description = "as built"\n')
        self.source("vsphere-clone", CLONE)
        self.good(self.build())
        snapshot, = self.vcenter.bodies("CreateSnapshot_Task")
        self.assertIn("<name>first</name><description>as built</description>", snapshot)
        registered, = self.vcenter.bodies("RegisterVM_Task")
        self.assertIn("<name>golden</name><asTemplate>true</asTemplate>", registered)
        self.assertEqual(list(self.vcenter.machines()), ["/DC0/vm/templates/base/golden"])
        # Again: the name is taken, unless it may be replaced.
        taken = self.build()
        self.assertIn("/DC0/vm/templates/base/golden exists already; 'override = true'", taken.text)
        self.build_body = self.post_processor(
            '    folder = "/templates/base"\n    template_name = "golden"\n    override = true\n')
        self.source("vsphere-clone", CLONE)
        self.good(self.build("-force"))
        self.assertEqual(list(self.vcenter.machines()), ["/DC0/vm/templates/base/golden"])

    def test_a_machine_becomes_a_template_in_place(self):
        self.build_body = self.post_processor("    reregister_vm = false\n")
        self.source("vsphere-clone", CLONE)
        self.good(self.build())
        self.assertEqual(self.vcenter.calls("RegisterVM_Task"), [])
        self.assertTrue(self.vcenter.machines()["/DC0/vm/copy"]["template"])


if __name__ == "__main__":
    unittest.main()
