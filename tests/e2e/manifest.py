"""Reading packer-manifest.json: what must be equal between two runs, and between two programs."""

import json

BUILD_KEYS = ["name", "builder_type", "build_time", "files", "artifact_id", "packer_run_uuid",
              "custom_data"]


def load(path):
    with open(path) as file:
        return json.load(file)


def stable(document):
    """The builds without what differs by nature (time, run uuid), in an order of their own."""
    builds = []
    for build in document["builds"]:
        kept = {key: value for key, value in build.items()
                if key not in ("build_time", "packer_run_uuid")}
        builds.append(kept)
    return sorted(builds, key=lambda build: json.dumps(build, sort_keys=True))


def artifacts(machine_output):
    """Lines of -machine-readable: target -> {index: {"builder-id", "id", "string", "files"}}."""
    found = {}
    for line in machine_output.splitlines():
        fields = line.split(",")
        if len(fields) < 5 or fields[2] != "artifact":
            continue
        entry = found.setdefault(fields[1], {}).setdefault(int(fields[3]), {"files": []})
        if fields[4] == "file":
            entry["files"].append(fields[6])
        elif fields[4] in ("builder-id", "id", "string", "files-count"):
            entry[fields[4]] = ",".join(fields[5:])
    return found
