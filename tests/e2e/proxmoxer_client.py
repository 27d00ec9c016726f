"""Drives every operation of the Proxmox API that the builders use with proxmoxer, a client that is not
ours. Arguments: port, certificate, "ticket" or "token". Leaves nothing behind."""

import io
import sys
import time

import proxmoxer


def connect(port, certificate, who):
    if who == "ticket":
        return proxmoxer.ProxmoxAPI("localhost:" + port, user="root@pam", password="secret",
                                    verify_ssl=certificate)
    return proxmoxer.ProxmoxAPI("localhost:" + port, user="root@pam", token_name="packer",
                                token_value="11111111-2222-3333-4444-555555555555",
                                verify_ssl=certificate)


def main():
    api = connect(*sys.argv[1:])
    node = api.nodes("pve")

    def done(upid, wanted="OK"):
        deadline = time.monotonic() + 20
        while True:
            status = node.tasks(upid).status.get()
            if status["status"] == "stopped":
                assert status["exitstatus"] == wanted, status
                assert isinstance(node.tasks(upid).log.get(), list)
                return
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    assert api.version.get()["version"]
    assert api.nodes.get()[0]["node"] == "pve"
    assert api.cluster.resources.get(type="storage")
    iso = io.BytesIO(b"x" * 100000)
    iso.name = "up.iso"
    done(node.storage("local").upload.create(content="iso", filename=iso))
    done(node.storage("local")("download-url").create(
        content="iso", filename="b.iso", url="http://mirror.example/b.iso"))
    names = [entry["volid"] for entry in node.storage("local").content.get(content="iso")]
    assert "local:iso/up.iso" in names and "local:iso/b.iso" in names, names

    vmid = int(api.cluster.nextid.get())
    done(node.qemu.create(vmid=vmid, name="by-proxmoxer", memory=512, agent=1, tags="a;b",
                          scsi0="local-lvm:4,format=raw", ide2="local:iso/up.iso,media=cdrom",
                          net0="virtio,bridge=vmbr0"))
    machine = node.qemu(vmid)
    done(machine.resize.set(disk="scsi0", size="5G"))
    done(machine.config.create(description="later"))
    machine.config.set(cores=2)
    config = machine.config.get()
    assert config["description"] == "later" and "size=5G" in config["scsi0"], config
    done(machine.status.start.create())
    assert machine.status.current.get()["status"] == "running"
    machine.sendkey.set(key="ctrl-alt-delete")
    assert machine.agent("network-get-interfaces").get()["result"]
    done(machine.status.shutdown.create())
    done(machine.status.start.create())
    done(machine.status.stop.create())
    done(machine.template.create())
    assert any(entry["vmid"] == vmid and entry["template"] == 1
               for entry in api.cluster.resources.get(type="vm"))
    copy = vmid + 1
    upid = machine.clone.create(newid=copy, name="copy", full=1, target="pve")
    assert any(task["upid"] == upid for task in node.tasks.get(source="all"))
    done(upid)
    aborted = machine.clone.create(newid=copy + 1)
    node.tasks(aborted).delete()
    for one in (copy, vmid):
        done(node.qemu(one).delete())
    for name in ("up.iso", "b.iso"):
        done(node.storage("local").content("local:iso/" + name).delete())


main()
