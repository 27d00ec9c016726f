"""Guest: the machine that configuration management works on: sshd on the loopback interface whose
sessions have a HOME and a PATH of the test's, with stand-ins in front for the programs that cannot be
installed here. A stand-in is strict: it refuses what the real program would refuse, and writes down
its arguments and every file it was handed."""

import json
import os
import shutil
import stat

from local_farm import free_ports, listens

STAND_INS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_ins")


class Guest:
    def __init__(self, case, stand_ins=(), own=()):
        """`own`: folders of the system, as /etc, that the guest has for itself: it sees copies of them,
        below path(), and what is written there stays there. Needs root."""
        self.case = case
        folder = case.folder("guest")
        self.folder = folder
        self.record = os.path.join(folder, "record")
        os.mkdir(self.record)
        bin_folder = os.path.join(folder, "bin")
        os.mkdir(bin_folder)
        for name in ("sudo", "stand_in.py") + tuple(stand_ins):
            path = shutil.copyfile(os.path.join(STAND_INS, name), os.path.join(bin_folder, name))
            os.chmod(path, 0o755)
        home = os.path.join(folder, "home")
        os.mkdir(home)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        for name in ("host", "user"):
            case.good(case.run_program(["ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "",
                                        "-f", os.path.join(folder, name)]))
        self.key = os.path.join(folder, "user")
        self.port = free_ports(1)[0]
        config = os.path.join(folder, "config")
        with open(config, "w") as file:
            file.write(
                "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\n"
                "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nUseDNS no\n"
                "SetEnv HOME=%s PATH=%s:/usr/sbin:/usr/bin:/sbin:/bin FARM_RECORD=%s\n"
                "Subsystem sftp /usr/lib/openssh/sftp-server\n"
                % (self.port, folder, folder, home, bin_folder, self.record))
        case.start(self.with_own(own, ["/usr/sbin/sshd", "-D", "-e", "-f", config]),
                   os.path.join(folder, "log"))
        case.wait_for("sshd", lambda: listens(self.port))

    def with_own(self, folders, command):
        if not folders:
            return command
        mounts = []
        for system in folders:
            copy = self.path(system.strip("/"))
            self.case.good(self.case.run_program(["cp", "-a", system, copy]))
            mounts.append("mount --bind %s %s" % (copy, system))
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                "; ".join(mounts + ['exec "$@"']), "sh", *command]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def builder(self, **more):
        return dict({"type": "null", "ssh_host": "127.0.0.1", "ssh_port": self.port,
                     "ssh_username": os.environ.get("USER", "root"),
                     "ssh_private_key_file": self.key}, **more)

    def take_record(self):
        """What the stand-ins wrote down since the last call, in order."""
        calls = []
        for name in sorted(os.listdir(self.record)):
            path = os.path.join(self.record, name)
            with open(path) as file:
                calls.append(json.load(file))
            os.unlink(path)
        return calls


def tree(folder):
    """path -> (kind or mode, content) of everything below `folder`."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(place, name), folder)] = "folder"
        for name in files:
            path = os.path.join(place, name)
            with open(path, errors="replace") as file:
                found[os.path.relpath(path, folder)] = (
                    "%o" % stat.S_IMODE(os.stat(path).st_mode), file.read())
    return found
