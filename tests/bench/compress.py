"""The compress post-processor beside the command-line tools, on one file in one run: farmctl build (null
builder, artifice, compress) against pigz, zstd -T0, xz -T0, lz4 and zip. Wall and CPU seconds, size in
MiB; the time of farmctl is that of the whole build. Nothing fails here: it prints figures.

  compress.py [--mib N] [--level N] [FORMAT...]"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import tempfile
import time

TOOLS = {"gz": ["pigz", "-kc"], "zst": ["zstd", "-qcT0"], "xz": ["xz", "-kcT0"], "lz4": ["lz4", "-qc"],
         "zip": ["zip", "-q", "-"], "bgzf": ["bgzip", "-c", "-@", str(os.cpu_count())]}


def write_data(path, mib):
    """Half text, half what no program can compress: about a disk image with packages on it."""
    numbers = random.Random(1)
    words = ["".join(numbers.choices("abcdefghijklmnopqrstuvwxyz", k=numbers.randint(2, 9)))
             for _ in range(5000)]
    with open(path, "wb") as file:
        for number in range(mib):
            if number % 2:
                file.write(numbers.randbytes(1 << 20))
            else:
                text = " ".join(numbers.choices(words, k=180000))
                file.write(text.encode()[:1 << 20].ljust(1 << 20))


def measure(run):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--level", type=int, help="of both; without it each has its default")
    parser.add_argument("formats", nargs="*", default=list(TOOLS))
    words = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="farm-compress-")
    try:
        data = os.path.join(scratch, "disk")
        write_data(data, words.mib)
        env = {**os.environ, "HOME": scratch, "TMPDIR": scratch, "XDG_STATE_HOME": scratch}
        print("%d MiB on %d processors, load %.1f" % (words.mib, os.cpu_count(), os.getloadavg()[0]))
        print("%-6s %24s %24s %8s" % ("", "farmctl s / cpu / MiB", "tool s / cpu / MiB", "tool/us"))
        for kind in words.formats:
            tool = list(TOOLS[kind])
            ours, theirs = (os.path.join(scratch, name + "." + kind) for name in ("ours", "theirs"))
            step = {"type": "compress", "output": ours}
            if words.level:
                step["compression_level"] = words.level
                tool.insert(1, "-%d" % words.level)
            template = os.path.join(scratch, "t.json")
            with open(template, "w") as file:
                json.dump({"builders": [{"type": "null", "communicator": "none"}],
                           "post-processors": [[{"type": "artifice", "files": [data]},
                                                dict(step, keep_input_artifact=True)]]}, file)

            def by_farmctl():
                subprocess.run([os.path.join(os.environ["FARM_BIN"], "farmctl"), "build", template],
                               cwd=scratch, env=env, check=True, stdout=subprocess.DEVNULL)

            def by_tool():
                with open(theirs, "wb") as file:
                    subprocess.run([*tool, data], stdout=file, check=True)

            figures = [*measure(by_farmctl), os.path.getsize(ours) / (1 << 20)]
            line = "%-6s %8.1f %7.1f %7.0f" % (kind, *figures)
            if shutil.which(tool[0]):
                peer = [*measure(by_tool), os.path.getsize(theirs) / (1 << 20)]
                line += "  %8.1f %7.1f %7.0f %8.2f" % (*peer, peer[0] / figures[0])
            else:
                line += "  (%s is not installed)" % tool[0]
            print(line, flush=True)
            for path in (ours, theirs):
                if os.path.exists(path):
                    os.unlink(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
