"""What the stand-ins share: they refuse as the real programs do, and write down what they were handed."""
import json
import os
import re
import sys


def refuse(text):
    sys.stderr.write("%s: %s\n" % (os.path.basename(sys.argv[0]), text))
    sys.exit(1)


def record(**more):
    folder = os.environ["FARM_RECORD"]
    entry = dict({"program": os.path.basename(sys.argv[0]), "arguments": sys.argv[1:]}, **more)
    number = len(os.listdir(folder))
    with open(os.path.join(folder, "%03d.json" % number), "w") as file:
        json.dump(entry, file)


def files(folder):
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, errors="replace") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        refuse(str(error))


def parse_json(text, what):
    try:
        return json.loads(text)
    except ValueError as error:
        refuse("%s is no JSON: %s" % (what, error))


def chef_options(words, extra=()):
    """The files of -c and -j; both programs take their options in any order."""
    found = {}
    while words:
        word = words.pop(0)
        if word in ("--no-color",) + tuple(extra):
            continue
        if word not in ("-c", "-j") or not words:
            refuse("invalid option: %s" % word)
        found[word] = words.pop(0)
    if set(found) != {"-c", "-j"}:
        refuse("it needs a configuration and attributes")
    return found["-c"], found["-j"]


def chef_node(path):
    """The attributes of a node; its run list is checked as far as that goes without the cookbooks."""
    node = parse_json(read(path), path)
    if not isinstance(node, dict):
        refuse("attributes must be an object")
    for item in node.get("run_list", []):
        if not re.fullmatch(r"(recipe|role)\[[\w:.-]+(@[\d.]+)?\]|[\w:.-]+(@[\d.]+)?", item):
            refuse("invalid run list item %s" % item)
    return node
