"""LocalFarm: a whole farm on the loopback interface: a coordinator, agents, and farmctl logged in.
SshServer: a small machine to build on: the system's sshd with a key of its own."""

import json
import os
import random
import signal
import socket
import time

from case import BIN, Case

READY = 30


def free_ports(count):
    """Ports nobody uses now, all different; below those the kernel gives to connections that other
    tests open, so that nobody takes one before it is used."""
    listeners = []
    for _ in range(1000):
        if len(listeners) == count:
            break
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", random.randrange(20000, 32000)))
            listeners.append(listener)
        except OSError:
            listener.close()
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def listens(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


class FarmCase(Case):
    """A test with a farm. Coordinator and agents can be killed and started again."""

    SETTINGS = 'sync_interval = "1s"\nlease_ttl = "10s"\n'

    def start_farm(self):
        self.ports = free_ports(4)
        self.agents = {}
        self.coordinator_log = self.path("coordinator.log")
        with open(self.path("coordinator.hcl"), "w") as file:
            file.write(self.SETTINGS)
        self.start_coordinator()
        with open(self.path("coordinator", "admin.token")) as file:
            token = file.read().strip()
        self.good(self.farmctl("login", "--name=admin", token))

    def start_coordinator(self):
        endpoints = [word for flag, port in zip(("--control", "--bulk", "--enroll", "--https"),
                                                getattr(self, "bound_ports", self.ports))
                     for word in (flag, "tcp://127.0.0.1:%d" % port)]
        self.coordinator = self.start(
            [os.path.join(BIN, "farm-coordinator"), "--config", self.path("coordinator.hcl"),
             "--data", self.path("coordinator"), *endpoints], self.coordinator_log)

        def ready():
            if self.coordinator.poll() is not None:
                self.fail("the coordinator ended:\n" + self.log_text(self.coordinator_log))
            return (all(listens(port) for port in self.ports)
                    and os.path.exists(self.path("coordinator", "admin.token")))
        self.wait_for("coordinator\n" + self.coordinator_log, ready, READY)

    def kill_coordinator(self):
        os.kill(self.coordinator.pid, signal.SIGKILL)
        self.coordinator.wait()

    def log_text(self, path):
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-40:])

    def start_agent(self, name, *labels, slots=2):
        """Enrols an agent with a token that is bound to `labels`, and waits until it is ready."""
        words = [word for label in labels for word in ("--label", label)]
        token = self.good(self.farmctl("token", "create", "--role=agent", "--name=" + name,
                                       *words)).out.strip()
        self.agents[name] = {"words": words, "slots": slots}
        self.launch_agent(name, "--token", token)
        self.wait_for("agent " + name, lambda: self.agent_state(name) == "ready", READY)

    def launch_agent(self, name, *more):
        agent = self.agents[name]
        agent["log"] = self.path(name + ".log")
        agent["process"] = self.start(
            [os.path.join(BIN, "farm-agent"), "--config", os.devnull, "--name", name, "--state",
             self.path("agent-" + name), "--slots", str(agent["slots"]), *agent["words"], *more],
            agent["log"])

    def agent_state(self, name):
        agent = self.agents[name]
        if agent["process"].poll() is not None:
            self.fail("agent %s ended:\n%s" % (name, self.log_text(agent["log"])))
        for known in self.ask("agents")["agents"]:
            if known["name"] == name:
                return known["state"]
        return None

    def ask(self, *words):
        """The JSON answer of a query."""
        return json.loads(self.good(self.farmctl(words[0], "--output", "json", *words[1:])).out)

    def submit(self, *words, template="."):
        """Hands the template in; the build's id."""
        done = self.good(self.farmctl("submit", "--detach", "--output", "json", *words, template,
                                      deadline=120))
        return json.loads(done.out.splitlines()[-1])["build"]

    def build(self, build):
        return self.ask("status", build)

    def jobs(self, build):
        return {job["name"]: job for job in self.build(build)["jobs"]}

    def wait_for_end(self, build, deadline):
        end = time.monotonic() + deadline
        while True:
            state = self.build(build)
            if state["state"] != "running":
                return state
            if time.monotonic() > end:
                self.fail("build still runs after %d s: %s\n%s" % (
                    deadline, json.dumps(state, indent=1), self.log_text(self.coordinator_log)))
            time.sleep(0.5)

    def logs(self, target):
        return self.good(self.farmctl("logs", target)).out


class SshServer:
    """sshd for the user of the test, on the loopback interface unless told; `key` opens it."""

    def __init__(self, case, address="127.0.0.1", lines=()):
        folder = case.folder("sshd")
        os.makedirs("/run/sshd", exist_ok=True) if os.geteuid() == 0 else None
        for name in ("host", "user"):
            case.good(case.run_program(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                                        os.path.join(folder, name)]))
        self.key = os.path.join(folder, "user")
        self.port = free_ports(1)[0]
        config = os.path.join(folder, "config")
        with open(config, "w") as file:
            file.write("Port %d\nListenAddress %s\nHostKey %s/host\n"
                       "AuthorizedKeysFile %s/user.pub\nStrictModes no\nUsePAM no\nPidFile none\n"
                       "PermitRootLogin yes\nUseDNS no\n"
                       "Subsystem sftp /usr/lib/openssh/sftp-server\n"
                       % (self.port, address, folder, folder))
            file.write("".join(line + "\n" for line in lines))
        case.start(["/usr/sbin/sshd", "-D", "-e", "-f", config], os.path.join(folder, "log"))
        case.wait_for("sshd", lambda: listens(self.port))
