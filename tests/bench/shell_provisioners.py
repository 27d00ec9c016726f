"""200 shell provisioners of one line each through one connection, farmctl beside packer in one run:
wall time of the whole build, median of several rounds taken in turns. The guest is the system's sshd on
the loopback interface, optionally behind a delay (two relays, --delay). Nothing fails here.

  shell_provisioners.py [--rounds N] [--count N] [--delay MILLISECONDS]"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_sshd(folder):
    """(process, port, key file)"""
    os.makedirs("/run/sshd", exist_ok=True)
    for name in ("host", "user"):
        # packer 1.6 reads PEM keys and signs RSA with SHA-1 only.
        subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f",
                        os.path.join(folder, name)], check=True)
    port = free_port()
    with open(os.path.join(folder, "config"), "w") as file:
        file.write("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile "
                   "%s/user.pub\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n"
                   "UseDNS no\nSetEnv HOME=%s\n" % (port, folder, folder, folder))
    process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", os.path.join(folder, "config"),
                                "-E", os.path.join(folder, "log")])
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    return process, port, os.path.join(folder, "user")


def relay(target, delay):
    """A port that passes everything on to `target`, each way `delay` seconds late."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, sink):
        waiting, ended = [], threading.Event()

        def deliver():
            while not (ended.is_set() and not waiting):
                if not waiting:
                    time.sleep(0.0002)
                    continue
                due, data = waiting.pop(0)
                time.sleep(max(0, due - time.monotonic()))
                try:
                    sink.sendall(data)
                except OSError:
                    return
            try:
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        threading.Thread(target=deliver, daemon=True).start()
        try:
            while data := source.recv(65536):
                waiting.append((time.monotonic() + delay, data))
        except OSError:
            pass
        ended.set()

    def serve():
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", target))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pump, args=(near, far), daemon=True).start()
            threading.Thread(target=pump, args=(far, near), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def template(port, key, count):
    return json.dumps({
        "builders": [{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": port,
                      "ssh_username": os.environ.get("USER", "root"),
                      "ssh_private_key_file": key}],
        "provisioners": [{"type": "shell", "inline": ["echo line %d" % number]}
                         for number in range(count)]})


def one_round(program, text, count, scratch):
    folder = tempfile.mkdtemp(dir=scratch)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("PACKER_", "PKR_", "FARM_", "XDG_"))}
    environment.update(HOME=folder, CHECKPOINT_DISABLE="1", NO_COLOR="1")
    with open(os.path.join(folder, "t.json"), "w") as file:
        file.write(text)
    begin = time.perf_counter()
    done = subprocess.run([program, "build", "-color=false", "t.json"], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=900)
    wall = time.perf_counter() - begin
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0 or output.count(": line ") != count:
        sys.exit("bench: %s ended with %d:\n%s" % (program, done.returncode, output[-2000:]))
    return wall


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--count", type=int, default=200)
    words.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    options = words.parse_args()
    programs = {"farmctl": os.path.join(os.environ["FARM_BIN"], "farmctl"),
                "packer": shutil.which("packer")}
    if programs["packer"] is None:
        sys.exit("bench: packer is not installed (ops/deps --peer)")
    scratch = tempfile.mkdtemp(prefix="farm-figures-")
    sshd, port, key = start_sshd(scratch)
    try:
        if options.delay:
            port = relay(port, options.delay / 1000)
        text = template(port, key, options.count)
        walls = {name: [] for name in programs}
        for _ in range(options.rounds):
            for name, path in programs.items():
                walls[name].append(one_round(path, text, options.count, scratch))
        ours, theirs = (statistics.median(walls[name]) for name in ("farmctl", "packer"))
        print("%d shell provisioners, %g ms each way, median of %d rounds, load %.1f: farmctl %.2f s, "
              "packer %.2f s, ratio %.1f" % (options.count, options.delay, options.rounds,
                                            os.getloadavg()[0], ours, theirs, theirs / ours))
    finally:
        sshd.terminate()
        sshd.wait(timeout=10)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
