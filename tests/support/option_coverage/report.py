"""Option coverage: for each component, how many options of its table a test gave a value that the
component then read, and by which test. Reads what recorder.cc wrote.

  report.py TABLES RECORDS COMPONENTS [--report FILE]

COMPONENTS lists, one a line, the components whose every option is exercised: the program fails when
one of them is not. Words after the name are further folders that read its options (a family that
shares one folder). "builder-NAME?" names folders without claiming completeness."""

import argparse
import glob
import json
import os
import sys

KINDS = {"builder": "platforms", "provisioner": "provisioners", "post-processor": "post_processors",
         "data-source": "data_sources"}
# Read by the core, not by the component.
CORE = {"post-processor": {"keep_input_artifact"}}
# Sets of options that several components share are read here, too.
SHARED = ("builders/steps/", "builders/communicators/", "builders/core/")


def load(tables):
    components, sets = {}, {}
    for path in sorted(glob.glob(os.path.join(tables, "*.json"))):
        name = os.path.basename(path)[:-len(".json")]
        if name == "index":
            continue
        with open(path) as file:
            document = json.load(file)
        if name.startswith("_shared-"):
            sets[name[len("_shared-"):]] = document
        else:
            components[name] = document
    return components, sets


def paths(options, prefix=""):
    for option in options:
        yield prefix + option["name"]
        yield from paths(option.get("options", []), prefix + option["name"] + ".")


def shared_paths(document, sets):
    for name in document.get("includes", []):
        if name != "packer-core":
            yield from paths(sets[name]["options"])
            yield from shared_paths(sets[name], sets)


def read_records(folder):
    """(source file from builders/ on, option) -> tests"""
    records = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.tsv"))):
        with open(path) as file:
            for line in file:
                source, option, test = line.rstrip("\n").split("\t")
                # Compilers give the path as the build system did: from builders/ on it is ours.
                at = source.rfind("/builders/") + 1
                records.setdefault((source[at:], option), set()).add(test)
    return records


def read_claims(path):
    claims = {}
    with open(path) as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                claims[words[0].rstrip("?")] = (not words[0].endswith("?"), words[1:])
    return claims


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables")
    parser.add_argument("records")
    parser.add_argument("components")
    parser.add_argument("--report", help="file that gets every option with its tests")
    words = parser.parse_args()
    components, sets = load(words.tables)
    records = read_records(words.records)
    claims = read_claims(words.components)
    if not records:
        print("no records: run the unit tests of builders/ first")
        return 77
    failed, details = False, []
    for name, document in components.items():
        kind, type_name = document["kind"], document["component"]
        claimed, folders = claims.pop(name, (False, []))
        own = ["builders/%s/%s/" % (KINDS[kind], type_name.replace("-", "_"))]
        own += [folder.rstrip("/") + "/" for folder in folders]

        def tests_of(option, places):
            found = set()
            for (source, read), tests in records.items():
                # A folder, or one file of a folder that several components share.
                if read == option and any(source.startswith(p) or source == p[:-1] for p in places):
                    found |= tests
            return found

        table = {option: tests_of(option, own) for option in paths(document["options"])
                 if option not in CORE.get(kind, ())}
        for option in shared_paths(document, sets):
            if option not in table:
                table[option] = tests_of(option, own + list(SHARED))
        exercised = [option for option in table if table[option]]
        if not claimed and not any(tests_of(option, own) for option in table):
            continue  # not written yet
        missing = [option for option in table if not table[option]]
        print("%s: %d of %d%s" % (name, len(exercised), len(table),
                                  "" if not missing else ", without: " + " ".join(missing)))
        failed = failed or (claimed and bool(missing))
        for option, tests in sorted(table.items()):
            details.append("%s\t%s\t%s" % (name, option, " ".join(sorted(tests)) or "-"))
    for name in claims:
        print("%s: %s names a component without a table" % (words.components, name))
        failed = True
    if words.report:
        with open(words.report, "w") as file:
            file.write("\n".join(details) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
