"""Cluster: what the API is about, as state with legal transitions: nodes, storages with their
volumes, machines, tasks that take time and hold locks."""

import copy
import hashlib
import json
import os
import random
import re
import time
import uuid

from description import is_true

TASK_SECONDS = 0.05
GIB = 1 << 30
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
DISK = re.compile(r"(ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0")
CLOUD_INIT = re.compile(r"(ide|sata|scsi)\d+")
# QKeyCode of qemu's interface, which sendkey takes.
KEYS = set("""shift shift_r alt alt_r ctrl ctrl_r menu esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace
tab q w e r t y u i o p bracket_left bracket_right ret a s d f g h j k l semicolon apostrophe
grave_accent backslash z x c v b n m comma dot slash asterisk spc caps_lock f1 f2 f3 f4 f5 f6 f7 f8
f9 f10 f11 f12 num_lock scroll_lock kp_divide kp_multiply kp_subtract kp_add kp_enter kp_decimal
sysrq kp_0 kp_1 kp_2 kp_3 kp_4 kp_5 kp_6 kp_7 kp_8 kp_9 less print home pgup pgdn end left up down
right insert delete stop again props undo front copy open paste find cut lf help meta_l meta_r
compose pause""".split())


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, reason, errors=None):
        super().__init__(reason)
        self.status, self.reason, self.errors = status, reason, errors


def size_in_bytes(text):
    number, unit = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text).groups()
    return int(float(number) * UNITS[unit])


def size_text(size):
    for unit in "TGMK":
        if size % UNITS[unit] == 0 and size >= UNITS[unit]:
            return "%d%s" % (size // UNITS[unit], unit)
    return str(size)


def storage_of(text):
    """Of a drive: POOL:..., wherever among the properties the volume is."""
    return re.search(r"(?:^|,|file=)([A-Za-z][\w.-]*):", text)[1]


class Task:
    def __init__(self, node, kind, ident, user, seconds, done, aborted=None):
        self.node, self.kind, self.id, self.user = node, kind, str(ident), user
        self.started = time.time()
        self.ends = self.started + seconds
        self.done, self.aborted = done, aborted
        self.pid, self.pstart = random.randrange(1000, 1 << 22), random.randrange(1 << 31)
        self.log = []
        self.exit = None
        self.upid = "UPID:%s:%08X:%08X:%08X:%s:%s:%s:" % (
            node, self.pid, self.pstart, int(self.started), kind, self.id, user)

    def entry(self):
        entry = {"upid": self.upid, "node": self.node, "type": self.kind, "id": self.id,
                 "user": self.user, "pid": self.pid, "pstart": self.pstart,
                 "starttime": int(self.started)}
        if self.exit is not None:
            entry["status"], entry["endtime"] = self.exit, int(self.ends)
        return entry


class Machine:
    def __init__(self, node, vmid, config):
        self.node, self.id, self.config = node, vmid, config
        self.running = False
        self.managed = False  # by high availability
        self.pool = None
        self.started = 0
        self.keys = []
        self.guest = None

    @property
    def is_template(self):
        return is_true(self.config.get("template", 0))

    def digest(self):
        text = json.dumps(self.config, sort_keys=True)
        return hashlib.sha1(text.encode()).hexdigest()


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.nodes = {"pve": {"maxmem": 64 * GIB, "mem": 16 * GIB, "online": True}}
        self.storages = {
            "local": {"content": {"iso", "vztmpl", "backup", "import"}, "type": "dir",
                      "nodes": None},
            "local-lvm": {"content": {"images", "rootdir"}, "type": "lvmthin", "nodes": None}}
        self.bridges = {"vmbr0"}
        self.volumes = {}  # volid -> {"size", "vmid", "node", "path"}
        self.machines = {}
        self.tasks = {}
        # Faults: task type -> text it ends with; "hang": it never ends.
        self.task_faults = {}
        self.task_seconds = TASK_SECONDS
        self.obeys_shutdown = True
        # Makes what is behind a machine that was started; gets (cluster, machine).
        self.make_guest = None

    # Tasks

    def start_task(self, node, kind, ident, user, done, aborted=None, lines=()):
        fault = self.task_faults.get(kind)
        seconds = self.task_seconds
        if fault == "hang":
            seconds = 1e9
        elif fault:
            text = fault

            def done():
                if aborted:
                    aborted()
                raise Refused(500, text)
        task = Task(node, kind, ident, user, seconds, done, aborted)
        task.log = list(lines)
        self.tasks[task.upid] = task
        return task.upid

    def advance(self):
        """Ends the tasks whose time has come, in the order of their ends."""
        now = time.time()
        due = [task for task in self.tasks.values() if task.exit is None and task.ends <= now]
        for task in sorted(due, key=lambda one: one.ends):
            try:
                task.done()
                task.exit = "OK"
                task.log.append("TASK OK")
            except Refused as refused:
                task.exit = refused.reason
                task.log.append("TASK ERROR: " + refused.reason)

    def task(self, node, upid):
        task = self.tasks.get(upid)
        if task is None or task.node != node:
            raise Refused(500, "unable to parse worker upid" if not upid.startswith("UPID:")
                          else "no such task")
        return task

    def abort(self, node, upid):
        task = self.task(node, upid)
        if task.exit is None:
            task.exit, task.ends = "unexpected status", time.time()
            task.log.append("TASK ERROR: received interrupt")
            if task.aborted:
                task.aborted()

    # Machines

    def machine(self, node, vmid):
        machine = self.machines.get(int(vmid))
        if machine is None or machine.node != node:
            raise Refused(500, "Configuration file 'nodes/%s/qemu-server/%s.conf' does not exist"
                          % (node, vmid))
        return machine

    @staticmethod
    def check_lock(machine):
        if "lock" in machine.config:
            raise Refused(500, "VM is locked (%s)" % machine.config["lock"])

    def storage(self, node, name, content=None):
        storage = self.storages.get(name)
        if storage is None:
            raise Refused(500, "storage '%s' does not exist" % name)
        if storage["nodes"] is not None and node not in storage["nodes"]:
            raise Refused(500, "storage '%s' is not available on node '%s'" % (name, node))
        if content and content not in storage["content"]:
            raise Refused(500, "storage '%s' does not support content-type '%s'" % (name, content))
        return storage

    def next_id(self):
        vmid = 100
        while vmid in self.machines:
            vmid += 1
        return vmid

    def new_disk(self, machine, node, key, text):
        """"POOL:SIZE,..." becomes a volume; the text as the configuration shows it."""
        first, _, rest = text.partition(",")
        first = first[5:] if first.startswith("file=") else first
        storage, _, size = first.partition(":")
        if first in ("none", "cdrom") or "media=cdrom" in text and size != "cloudinit":
            if ":iso/" in first and first not in self.volumes:
                self.storage(node, storage, "iso")
                raise Refused(500, "volume '%s' does not exist" % first)
            return text
        if size == "cloudinit":
            if not CLOUD_INIT.fullmatch(key):
                raise Refused(500, "cloud-init drives go to ide, sata or scsi")
            self.storage(node, storage, "images")
            volume = "%s:vm-%d-cloudinit" % (storage, machine.id)
            if volume in self.volumes:
                raise Refused(500, "cloud-init drive already exists")
            self.volumes[volume] = {"size": 4 << 20, "vmid": machine.id, "node": node}
            return volume + ",media=cdrom" + ("," + rest if rest else "")
        if not re.fullmatch(r"\d+(\.\d+)?", size):
            named = re.search(r"(?:^|,)file=([^,]+)", text)
            volume = named[1] if named else first
            if volume not in self.volumes:
                raise Refused(500, "no such volume '%s'" % volume)
            options = [part for part in text.split(",") if part != volume and
                       not part.startswith(("file=", "format=", "size=", "media=disk"))]
            return ",".join([volume] + options + [
                "size=" + size_text(self.volumes[volume]["size"])])
        self.storage(node, storage, "images")
        number = 0
        while "%s:vm-%d-disk-%d" % (storage, machine.id, number) in self.volumes:
            number += 1
        volume = "%s:vm-%d-disk-%d" % (storage, machine.id, number)
        volume_size = max(int(float(size) * GIB), 4 << 20)
        if key in ("efidisk0", "tpmstate0"):
            volume_size = 4 << 20
        self.volumes[volume] = {"size": volume_size, "vmid": machine.id, "node": node}
        options = [part for part in rest.split(",")
                   if part and not part.startswith(("format=", "size="))]
        return ",".join([volume] + options + ["size=" + size_text(volume_size)])

    def create(self, node, user, values):
        vmid = int(values.pop("vmid"))
        pool = values.pop("pool", None)
        start = is_true(values.pop("start", 0))
        if vmid in self.machines:
            raise Refused(500, "unable to create VM %d: VM %d already exists on node '%s'" % (
                vmid, vmid, self.machines[vmid].node))
        for key, value in values.items():
            if DISK.fullmatch(key) and not value.startswith("none") and ":" in value:
                self.storage(node, storage_of(value), "iso" if ":iso/" in value else "images")
        machine = Machine(node, vmid, {"lock": "create"})
        machine.pool = pool
        self.machines[vmid] = machine

        def done():
            config = {key: value for key, value in values.items() if not DISK.fullmatch(key)}
            try:
                for key in sorted(key for key in values if DISK.fullmatch(key)):
                    config[key] = self.new_disk(machine, node, key, values[key])
            except Refused:
                gone()
                raise
            config.setdefault("smbios1", "uuid=%s" % uuid.uuid4())
            config.setdefault("vmgenid", str(uuid.uuid4()))
            config.setdefault("meta", "creation-qemu=9.2.0,ctime=%d" % time.time())
            disks = sorted(key for key in config if DISK.fullmatch(key)
                           and "media=cdrom" not in config[key] and not key.startswith(
                               ("efi", "tpm")))
            config.setdefault("boot", "order=" + ";".join(disks))
            machine.config = config
            if start:
                self.start(node, vmid, user)

        def gone():
            self.erase(machine)

        return self.start_task(node, "qmcreate", vmid, user, done, gone)

    def clone(self, node, vmid, user, values):
        source = self.machine(node, vmid)
        self.check_lock(source)
        newid = int(values["newid"])
        target = values.get("target", node)
        full = is_true(values["full"]) if "full" in values else not source.is_template
        if newid in self.machines:
            raise Refused(500, "unable to create VM %d: config file already exists" % newid)
        if not full and not source.is_template:
            raise Refused(500, "Linked clone feature is not supported for drives of VM %s" % vmid)
        if target not in self.nodes:
            raise Refused(500, "no such cluster node '%s'" % target)
        machine = Machine(target, newid, {"lock": "clone"})
        machine.pool = values.get("pool")
        self.machines[newid] = machine

        def done():
            config = copy.deepcopy(source.config)
            for key in ("template", "description", "tags", "lock"):
                config.pop(key, None)
            for key in sorted(config):
                if DISK.fullmatch(key) and "media=cdrom" not in config[key]:
                    config[key] = self.copy_disk(machine, config[key])
                elif re.fullmatch(r"net\d+", key):
                    model, rest = config[key].split(",")[0].split("=")[0], config[key].split(",")[1:]
                    mac = "BC:24:11:%02X:%02X:%02X" % tuple(random.randrange(256)
                                                            for _ in range(3))
                    config[key] = ",".join(["%s=%s" % (model, mac)] + rest)
            config["name"] = values.get("name", "Copy-of-VM-%s" % source.config.get("name"))
            config["smbios1"], config["vmgenid"] = "uuid=%s" % uuid.uuid4(), str(uuid.uuid4())
            if "description" in values:
                config["description"] = values["description"]
            machine.config = config

        return self.start_task(node, "qmclone", vmid, user, done, lambda: self.erase(machine),
                               ["create full clone of drive" if full else "create linked clone"])

    def copy_disk(self, machine, text):
        volume, _, rest = text.partition(",")
        storage = volume.split(":")[0]
        number = 0
        while "%s:vm-%d-disk-%d" % (storage, machine.id, number) in self.volumes:
            number += 1
        new = "%s:vm-%d-disk-%d" % (storage, machine.id, number)
        self.volumes[new] = dict(self.volumes[volume], vmid=machine.id, node=machine.node)
        return ",".join([new, rest]) if rest else new

    def erase(self, machine):
        for volume in [name for name, entry in self.volumes.items()
                       if entry["vmid"] == machine.id]:
            del self.volumes[volume]
        if self.machines.get(machine.id) is machine:
            del self.machines[machine.id]

    def destroy(self, node, vmid, user, values):
        machine = self.machine(node, vmid)
        if not is_true(values.get("skiplock", 0)):
            self.check_lock(machine)
        if machine.running:
            raise Refused(500, "VM %s is running - destroy failed" % vmid)
        if machine.managed and not is_true(values.get("purge", 0)):
            raise Refused(500, "unable to remove VM %s - used in HA resources and purge parameter "
                               "not set." % vmid)
        if is_true(machine.config.get("protection", 0)):
            raise Refused(500, "can't remove VM %s - protection mode enabled" % vmid)
        children = [other.id for other in self.machines.values() if other is not machine and any(
            "base-%s-" % vmid in str(value) for value in other.config.values())]
        if children:
            raise Refused(500, "base volume is still in use by linked clones")
        machine.config["lock"] = "destroyed"
        return self.start_task(node, "qmdestroy", vmid, user, lambda: self.erase(machine))

    def configure(self, node, vmid, user, values, in_task):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        digest = values.pop("digest", None)
        if digest and digest != machine.digest():
            raise Refused(500, "detected modified configuration - file changed by other user? Try "
                               "again.")
        deleted = [name for name in re.split(r"[,; ]+", values.pop("delete", "")) if name]
        for flag in ("force", "skiplock", "background_delay", "revert"):
            values.pop(flag, None)
        for name in deleted:
            if name in values:
                raise Refused(400, "Parameter verification failed.",
                              {name: "unable to set and delete at the same time"})
        for key, value in values.items():
            if DISK.fullmatch(key) and ":" in value:
                self.storage(node, storage_of(value), "iso" if ":iso/" in value else "images")

        def change():
            for name in deleted:
                self.unset(machine, name)
            for key, value in values.items():
                if DISK.fullmatch(key):
                    value = self.new_disk(machine, node, key, value)
                    self.detach(machine, key, value)
                machine.config[key] = value
        if not in_task:
            change()
            return None
        return self.start_task(node, "qmconfig", vmid, user, change)

    def detach(self, machine, key, by=None):
        old = machine.config.pop(key, None)
        if old is None or "media=cdrom" in old or old.startswith("none"):
            volume = (old or "").split(",")[0]
            if "cloudinit" in volume:
                self.volumes.pop(volume, None)
            return
        volume = old.split(",")[0]
        if by is not None and by.split(",")[0] == volume:
            return
        number = 0
        while "unused%d" % number in machine.config:
            number += 1
        machine.config["unused%d" % number] = volume

    def unset(self, machine, name):
        if name.startswith("unused"):
            volume = machine.config.pop(name, None)
            self.volumes.pop(volume, None)
        elif DISK.fullmatch(name):
            self.detach(machine, name)
        else:
            machine.config.pop(name, None)

    def resize(self, node, vmid, user, values):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        text = machine.config.get(values["disk"])
        if text is None or "media=cdrom" in text:
            raise Refused(500, "disk '%s' does not exist" % values["disk"])
        volume = text.split(",")[0]
        size = values["size"]
        old = self.volumes[volume]["size"]
        new = old + size_in_bytes(size[1:]) if size.startswith("+") else size_in_bytes(size)
        if new < old:
            raise Refused(500, "shrinking disks is not supported")

        def done():
            self.volumes[volume]["size"] = new
            machine.config[values["disk"]] = re.sub(
                r"size=[^,]+", "size=" + size_text(new), machine.config[values["disk"]])
        return self.start_task(node, "resize", vmid, user, done)

    # Power

    def start(self, node, vmid, user):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        if machine.is_template:
            raise Refused(500, "you can't start a vm if it's a template")

        def done():
            if machine.running:
                raise Refused(500, "VM %s already running" % vmid)
            for key, value in machine.config.items():
                bridge = re.search(r"bridge=([^,]+)", value) if key.startswith("net") else None
                if bridge and bridge[1] not in self.bridges:
                    raise Refused(500, "bridge '%s' does not exist" % bridge[1])
            machine.running = True
            machine.started = time.time()
            if self.make_guest:
                machine.guest = self.make_guest(self, machine)
        return self.start_task(node, "qmstart", vmid, user, done)

    def stop(self, node, vmid, user):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        if not machine.running:
            raise Refused(500, "VM %s not running" % vmid)
        return self.start_task(node, "qmstop", vmid, user, lambda: self.switch_off(machine))

    def shutdown(self, node, vmid, user):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        if not machine.running:
            raise Refused(500, "VM %s not running" % vmid)

        def done():
            if not self.obeys_shutdown:
                raise Refused(500, "VM quit/powerdown failed - got timeout")
            if machine.guest:
                machine.guest.power_down()
            self.switch_off(machine)
        return self.start_task(node, "qmshutdown", vmid, user, done)

    @staticmethod
    def switch_off(machine):
        machine.running = False
        if machine.guest:
            machine.guest.stop()
            machine.guest = None

    def make_template(self, node, vmid, user):
        machine = self.machine(node, vmid)
        self.check_lock(machine)
        if machine.is_template:
            raise Refused(500, "you can't convert a template to a template")
        if machine.running:
            raise Refused(500, "you can't convert a VM to template if VM is running")

        def done():
            machine.config["template"] = "1"
            for key in list(machine.config):
                value = machine.config[key]
                if DISK.fullmatch(key) and "media=cdrom" not in value and ":vm-" in value:
                    volume, _, rest = value.partition(",")
                    base = volume.replace(":vm-", ":base-", 1)
                    self.volumes[base] = self.volumes.pop(volume)
                    machine.config[key] = ",".join([base, rest]) if rest else base
        return self.start_task(node, "qmtemplate", vmid, user, done)

    def send_key(self, node, vmid, chord):
        machine = self.machine(node, vmid)
        if not machine.running:
            raise Refused(500, "VM %s not running" % vmid)
        unknown = [key for key in chord.split("-") if key not in KEYS]
        if unknown:
            raise Refused(500, "unknown key: '%s'" % unknown[0])
        machine.keys.append(chord)
        if machine.guest:
            machine.guest.key(chord)

    def interfaces(self, node, vmid):
        machine = self.machine(node, vmid)
        if not machine.running:
            raise Refused(500, "VM %s is not running" % vmid)
        if not is_true(machine.config.get("agent", "0").split(",")[0].replace("enabled=", "")):
            raise Refused(500, "No QEMU guest agent configured")
        found = machine.guest.interfaces() if machine.guest else None
        if found is None:
            raise Refused(500, "QEMU guest agent is not running")
        return {"result": found}

    # Storage

    def iso_volumes(self):
        return sorted(name for name in self.volumes if ":iso/" in name)

    def keep_iso(self, node, storage, name, path):
        volume = "%s:iso/%s" % (storage, name)
        self.volumes[volume] = {"size": os.path.getsize(path), "vmid": None, "node": node,
                                "path": path}
        return volume

    def content(self, node, storage, wanted):
        self.storage(node, storage)
        entries = []
        for name, volume in sorted(self.volumes.items()):
            kind = "iso" if ":iso/" in name else "images"
            if not name.startswith(storage + ":") or (wanted and kind != wanted):
                continue
            entry = {"volid": name, "size": volume["size"], "content": kind,
                     "format": "iso" if kind == "iso" else "raw"}
            if volume["vmid"]:
                entry["vmid"] = volume["vmid"]
            entries.append(entry)
        return entries

    def allocate(self, node, storage, values):
        """A volume before its machine, as older clients make them."""
        self.storage(node, storage, "images")
        volume = "%s:%s" % (storage, values["filename"])
        if volume in self.volumes:
            raise Refused(500, "volume '%s' already exists" % volume)
        size = values["size"]
        self.volumes[volume] = {"vmid": int(values["vmid"]), "node": node, "size":
                                int(size) << 10 if size.isdigit() else size_in_bytes(size)}
        return volume

    def delete_volume(self, node, storage, volume, user):
        self.storage(node, storage)
        volume = volume if ":" in volume else "%s:%s" % (storage, volume)
        if volume not in self.volumes:
            raise Refused(500, "volume '%s' does not exist" % volume)
        return self.start_task(node, "imgdel", volume.replace(":", "@"), user,
                               lambda: self.volumes.pop(volume, None))

    def end(self):
        for machine in self.machines.values():
            self.switch_off(machine)
