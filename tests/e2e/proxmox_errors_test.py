"""What goes wrong with a Proxmox cluster: each failure has a message that says what to do, and nothing
of the build is left behind."""

from case import main_in_parallel
from proxmox_case import Fault, ProxmoxCase, SshGuest

MACHINE = """vm_name = "tiny"
  disks {
    storage_pool = "local-lvm"
    disk_size    = "4G"
  }
  network_adapters {
    bridge = "vmbr0"
  }
  additional_iso_files {
    cd_content = { "user-data" = "#cloud-config" }
    iso_storage_pool = "local"
  }
"""


class Errors(ProxmoxCase):
    def failing(self, *texts, words=(), left=()):
        done = self.build(*words)
        self.assertEqual(done.code, 1, done)
        shown = " ".join(done.text.split())
        for text in texts:
            self.assertIn(text, shown, done)
        self.nothing_left(left)
        return done

    def make(self, body=MACHINE, **options):
        return self.template(body=body, **options)

    def replaced(self, old, new):
        text = self.read("t.pkr.hcl")
        self.assertIn(old, text)
        self.write("t.pkr.hcl", text.replace(old, new))

    # Before anything exists

    def test_certificate(self):
        self.make()
        self.env["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
        self.failing("certificate is not trusted", "insecure_skip_tls_verify = true")
        self.replaced("node =", "insecure_skip_tls_verify = true\n  node =")
        done = self.good(self.build())
        self.assertIn("The certificate of the Proxmox API is not verified.", done.out)

    def test_credentials(self):
        token = self.simulator.tokens["root@pam!packer"]
        self.make()
        self.replaced(token, "0" * 36)
        self.failing("refuses root@pam!packer", "its secret in token")
        self.make(token=False)
        self.replaced('"secret"', '"wrong"')
        self.failing("refuses root@pam (authentication failure)", "check username")
        # Nothing in the template: all from the environment.
        self.make(access="", body='vm_name = "tiny"')
        self.env.update(PROXMOX_URL=self.simulator.url + "/", PROXMOX_USERNAME="root@pam!packer",
                        PROXMOX_TOKEN=token)
        self.good(self.build())

    def test_address(self):
        self.make()
        self.replaced("/api2/json", "")
        self.failing("https://HOST:8006/api2/json")
        self.make()
        self.replaced('node = "pve"', 'node = "nowhere"')
        self.failing("hostname lookup 'nowhere' failed", "is node spelled as in the cluster")

    def test_privileges(self):
        """Each missing privilege is named with its path, and who lacks it."""
        everything = {
            "/": {"VM.Audit", "Sys.Audit"},
            "/vms": {"VM.Allocate", "VM.Config.Options", "VM.Config.Disk", "VM.PowerMgmt",
                     "VM.Monitor", "VM.Console"},
            "/storage": {"Datastore.AllocateSpace", "Datastore.AllocateTemplate",
                         "Datastore.Audit"}}
        self.simulator.tokens["builder@pve!farm"] = "secret-of-builder"
        self.make(access='proxmox_url = "%s"\n  username = "builder@pve!farm"\n  '
                         'token = "secret-of-builder"' % self.simulator.url)
        missing = [("/vms", "VM.Allocate", "VM.Allocate on /vms/100"),
                   ("/vms", "VM.PowerMgmt", "VM.PowerMgmt on /vms/100"),
                   ("/vms", "VM.Monitor", "VM.Monitor on /vms/100"),
                   ("/storage", "Datastore.AllocateTemplate",
                    "Datastore.AllocateTemplate on /storage/local"),
                   ("/storage", "Datastore.AllocateSpace",
                    "Datastore.AllocateSpace on /storage/local-lvm")]
        for path, privilege, sentence in missing:
            with self.subTest(privilege):
                self.simulator.acl["builder@pve!farm"] = {
                    where: what - {privilege} if where == path else what
                    for where, what in everything.items()}
                done = self.build()
                self.assertEqual(done.code, 1, done)
                shown = " ".join(done.text.split())
                self.assertIn("builder@pve!farm lacks the privilege " + sentence, shown)
                self.assertIn("pveum acl modify", shown)
                # With the privilege back, the next build removes what this one was not allowed to.
                self.simulator.acl["builder@pve!farm"] = everything
        self.good(self.build())
        made = max(self.cluster.machines)
        drive = self.cluster.machines[made].config["ide0"].split(",")[0]
        self.nothing_left([made], [drive, "local:iso/installer.iso"])

    def test_storage(self):
        self.make()
        self.replaced('"local-lvm"', '"local-zfs"')
        self.failing("storage 'local-zfs' does not exist", "pvesm status")
        self.make()
        self.replaced('"local-lvm"', '"local"')
        self.failing("does not support content-type 'images'", "enable this content type")

    def test_refused_parameters(self):
        """Parameter faults name the parameter."""
        self.make(body=MACHINE + '  vga {\n    type = "warp"\n  }\n')
        self.failing("Parameter verification failed.", "vga:")

    # While the machine is made

    def test_failing_tasks(self):
        for kind, text, advice in (
                ("qmcreate", "lvcreate failed: insufficient free space", "free space in the pool"),
                ("qmstart", "KVM virtualisation configured, but not available. Either disable in VM "
                            "configuration or enable in BIOS.", "disable_kvm = true"),
                ("qmtemplate", "some disk is busy", "task qmtemplate failed"),
                ("imgcopy", "No space left on device", "free space in the storage pool"),
                ("qmconfig", "some setting is wrong", "task qmconfig failed")):
            with self.subTest(kind):
                self.make()
                self.cluster.task_faults = {kind: text}
                done = self.failing(text.split(" Either")[0],
                                    advice.replace("in the pool", "in the storage pool"))
                self.assertIn("TASK ERROR: " + text, done.out)  # the task's log is shown
                self.cluster.task_faults = {}

    def test_hanging_task(self):
        self.make(body=MACHINE + '  task_timeout = "2s"\n')
        self.cluster.task_faults = {"qmcreate": "hang"}
        self.failing("task qmcreate did not end within task_timeout (2 s); it was stopped")

    def test_bridge(self):
        self.make()
        self.replaced("vmbr0", "vmbr9")
        self.failing("bridge 'vmbr9' does not exist", "check the bridge of network_adapters")

    def test_lost_connections(self):
        """The machine was created, but the answer was lost; and a server that fails for a moment."""
        self.make()
        self.simulator.faults = [Fault("POST", "/qemu$", "drop_after")]
        self.failing("Proxmox API at " + self.simulator.url)
        self.make()
        self.simulator.faults = [
            Fault("GET", "/status$", "drop"),
            Fault("GET", "/cluster/nextid", ("answer", 596, "Connection timed out")),
            Fault("POST", "/status/start", ("answer", 500, "got no worker upid - start worker "
                                                           "failed")),
            Fault("GET", "/config$", "drop_after")]
        self.good(self.build())

    def test_taken_id(self):
        """Somebody else takes the free id first."""
        self.make()
        seen = []

        def take(method, path):
            if method == "POST" and path.endswith("/qemu") and not seen:
                seen.append(path)
                self.source_template(100, "theirs")
        self.simulator.observer = take
        self.good(self.build())
        self.assertEqual(self.cluster.machines[100].config["name"], "theirs")
        self.assertTrue(self.cluster.machines[101].is_template)

    # While it runs

    def test_guest_agent(self):
        for network, body, text in (
                (None, "", "the guest agent is not running: the guest is still booting, or "
                           "qemu-guest-agent is not installed and enabled in it"),
                ([{"name": "eth0", "ip-addresses": []}], "",
                 "the guest has no IPv4 address yet: no DHCP lease, or its bridge leads elsewhere"),
                ([{"name": "eth0", "ip-addresses": []}], 'vm_interface = "eth0"',
                 "the guest's interface eth0 has no address yet"),
                ([{"name": "ens18", "ip-addresses": []}], 'vm_interface = "eth0"',
                 "the guest has no interface eth0 (vm_interface); it has: ens18"),
                ([], "qemu_agent = false", "set ssh_host (or winrm_host), or qemu_agent = true")):
            with self.subTest(text):
                silent = 1000 if network is None else 0
                self.cluster.make_guest = lambda cluster, machine: SshGuest(
                    self.address, silent, network)
                self.make(body=MACHINE + "  %s\n" % body,
                          communicator=self.communicator().replace("60s", "2s"))
                self.failing(text)

    def test_shutdown_refused(self):
        self.make()
        self.cluster.obeys_shutdown = False
        self.failing("got timeout", "install qemu-guest-agent or acpid")

    def test_provisioner(self):
        self.make(provision="exit 7")
        self.failing("7")
        # A replaced template goes only with -force, and the name is enough to find it.
        old = self.source_template(150, "tiny")
        done = self.build("-force")
        self.assertEqual(done.code, 1, done)
        self.assertNotIn(old.id, self.cluster.machines)

    def test_clone_sources(self):
        self.template("proxmox-clone", 'clone_vm = "nothing"')
        self.failing('there is no machine called "nothing" that root@pam!packer may see')
        self.template("proxmox-clone", "clone_vm_id = 4711")
        self.failing("there is no machine 4711 that root@pam!packer may see")
        source = self.source_template()
        source.config.pop("template")
        self.template("proxmox-clone", "clone_vm_id = 9000\n  full_clone = false")
        self.failing("Linked clone feature is not supported", left=[9000])

    def test_cleanup_fails_at_first(self):
        """What a failed cleanup left goes before the build is reported."""
        self.make(provision="exit 7")
        self.simulator.faults = [Fault("DELETE", "/qemu/100$", ("answer", 500, "busy"))]
        self.failing("7", "Removing what the build left: proxmox-vm pve/100 farm-")


if __name__ == "__main__":
    main_in_parallel(6)
