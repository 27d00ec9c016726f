"""No file descriptors left at the coordinator: 2,000 sockets of somebody without a key take them all. Builds
go on, and when the sockets are gone the farm serves as before."""

import os
import resource
import socket
import unittest

from fault_case import FaultCase

DESCRIPTORS = 300
SOCKETS = 2000


class Exhaustion(FaultCase):
    def start(self, arguments, log, env=None, cwd=None):
        if arguments[0].endswith("farm-coordinator"):
            arguments = ["prlimit", "--nofile=%d:%d" % (DESCRIPTORS, DESCRIPTORS), *arguments]
        return super().start(arguments, log, env, cwd)

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.coordinator.pid))

    def flood(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, SOCKETS + 200), hard))
        sockets = []
        self.addCleanup(lambda: [one.close() for one in sockets])
        for i in range(SOCKETS):
            one = socket.socket()
            one.setblocking(False)
            try:
                one.connect(("127.0.0.1", self.ports[i % 3]))
            except BlockingIOError:
                pass
            sockets.append(one)
        return sockets

    def test_two_thousand_sockets(self):
        self.start_farm()
        self.start_agent("here", slots=2)
        build = self.start_build(lines=80)
        sockets = self.flood()
        self.wait_for("exhaustion", lambda: self.descriptors() >= DESCRIPTORS - 2, 60)
        for _ in range(3):  # the agent's connection is one of those that stand
            self.assertIsNone(self.coordinator.poll(), self.log_text(self.coordinator_log))
            self.farmctl("status", deadline=60)
        for one in sockets:
            one.close()
        self.wait_for("answer", lambda: self.farmctl("status", deadline=60).code == 0, 120)
        later = self.submit_counting(1, 2, "0")
        self.assertEqual(self.wait_for_end(later, 120)["state"], "succeeded")
        self.expect_undisturbed(build, 80)


if __name__ == "__main__":
    unittest.main(verbosity=2)
