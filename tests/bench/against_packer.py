"""farmctl beside packer, in one run on one machine: validate of 1, 50 and 200 builds; build of one
null, of 50 null with a shell-local each, and of 200 file builds. Wall time, CPU time of everything the
program started: median of several rounds, taken in turns. Peak memory of the process tree (shared
pages counted once): one round more. Nothing fails here: it prints figures.

  run [--rounds N] [CASE...]     CASE: a word that the case's name holds"""

import argparse
import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

NULL = {"type": "null", "communicator": "none"}


def template(builders, **parts):
    return json.dumps({"builders": builders, **parts})


def nulls(count):
    return [dict(NULL, name="n%d" % number) for number in range(count)]


def files(count):
    return [{"type": "file", "name": "f%d" % number, "target": "out/%d" % number, "content": "x"}
            for number in range(count)]


SHELL_LOCAL = [{"type": "shell-local", "inline": ["echo $PACKER_BUILD_NAME"]}]
CASES = [
    ("validate 1 build", "validate", template(nulls(1))),
    ("validate 50 builds", "validate", template(nulls(50), provisioners=SHELL_LOCAL)),
    ("validate 200 builds", "validate", template(nulls(200), provisioners=SHELL_LOCAL)),
    ("build 1 null", "build", template(nulls(1))),
    ("build 50 null, shell-local", "build", template(nulls(50), provisioners=SHELL_LOCAL)),
    ("build 200 file", "build", template(files(200))),
]


def tree(root):
    """The living processes below and with `root`."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for task in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, task)) as file:
                    todo += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def proportional_memory(pid):
    try:
        with open("/proc/%d/smaps_rollup" % pid) as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def start(arguments, folder, environment):
    with open(os.devnull, "r+b") as nowhere:
        return subprocess.Popen(arguments, cwd=folder, env=environment, stdin=nowhere,
                                stdout=nowhere, stderr=nowhere)


def measure_time(arguments, folder, environment):
    cpu, wall = children_cpu(), time.perf_counter()
    code = start(arguments, folder, environment).wait(timeout=300)
    wall = time.perf_counter() - wall
    reap()
    if code != 0:
        sys.exit("bench: exit code %d of %s" % (code, " ".join(arguments)))
    return wall, children_cpu() - cpu


def measure_memory(arguments, folder, environment):
    """Peak KiB. A run of its own: looking at a process tree slows it down."""
    process = start(arguments, folder, environment)
    peak, begin = 0, time.monotonic()
    while process.poll() is None:
        peak = max(peak, sum(proportional_memory(pid) for pid in tree(process.pid)))
        if time.monotonic() - begin > 0.2:
            time.sleep(0.005)  # what is over sooner is watched without a pause
    return peak


def become_reaper():
    """Orphans become children of this process, so that their CPU time is counted as well."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def reap():
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def one_round(program, verb, text, scratch, measure):
    """A fresh folder and caches each time, for both alike."""
    folder = tempfile.mkdtemp(dir=scratch)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("PACKER_", "PKR_", "FARM_", "XDG_"))}
    environment.update(HOME=folder, CHECKPOINT_DISABLE="1", NO_COLOR="1",
                       TMPDIR=tempfile.mkdtemp(dir=scratch))
    os.mkdir(os.path.join(folder, "out"))
    with open(os.path.join(folder, "t.json"), "w") as file:
        file.write(text)
    words = ["-color=false"] if verb == "build" else []
    arguments = [program, verb, *words, "t.json"]
    try:
        return measure(arguments, folder, environment)
    finally:
        reap()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("cases", nargs="*")
    options = words.parse_args()
    programs = {"farmctl": os.path.join(os.environ["FARM_BIN"], "farmctl"),
                "packer": shutil.which("packer")}
    if programs["packer"] is None:
        sys.exit("bench: packer is not installed (ops/deps --peer)")
    become_reaper()
    print("median of %d rounds; load %.1f on %d processors; packer divided by farmctl: "
          "more is better" % (options.rounds, os.getloadavg()[0], os.cpu_count()))
    print("%-28s %23s %23s %25s" % ("", "wall ms", "cpu ms", "peak memory MiB"))
    print("%-28s" % "" + " %7s %7s %7s" % ("farmctl", "packer", "ratio") * 3)
    scratch = tempfile.mkdtemp(prefix="farm-figures-")
    try:
        for name, verb, text in CASES:
            if options.cases and not any(word in name for word in options.cases):
                continue
            figures = {program: [] for program in programs}
            for _ in range(options.rounds):
                for program, path in programs.items():
                    figures[program].append(one_round(path, verb, text, scratch, measure_time))
            result = {program: [statistics.median(row[column] for row in figures[program]) * 1000
                                for column in (0, 1)] for program in programs}
            for program, path in programs.items():
                result[program].append(
                    one_round(path, verb, text, scratch, measure_memory) / 1024)
            line = "%-28s" % name
            for ours, theirs in zip(result["farmctl"], result["packer"]):
                line += " %7.1f %7.1f %6.1fx" % (ours, theirs, theirs / max(ours, 1e-9))
            print(line, flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
