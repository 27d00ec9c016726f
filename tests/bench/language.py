"""Reading templates, in one run on one machine: `farmctl validate` beside `packer validate` (where it is
installed) and, for parsing alone, `farmctl validate -syntax-only` (the whole process) beside hcl2json (the
call alone; where HCL2JSON names the folder of the npm package @cdktf/hcl2json). Wall time of farmctl:
median of some rounds; packer and hcl2json run once, for a minute at most. Memory: the largest resident
size. Nothing fails here: it prints figures.

  language.py [--rounds N] [--no-packer] [CASE...]     CASE: a word that the case's name holds"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

DEADLINE = 60
FARMCTL = os.path.join(os.environ.get("FARM_BIN", ""), "farmctl")
PACKER = shutil.which("packer")
PARSE = """
const { parse } = require(process.env.HCL2JSON);
const text = require("fs").readFileSync(process.argv[1], "utf8");
parse("x.hcl", "").then(() => {
  const start = process.hrtime.bigint();
  return parse("t.hcl", text).then(() =>
    console.log(Number(process.hrtime.bigint() - start) / 1e9));
});
"""


def sources(count, extra=""):
    return "".join('source "null" "n%d" {\n  communicator = "none"\n%s}\n'
                   % (i, extra.replace("#", str(i))) for i in range(count))


def build(count):
    names = ", ".join('"source.null.n%d"' % i for i in range(count))
    return ('build {\n  sources = [%s]\n  provisioner "shell-local" {\n'
            '    inline = ["echo ${source.name}"]\n  }\n}\n' % names)


def local_values(count, chain):
    lines = []
    for i in range(count):
        first = chain == 1 or i % chain == 0
        lines.append("  l%d = %s\n" % (i, '"v${upper("x")}-%d"' % i if first
                                       else '"${local.l%d}-x"' % (i - 1)))
    return "locals {\n" + "".join(lines) + "}\n"


def variable_file():
    items = {"key_%d" % i: {"name": "n%d" % i, "flag": i % 2 == 0, "size": i,
                            "tags": ["a", "b", str(i)], "text": "x" * 60} for i in range(32000)}
    return json.dumps({"big": items})


ONE = sources(1) + build(1)
# name, template, JSON variable file
CASES = [
    ("1 build", ONE, None),
    ("50 builds", sources(50) + build(50), None),
    ("500 builds", sources(500) + build(500), None),
    ("2000 locals, flat", local_values(2000, 1) + ONE, None),
    ("4000 locals, flat", local_values(4000, 1) + ONE, None),
    ("2000 locals in chains of ten", local_values(2000, 10) + ONE, None),
    ("2000 locals, 500 sources",
     local_values(2000, 10) + sources(500, "  ssh_username = local.l#\n") + build(500), None),
    ("5 MB JSON variable file", 'variable "big" {\n  default = {}\n}\n' + ONE,
     variable_file()),
]


def peak_megabytes(pid):
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def run(arguments, folder):
    """Seconds, None past the deadline, and the last peak seen in megabytes."""
    environment = dict(os.environ, HOME=folder, CHECKPOINT_DISABLE="1", PACKER_CACHE_DIR=folder)
    with open(os.path.join(folder, "output"), "w+") as output:
        start = time.monotonic()
        process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=output,
                                   stderr=subprocess.STDOUT)
        peak = 0
        while process.poll() is None:
            peak = peak_megabytes(process.pid) or peak
            if time.monotonic() - start > DEADLINE:
                process.kill()
                process.wait()
                return None, peak
            time.sleep(0.0005)
        seconds = time.monotonic() - start
        if process.returncode != 0:
            output.seek(0)
            sys.exit("%s failed:\n%s" % (" ".join(arguments), output.read()[-2000:]))
    return seconds, peak


def hcl2json(path):
    package = os.environ.get("HCL2JSON")
    if not package or not shutil.which("node"):
        return None
    done = subprocess.run(["node", "-e", PARSE, path], capture_output=True, text=True,
                          timeout=DEADLINE)
    return float(done.stdout) if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-packer", action="store_true")
    parser.add_argument("case", nargs="*")
    options = parser.parse_args()
    print("%-30s %10s %8s %12s %8s %10s %12s" % ("validate", "farmctl s", "MB", "packer s", "ratio",
                                                "parsing s", "hcl2json s"))
    for name, template, variables in CASES:
        if options.case and not any(word in name for word in options.case):
            continue
        with tempfile.TemporaryDirectory(prefix="farm-figures-") as folder:
            path = os.path.join(folder, "t.pkr.hcl")
            with open(path, "w") as file:
                file.write(template)
            words = ["validate"]
            if variables is not None:
                with open(os.path.join(folder, "v.pkrvars.json"), "w") as file:
                    file.write(variables)
                words.append("-var-file=v.pkrvars.json")
            words.append("t.pkr.hcl")
            rounds = [run([FARMCTL, *words], folder) for _ in range(options.rounds)]
            farm = statistics.median(seconds for seconds, _ in rounds)
            peak = max(memory for _, memory in rounds)
            packer, ratio = "-", "-"
            if PACKER and not options.no_packer:
                seconds, _ = run([PACKER, *words], folder)
                packer = "> %d" % DEADLINE if seconds is None else "%.2f" % seconds
                ratio = "%s%.0f" % (">" if seconds is None else "", (seconds or DEADLINE) / farm)
            parsing = statistics.median(
                run([FARMCTL, "validate", "-syntax-only", *words[1:]], folder)[0]
                for _ in range(options.rounds))
            parse = hcl2json(path)
            print("%-30s %10.3f %8.1f %12s %8s %10.3f %12s" % (
                name, farm, peak, packer, ratio, parsing, "-" if parse is None else "%.3f" % parse))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
