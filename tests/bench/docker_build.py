"""The docker builder beside packer on a dockerd of its own: one template (two shell scripts, one file,
commit, two tags), wall and CPU seconds of the client side, median of several rounds taken in turns.
Nothing fails here: it prints figures.

  docker_build.py [ROUNDS]"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from container_engines import BASE, Dockerd  # noqa: E402

TEMPLATE = {
    "builders": [{"type": "docker", "image": BASE, "commit": True, "pull": False,
                  "run_command": ["-d", "-i", "-t", "--", "{{.Image}}", "/bin/sh"]}],
    "provisioners": [{"type": "shell", "inline": ["echo one > /etc/one"]},
                     {"type": "shell", "inline": ["id"]},
                     {"type": "file", "source": "t.json", "destination": "/etc/two"}],
    "post-processors": [[{"type": "docker-tag", "repository": "bench", "tag": ["1", "2"]}]]}


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    programs = {"farmctl": os.path.join(os.environ["FARM_BIN"], "farmctl"),
                "packer": shutil.which("packer")}
    if programs["packer"] is None:
        sys.exit("bench: packer is not installed (ops/deps --peer)")
    engine = Dockerd()
    scratch = tempfile.mkdtemp(prefix="farm-docker-bench-")
    try:
        env = {**os.environ, **engine.env, "HOME": scratch, "TMPDIR": scratch,
               "XDG_STATE_HOME": scratch, "CHECKPOINT_DISABLE": "1"}
        with open(os.path.join(scratch, "t.json"), "w") as file:
            json.dump(TEMPLATE, file)
        figures = {name: [] for name in programs}
        for _ in range(rounds):
            for name, path in programs.items():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                start = time.perf_counter()
                subprocess.run([path, "build", "t.json"], cwd=scratch, env=env, check=True,
                               stdout=subprocess.DEVNULL)
                wall = time.perf_counter() - start
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                figures[name].append((wall, after.ru_utime + after.ru_stime - before.ru_utime
                                      - before.ru_stime))
        median = {name: [statistics.median(row[i] for row in rows) for i in (0, 1)]
                  for name, rows in figures.items()}
        print("median of %d rounds; load %.1f on %d processors" % (
            rounds, os.getloadavg()[0], os.cpu_count()))
        for i, what in enumerate(("wall", "CPU")):
            ours, theirs = median["farmctl"][i], median["packer"][i]
            print("%-5s farmctl %.2f s, packer %.2f s: %.2fx" % (what, ours, theirs, theirs / ours))
    finally:
        engine.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
