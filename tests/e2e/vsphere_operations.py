"""Run with Debian's python3, which has pyVmomi: `vsphere_operations.py PORT USER PASSWORD` drives every
operation that the vSphere builders use through a client that we did not write."""

import ssl
import sys
import time
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl


def only(content, kind, name):
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    found = [one for one in view.view if one.name == name]
    view.Destroy()
    assert len(found) == 1, (kind, name, found)
    return found[0]


def finish(content, task):
    """The result of a task. Not by pyVim's helper: it reads all of info, of which govmomi's simulator
    gives an entity that no server would give for tasks of the file manager."""
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=task)],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(
            type=vim.Task, pathSet=["info.state", "info.error", "info.result"])])
    for _ in range(200):
        found, = content.propertyCollector.RetrieveContents([spec])
        values = {one.name: one.val for one in found.propSet}
        if values["info.state"] == "success":
            return values.get("info.result")
        assert values["info.state"] != "error", values["info.error"]
        time.sleep(0.05)
    raise AssertionError("the task does not end")


def disk(store):
    controller = vim.vm.device.VirtualDeviceSpec(
        operation="add", device=vim.vm.device.ParaVirtualSCSIController(
            key=-101, busNumber=0, sharedBus="noSharing"))
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
        fileName="", diskMode="persistent", thinProvisioned=True)
    return [controller, vim.vm.device.VirtualDeviceSpec(
        operation="add", fileOperation="create", device=vim.vm.device.VirtualDisk(
            key=-201, backing=backing, controllerKey=-101, unitNumber=0, capacityInKB=1024 * 1024))]


def card(network):
    return vim.vm.device.VirtualDeviceSpec(operation="add", device=vim.vm.device.VirtualVmxnet3(
        key=-251, addressType="generated",
        backing=vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(
            deviceName=network.name, network=network),
        connectable=vim.vm.device.VirtualDevice.ConnectInfo(
            startConnected=True, allowGuestControl=True, connected=True)))


def keys(machine, usage, **modifiers):
    spec = vim.UsbScanCodeSpec()
    event = vim.UsbScanCodeSpec.KeyEvent(usbHidCode=usage << 16 | 7)
    event.modifiers = vim.UsbScanCodeSpec.ModifierType(**modifiers)
    spec.keyEvents = [event]
    return machine.PutUsbScanCodes(spec)


def main(port, user, password):
    trust = ssl._create_unverified_context()
    service = SmartConnect(host="127.0.0.1", port=port, user=user, pwd=password, sslContext=trust)
    content = service.RetrieveContent()
    service.CurrentTime()
    center = content.searchIndex.FindByInventoryPath("DC0")
    host = only(content, vim.HostSystem, "DC0_H0")
    store = only(content, vim.Datastore, "LocalDS_0")
    pool = host.parent.resourcePool

    # Files of a datastore.
    content.fileManager.MakeDirectory("[LocalDS_0] cache", center, True)
    request = urllib.request.Request(
        "https://127.0.0.1:%d/folder/cache/a.iso.part?dcPath=%%2FDC0&dsName=LocalDS_0" % port,
        data=b"image", method="PUT", headers={
            "Cookie": service._stub.cookie, "Content-Type": "application/octet-stream"})
    with urllib.request.urlopen(request, context=trust) as answer:
        assert answer.status in (200, 201)
    finish(content, content.fileManager.MoveDatastoreFile_Task(
        "[LocalDS_0] cache/a.iso.part", center, "[LocalDS_0] cache/a.iso", center, True))
    search = store.browser.SearchDatastore_Task("[LocalDS_0] cache", vim.host.DatastoreBrowser.SearchSpec(
        matchPattern=["a.iso"], details=vim.host.DatastoreBrowser.FileInfo.Details(
            fileType=False, fileSize=True, modification=False, fileOwner=False)))
    assert [file.path for file in finish(content, search).file] == ["a.iso"]
    finish(content, content.fileManager.DeleteDatastoreFile_Task("[LocalDS_0] cache/a.iso", center))

    # Storage DRS.
    pod = only(content, vim.StoragePod, "DC0_POD0")
    advice = content.storageResourceManager.RecommendDatastores(vim.storageDrs.StoragePlacementSpec(
        type="create", resourcePool=pool, podSelectionSpec=vim.storageDrs.PodSelectionSpec(
            storagePod=pod, initialVmConfig=[vim.storageDrs.PodSelectionSpec.VmPodConfig(
                storagePod=pod, disk=[vim.storageDrs.PodSelectionSpec.DiskLocator(diskId=-201)])]),
        configSpec=vim.vm.ConfigSpec(name="x", deviceChange=disk(store))))
    assert advice.recommendations[0].action[0].destination.name == "LocalDS_1"

    # A machine from nothing to template.
    folder = center.vmFolder.CreateFolder("py")
    config = vim.vm.ConfigSpec(
        name="pymade", guestId="otherGuest64", files=vim.vm.FileInfo(vmPathName="[LocalDS_0]"),
        numCPUs=1, memoryMB=128,
        deviceChange=disk(store) + [card(only(content, vim.Network, "VM Network"))],
        extraConfig=[vim.option.OptionValue(key="farm.build", value="py")])
    task = folder.CreateVM_Task(config, pool, host)
    machine = finish(content, task)
    finish(content, machine.ReconfigVM_Task(vim.vm.ConfigSpec(
        numCPUs=2, bootOptions=vim.vm.BootOptions(bootOrder=[vim.vm.BootOptions.BootableCdromDevice()]))))
    finish(content, machine.PowerOnVM_Task())
    assert keys(machine, 0x04, leftShift=True) == 1
    for _ in range(100):
        if machine.guest.net and machine.guest.net[0].ipAddress:
            break
        time.sleep(0.05)
    assert machine.guest.net[0].ipAddress[-1] == "127.0.0.1"
    machine.ShutdownGuest()
    assert machine.runtime.powerState == "poweredOff"
    finish(content, machine.CreateSnapshot_Task("one", "", False, False))
    lease = machine.ExportVm()
    for _ in range(100):
        if lease.state == "ready":
            break
        time.sleep(0.05)
    sizes = []
    for device in lease.info.deviceUrl:
        with urllib.request.urlopen(device.url.replace("*", "127.0.0.1:%d" % port), context=trust) as file:
            sizes.append(len(file.read()))
    lease.HttpNfcLeaseProgress(100)
    described = content.ovfManager.CreateDescriptor(machine, vim.OvfManager.CreateDescriptorParams(
        name="pymade", ovfFiles=[vim.OvfManager.OvfFile(
            deviceId=lease.info.deviceUrl[0].key, path="disk.vmdk", size=sizes[0])]))
    assert "disk.vmdk" in described.ovfDescriptor
    lease.HttpNfcLeaseComplete()

    # Clones.
    task = machine.CloneVM_Task(folder, "pycopy", vim.vm.CloneSpec(
        location=vim.vm.RelocateSpec(pool=pool, datastore=store), powerOn=False, template=False,
        config=vim.vm.ConfigSpec(annotation="copy")))
    copy = finish(content, task)
    finish(content, copy.CustomizeVM_Task(vim.vm.customization.Specification(
        options=vim.vm.customization.LinuxOptions(),
        identity=vim.vm.customization.LinuxPrep(
            hostName=vim.vm.customization.FixedName(name="copy"), domain="example.org"),
        globalIPSettings=vim.vm.customization.GlobalIPSettings(),
        nicSettingMap=[vim.vm.customization.AdapterMapping(
            adapter=vim.vm.customization.IPSettings(ip=vim.vm.customization.DhcpIpGenerator()))])))
    copy.MarkAsTemplate()
    copy.MarkAsVirtualMachine(pool, host)
    path = copy.config.files.vmPathName
    copy.UnregisterVM()
    task = folder.RegisterVM_Task(path, "registered", True, None, host)
    registered = finish(content, task)
    for one in (machine, registered):
        if one.config.template:
            one.MarkAsVirtualMachine(pool, host)
        finish(content, one.Destroy_Task())
    Disconnect(service)
    print("done")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
