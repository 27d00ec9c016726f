"""What the stand-ins of the VMware programs share: strict argument checks, a journal, and machines with
states. A machine is its VMX file; its state is a file beside it in $VMWARE_STANDIN/machines.

The facts (subcommands, flags, states, messages) are those of the project's reference; whatever is not
written there is refused, so that a builder cannot lean on what nobody checked."""

import hashlib
import json
import os
import re
import sys

ROOT = os.environ["VMWARE_STANDIN"]

# Keys a VMX may have; "*" stands for a number.
KEYS = re.compile("|".join((
    r"\.encoding", r"config\.version", r"virtualhw\.version", r"displayname", r"guestos", r"memsize",
    r"numvcpus", r"cpuid\.corespersocket", r"vhv\.enable", r"firmware", r"uefi\.secureboot\.enabled",
    r"vmci0\.present", r"hpet0\.present", r"pcibridge[0-7]\.(present|virtualdev|functions)", r"nvram",
    r"extendedconfigfile", r"(scsi|sata|nvme)[0-3]\.(present|virtualdev)",
    r"(scsi|sata|nvme|ide)[0-3]:[0-9]+\.(present|filename|devicetype|startconnected|clientdevice)",
    r"ethernet[0-9]\.(present|startconnected|connectiontype|addresstype|address|virtualdev|vnet"
    r"|networkname|generatedaddress|generatedaddressoffset)",
    r"sound\.(present|virtualdev|filename|autodetect)", r"usb\.present", r"ehci\.present",
    r"usb_xhci\.(present|version)", r"serial0\.(present|startconnected|yieldonmsrread|filetype|filename"
    r"|autodetect|pipe\.endpoint|trynorxloss)",
    r"parallel0\.(present|startconnected|bidirectional|filetype|filename|autodetect)",
    r"floppy0\.(present|filetype|filename|startconnected)", r"tools\.synctime", r"tools\.upgrade\.policy",
    r"powertype\.(poweroff|poweron|reset|suspend)", r"replay\.supported", r"msg\.autoanswer",
    r"uuid\.action", r"remotedisplay\.vnc\.(enabled|port|ip|password)", r"annotation",
)) + r"$")


def refuse(text):
    journal({"refused": text})
    print("Error: " + text)
    sys.exit(255)


def journal(entry):
    with open(os.path.join(ROOT, "journal"), "a") as file:
        file.write(json.dumps({"program": os.path.basename(sys.argv[0]), "arguments": sys.argv[1:],
                               **entry}) + "\n")


def read_vmx(path):
    """key in lower case -> value; refuses what VMware would not read."""
    if not path.endswith(".vmx") or not os.path.isfile(path):
        refuse("Cannot open VM: %s, The virtual machine cannot be found" % path)
    values = {}
    with open(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = re.fullmatch(r'([.A-Za-z0-9_:]+) = "([^"]*)"\n?', line)
            if not match:
                refuse("%s:%d: not key = \"value\": %s" % (path, number, line.strip()))
            key = match.group(1).lower()
            if key in values:
                refuse("%s:%d: %s is given twice" % (path, number, key))
            if not KEYS.fullmatch(key):
                refuse("%s:%d: unknown key %s" % (path, number, key))
            values[key] = match.group(2)
    for key in ("config.version", "virtualhw.version", "displayname", "guestos", "memsize"):
        if key not in values:
            refuse("%s lacks %s" % (path, key))
    return values


def write_vmx(path, values):
    with open(path, "w") as file:
        for key, value in values.items():
            file.write('%s = "%s"\n' % (key, value))


def state_file(vmx):
    os.makedirs(os.path.join(ROOT, "machines"), exist_ok=True)
    return os.path.join(ROOT, "machines", hashlib.sha1(vmx.encode()).hexdigest())


def state(vmx):
    try:
        with open(state_file(vmx)) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"vmx": vmx, "power": "off", "snapshots": []}


def store(vmx, value):
    with open(state_file(vmx), "w") as file:
        json.dump(value, file)


def disks_of(vmx, values):
    folder = os.path.dirname(vmx)
    return [os.path.join(folder, values[key]) for key in values
            if key.endswith(".filename") and values[key].endswith(".vmdk")]
