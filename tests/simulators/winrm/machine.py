"""The Windows machine behind the simulator: a folder as drive C:, environment, registry keys, a
scheduler and the state of its restarts. Paths compare without case, as on Windows."""

import os
import threading
import time


class Refused(Exception):
    """The interpreter was given something it does not know: never guessed at."""


class Machine:
    def __init__(self, root, restart_seconds=0.3):
        self.root = os.path.join(root, "c")
        self.restart_seconds = restart_seconds
        self.users = {}
        self.registry = set()
        self.tasks = {}
        self.boots = 1
        self.down_until = 0.0
        self.shutdown_scheduled = False
        self.lock = threading.RLock()
        self.on_restart = []
        self.environment = {
            "SystemRoot": "C:\\Windows", "windir": "C:\\Windows", "SystemDrive": "C:",
            "TEMP": "C:\\Users\\farm\\AppData\\Local\\Temp",
            "TMP": "C:\\Users\\farm\\AppData\\Local\\Temp",
            "USERPROFILE": "C:\\Users\\farm", "COMPUTERNAME": "WINGUEST", "USERNAME": "farm"}
        for folder in ("Windows\\Temp", "Users\\farm\\AppData\\Local\\Temp"):
            os.makedirs(self.local("C:\\" + folder), exist_ok=True)

    # -- files
    def full(self, path, folder="C:\\Users\\farm"):
        """An absolute path in Windows form."""
        path = path.replace("/", "\\")
        if path.startswith("\\\\"):
            raise Refused("network path " + path)
        if len(path) > 1 and path[1] == ":":
            if path[0].lower() != "c":
                raise Refused("there is no drive " + path[:2])
            path = path[2:]
        elif not path.startswith("\\"):
            path = folder[2:] + "\\" + path
        parts = []
        for part in path.split("\\"):
            if part in ("", "."):
                continue
            if part == "..":
                parts = parts[:-1]
                continue
            if any(character in part for character in '<>:"|?*'):
                raise OSError("illegal characters in path: " + path)
            parts.append(part)
        return "C:\\" + "\\".join(parts)

    def local(self, path, folder="C:\\Users\\farm"):
        """The file of this host that stands for it."""
        here = self.root
        for part in self.full(path, folder)[3:].split("\\"):
            if not part:
                continue
            same = []
            if os.path.isdir(here):
                same = [name for name in os.listdir(here) if name.lower() == part.lower()]
            here = os.path.join(here, same[0] if same else part)
        return here

    # -- restarts
    def down(self):
        return time.monotonic() < self.down_until

    def restart(self):
        with self.lock:
            self.boots += 1
            self.shutdown_scheduled = False
            self.down_until = time.monotonic() + self.restart_seconds
            for hook in self.on_restart:
                hook()

    def shutdown(self, words):
        """The exit code of shutdown.exe."""
        flags = [word.lower() for word in words]
        if "/a" in flags:
            if not self.shutdown_scheduled:
                return 1116
            self.shutdown_scheduled = False
            return 0
        if "/r" not in flags and "/s" not in flags:
            raise Refused("shutdown " + " ".join(words))
        if self.shutdown_scheduled:
            return 1190
        self.shutdown_scheduled = True
        delay = int(flags[flags.index("/t") + 1]) if "/t" in flags else 30
        if delay == 0:
            threading.Timer(0.05, self.restart).start()
        return 0
