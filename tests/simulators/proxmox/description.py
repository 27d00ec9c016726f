"""Description: what the official description of the API allows. Finds the operation of a request and
checks its parameters and answers: names, types, enums, limits, formats, what is required."""

import json
import os
import re
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))

# Formats the description only names. Nested ones are property strings: key -> rule.
NAMED = {
    "pve-vmid": r"[1-9][0-9]{2,8}",
    "pve-node": r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?",
    "pve-storage-id": r"(?i)[a-z][a-z0-9_.-]*[a-z0-9]",
    "pve-configid": r"(?i)[a-z][a-z0-9_-]+",
    "pve-poolid": r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
    "pve-bridge-id": r"[-_.\w]+",
    "pve-volume-id": r"[A-Za-z][A-Za-z0-9_.-]*:.+",
    "pve-volume-id-or-qm-path": r"none|cdrom|/.+|[A-Za-z][A-Za-z0-9_.-]*:.+",
    "pve-volume-id-or-absolute-path": r"/.+|[A-Za-z][A-Za-z0-9_.-]*:.+",
    "dns-name": r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "mac-addr": r"(?i)[0-9a-f]{2}(:[0-9a-f]{2}){5}",
    "disk-size": r"\d+(\.\d+)?[KMGT]?",
    "pve-tag": r"(?i)[a-z0-9_][a-z0-9_.+-]*",
    "pve-vm-cpu-conf": r"(cputype=)?(custom-)?[A-Za-z0-9_.+-]+(,[a-z-]+=[^,]+)*",
    "pve-qm-boot": r"(legacy=)?[acdn]{1,4}|order=([a-z]+\d+)?(;[a-z]+\d+)*",
    "pve-qm-bootdisk": r"(ide|sata|scsi|virtio)\d+",
    "pve-storage-content": r"iso|vztmpl|images|rootdir|backup|snippets|import|none",
    "urlencoded": r"[-%A-Za-z0-9_.!~*'()]*",
    "pve-realm": r"[A-Za-z][A-Za-z0-9._-]+",
    "address": r"\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]+",
}
NESTED = {
    "pve-qm-hostpci": {
        "host": {"default_key": 1, "optional": 1, "type": "string",
                 "pattern": r"([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(\.[0-9a-fA-F])?"
                            r"(;.+)?"},
        "mapping": {"optional": 1, "type": "string", "format": "pve-configid"},
        "pcie": {"optional": 1, "type": "boolean"}, "rombar": {"optional": 1, "type": "boolean"},
        "x-vga": {"optional": 1, "type": "boolean"},
        "legacy-igd": {"optional": 1, "type": "boolean"},
        "mdev": {"optional": 1, "type": "string"}, "driver": {"optional": 1, "type": "string"},
        "romfile": {"optional": 1, "type": "string", "pattern": r"[^,;]+"},
        "vendor-id": {"optional": 1, "type": "string", "pattern": r"0x[0-9A-Fa-f]{4}"},
        "device-id": {"optional": 1, "type": "string", "pattern": r"0x[0-9A-Fa-f]{4}"},
        "sub-vendor-id": {"optional": 1, "type": "string", "pattern": r"0x[0-9A-Fa-f]{4}"},
        "sub-device-id": {"optional": 1, "type": "string", "pattern": r"0x[0-9A-Fa-f]{4}"}},
    "pve-qm-rng": {
        "source": {"default_key": 1, "type": "string",
                   "enum": ["/dev/urandom", "/dev/random", "/dev/hwrng"]},
        "max_bytes": {"optional": 1, "type": "integer"},
        "period": {"optional": 1, "type": "integer"}},
    "pve-qm-ipconfig": {
        "ip": {"optional": 1, "type": "string", "pattern": r"dhcp|\d+\.\d+\.\d+\.\d+/\d+"},
        "gw": {"optional": 1, "type": "string", "format": "address"},
        "ip6": {"optional": 1, "type": "string", "pattern": r"auto|dhcp|[0-9a-fA-F:]+/\d+"},
        "gw6": {"optional": 1, "type": "string", "format": "address"}},
}
SLOTS = {"ide": 4, "sata": 6, "scsi": 31, "virtio": 16, "net": 32, "serial": 4, "ipconfig": 32,
         "hostpci": 16, "unused": 256, "usb": 15, "numa": 8, "parallel": 3, "virtiofs": 10}


def python_pattern(text):
    """Perl's (?^:...) is a group with default flags."""
    return text.replace("(?^:", "(?:").replace("(?^i:", "(?i:")


def is_true(value):
    return str(value).lower() in ("1", "on", "yes", "true")


class Description:
    def __init__(self, version):
        with open(os.path.join(HERE, "pve-%s.json" % version)) as file:
            document = json.load(file)
        self.version = version
        self.base = document["basePath"]
        self.operations = []
        for operation in document["operations"]:
            properties = operation["parameters"].setdefault("properties", {})
            for name, rule in properties.items():
                if rule == "shared":
                    properties[name] = document["shared"][name]
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation["path"])
            # What these are may hold slashes.
            pattern = re.sub(r"\?P<(volume|upid)>\[\^/\]\+", r"?P<\1>.+", pattern)
            self.operations.append((re.compile(pattern), operation))

    def find(self, method, path):
        """(operation, path parameters), or None."""
        for pattern, operation in self.operations:
            if operation["method"] != method:
                continue
            found = pattern.fullmatch(path)
            if found:
                return operation, {name: urllib.parse.unquote(value)
                                   for name, value in found.groupdict().items()}
        return None

    def faults(self, operation, values):
        """name -> what is wrong with it."""
        properties = operation["parameters"]["properties"]
        found = {}
        for name, value in values.items():
            rule = self.rule_of(properties, name)
            if rule is None:
                found[name] = "property is not defined in schema and the schema does not allow " \
                              "additional properties"
                continue
            fault = self.value_fault(rule, value)
            if fault:
                found[name] = fault
            needed = rule.get("requires")
            if needed and needed not in values:
                found[needed] = "missing property - '%s' requires this property" % name
        for name, rule in properties.items():
            if not rule.get("optional") and "[n]" not in name and name not in values:
                found[name] = "property is missing and it is not optional"
        return found

    @staticmethod
    def rule_of(properties, name):
        if name in properties:
            return properties[name]
        family = re.fullmatch(r"([a-z]+)(\d+)", name)
        if not family or int(family[2]) >= SLOTS.get(family[1], 0):
            return None
        return properties.get(family[1] + "[n]")

    def value_fault(self, rule, value):
        kind = rule.get("type", "string")
        if kind == "integer" or kind == "number":
            number = r"[-+]?\d+" if kind == "integer" else r"[-+]?\d+(\.\d+)?"
            if not re.fullmatch(number, str(value)):
                return "type check ('%s') failed - got '%s'" % (kind, value)
            if "minimum" in rule and float(value) < float(rule["minimum"]):
                return "value must have a minimum value of %s" % rule["minimum"]
            if "maximum" in rule and float(value) > float(rule["maximum"]):
                return "value must have a maximum value of %s" % rule["maximum"]
            return None
        if kind == "boolean":
            if str(value).lower() not in ("0", "1", "on", "off", "yes", "no", "true", "false"):
                return "type check ('boolean') failed - got '%s'" % value
            return None
        if rule.get("enum") and value not in rule["enum"]:
            return "value '%s' does not have a value in the enumeration '%s'" % (
                value, ", ".join(rule["enum"]))
        if "maxLength" in rule and len(value) > rule["maxLength"]:
            return "value may only be %d characters long" % rule["maxLength"]
        if "pattern" in rule and not re.fullmatch(python_pattern(rule["pattern"]), value):
            return "value does not match the regex pattern"
        return self.format_fault(rule["format"], value) if "format" in rule else None

    def format_fault(self, name, value):
        if isinstance(name, dict):
            return self.property_fault(name, value)
        if name in NESTED:
            return self.property_fault(NESTED[name], value)
        if name.endswith("-list"):
            inner = name[:-5]
            for one in re.split(r"[,; \0]+", value):
                fault = self.format_fault(inner, one) if one else None
                if fault:
                    return fault
            return None
        pattern = NAMED.get(name)
        if pattern and not re.fullmatch(pattern, value):
            return "invalid format - value does not look like a valid %s" % name
        return None

    def property_fault(self, keys, text):
        """A property string, key=value,key=value; one key may go without its name."""
        seen = {}
        for part in text.split(","):
            name, separator, value = part.partition("=")
            if not separator:
                default = [key for key, rule in keys.items() if rule.get("default_key")]
                if not default:
                    return "invalid format - no default key for '%s'" % part
                name, value = default[0], part
            rule = keys.get(name)
            if rule is None:
                return "invalid format - format error: %s: property is not defined in schema" % name
            if "alias" in rule:
                if "keyAlias" in rule:
                    seen[rule["keyAlias"]] = name
                name, rule = rule["alias"], keys[rule["alias"]]
            if name in seen:
                return "invalid format - duplicate key in comma-separated list property: " + name
            seen[name] = value
            fault = self.value_fault(rule, value)
            if fault:
                return "invalid format - format error: %s: %s" % (name, fault)
        for name, rule in keys.items():
            if not rule.get("optional") and "alias" not in rule and "keyAlias" not in rule and \
                    name not in seen and name != "file":
                return "invalid format - format error: %s: property is missing" % name
        return None

    def answer_fault(self, operation, data):
        """What is wrong with the shape of an answer of ours."""
        return shape_fault(operation.get("returns", {}), data, "data")


def shape_fault(rule, data, where):
    kind = rule.get("type")
    if data is None:
        return None if kind in ("null", None) or rule.get("optional") else where + " is null"
    if kind == "null":
        return where + " must be null"
    types = {"string": str, "integer": (int, str), "number": (int, float, str),
             "boolean": (int, bool), "array": list, "object": dict}
    if kind in types and not isinstance(data, types[kind]):
        return "%s is %s, not %s" % (where, type(data).__name__, kind)
    if kind == "array" and "items" in rule:
        for index, item in enumerate(data):
            fault = shape_fault(rule["items"], item, "%s[%d]" % (where, index))
            if fault:
                return fault
    if kind == "object":
        for name, inner in rule.get("properties", {}).items():
            if name in data:
                fault = shape_fault(inner, data[name], where + "." + name)
                if fault:
                    return fault
            elif not inner.get("optional"):
                return "%s.%s is missing" % (where, name)
        return None
    if rule.get("enum") and data not in rule["enum"]:
        return "%s '%s' is not in its enumeration" % (where, data)
    return None
