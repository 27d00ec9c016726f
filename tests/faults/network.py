"""Two network namespaces and a wire between them that this process holds in its hands: a relay passes
Ethernet frames between two tap devices and loses, delays, reorders, throttles or stops them, each way
by itself. The kernel needs neither netem nor a bridge for it."""

import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
COORDINATOR, AGENT = "10.99.0.1", "10.99.0.2"

_libc = ctypes.CDLL(None, use_errno=True)


def available():
    """Why this machine cannot do it; empty when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True)
    return "" if probe.returncode == 0 else "no network namespaces: " + probe.stderr.decode()


def _run(*words):
    subprocess.run(words, check=True, capture_output=True)


class _Way:
    """One direction. Plain attributes, read by the relay for every frame."""

    def __init__(self):
        self.open = True
        self.loss = 0.0           # of 1
        self.delay = 0.0          # seconds
        self.jitter = 0.0         # up to this much more: reorders
        self.bytes_per_second = 0  # 0: no limit
        self.frames = 0
        self._free_at = 0.0

    def due(self, now, size, dice):
        """When the frame leaves; None: never."""
        self.frames += 1
        if not self.open or dice.random() < self.loss:
            return None
        at = now + self.delay + dice.random() * self.jitter
        if self.bytes_per_second:
            self._free_at = max(self._free_at, now) + size / self.bytes_per_second
            if self._free_at - now > 2:  # a full queue
                self._free_at -= size / self.bytes_per_second
                return None
            at = max(at, self._free_at)
        return at


class Wire:
    """Namespaces NAME-c and NAME-a. `to_agent` and `to_coordinator` are the two directions."""

    def __init__(self, seed):
        self.name = "farm%d" % (os.getpid() % 100000)
        self.spaces = {"c": self.name + "-c", "a": self.name + "-a"}
        self.to_agent, self.to_coordinator = _Way(), _Way()
        self._dice = random.Random(seed)
        self._taps = []
        self._stop = threading.Event()
        self._queue = []
        self._number = 0
        try:
            for letter, address in (("c", COORDINATOR), ("a", AGENT)):
                self._make(self.spaces[letter], address)
        except Exception:
            self.close()
            raise
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def _make(self, space, address):
        _run("ip", "netns", "add", space)
        _run("ip", "-n", space, "link", "set", "lo", "up")
        self._taps.append(self._open_tap(space))
        _run("ip", "-n", space, "addr", "add", address + "/24", "dev", "wire")
        _run("ip", "-n", space, "link", "set", "wire", "up")

    @staticmethod
    def _open_tap(space):
        """The tap lives in the namespace of whoever opens it: a thread goes there and stays."""
        result = {}

        def enter():
            with open("/run/netns/" + space) as target:
                if _libc.setns(target.fileno(), CLONE_NEWNET) != 0:
                    result["error"] = OSError(ctypes.get_errno(), "setns")
                    return
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH14x", b"wire", IFF_TAP | IFF_NO_PI))
            result["fd"] = fd
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if "fd" not in result:
            raise result.get("error", OSError("no tap in " + space))
        return result["fd"]

    def _relay(self):
        coordinator, agent = self._taps
        ways = {coordinator: (self.to_agent, agent), agent: (self.to_coordinator, coordinator)}
        while not self._stop.is_set():
            now = time.monotonic()
            while self._queue and self._queue[0][0] <= now:
                _, _, target, frame = heapq.heappop(self._queue)
                try:
                    os.write(target, frame)
                except OSError:
                    pass  # the device is going away
            wait = min(0.2, max(0.0, self._queue[0][0] - now)) if self._queue else 0.2
            for tap in select.select(self._taps, [], [], wait)[0]:
                for _ in range(64):
                    try:
                        frame = os.read(tap, 65536)
                    except OSError:
                        break
                    way, target = ways[tap]
                    at = way.due(time.monotonic(), len(frame), self._dice)
                    if at is not None:
                        self._number += 1
                        heapq.heappush(self._queue, (at, self._number, target, frame))

    def both(self):
        return (self.to_agent, self.to_coordinator)

    def cut(self, *ways):
        for way in ways or self.both():
            way.open = False

    def heal(self):
        for way in self.both():
            way.open, way.loss, way.delay, way.jitter, way.bytes_per_second = True, 0, 0, 0, 0

    def inside(self, letter, arguments):
        """The command line that runs in the coordinator's ("c") or the agent's ("a") namespace."""
        return ["nsenter", "--net=/run/netns/" + self.spaces[letter], *arguments]

    def close(self):
        self._stop.set()
        if getattr(self, "_thread", None):
            self._thread.join(timeout=5)
        for tap in self._taps:
            os.close(tap)
        for space in self.spaces.values():
            subprocess.run(["ip", "netns", "del", space], capture_output=True)
