"""The qemu disk-image example built by farmctl and by packer in turns, on one machine: total seconds of
each, and for farmctl where they went: boot (from the start of qemu until ssh answers), provisioning,
shutdown and qemu-img, and the rest, which is what farm itself costs. Prints figures, never fails.

  qemu_against_packer.py [--rounds N]      FARM_BIN: folder of farmctl"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from media import EXAMPLES, base_disk  # noqa: E402

# What a line of the build's output begins; the time until the next such line belongs to it.
MARKS = [("Copying hard drive", "copy"), ("Resizing hard drive", "copy"), ("Starting VM", "boot"),
         ("Connected to SSH", "provision"), ("Gracefully halting", "shutdown"),
         ("Converting hard drive", "convert")]


def build(program, disk, environment):
    """Total seconds and seconds by phase, told by when each line came."""
    work = tempfile.mkdtemp(prefix="farm-figures-")
    shutil.copytree(os.path.join(EXAMPLES, "qemu-disk-image"), os.path.join(work, "t"))
    start = time.monotonic()
    process = subprocess.Popen(
        [program, "build", "-color=false", "-var", "disk=" + disk, "-var", "accelerator=tcg", "image.json"],
        cwd=os.path.join(work, "t"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True)
    phases, current, since = {}, "other", start
    text = ""
    for line in process.stdout:
        text += line
        now = time.monotonic()
        phase = next((name for mark, name in MARKS if mark in line), None)
        if phase is None and re.match(r"Build '.*' finished", line):
            phase = "other"
        if phase is not None:
            phases[current] = phases.get(current, 0) + now - since
            current, since = phase, now
    code = process.wait()
    end = time.monotonic()
    phases[current] = phases.get(current, 0) + end - since
    shutil.rmtree(work)
    if code != 0:
        raise SystemExit("%s failed:\n%s" % (program, text))
    return end - start, phases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    environment = dict(os.environ, CHECKPOINT_DISABLE="1")
    programs = {"farmctl": os.path.join(os.environ["FARM_BIN"], "farmctl")}
    if shutil.which("packer"):
        programs["packer"] = shutil.which("packer")
    disk = base_disk()
    results = {name: [] for name in programs}
    for number in range(options.rounds):
        for name, program in programs.items():
            total, phases = build(program, disk, environment)
            results[name].append((total, phases))
            print("round %d  %-8s %6.1f s  %s" % (number + 1, name, total, "  ".join(
                "%s %.2f" % item for item in phases.items())), flush=True)
    for name, rounds in results.items():
        print("%-8s median %6.1f s, beyond boot, provisioning, shutdown and qemu-img: %.2f s" % (
            name, statistics.median(total for total, _ in rounds),
            statistics.median(phases.get("other", 0) for _, phases in rounds)))


if __name__ == "__main__":
    main()
