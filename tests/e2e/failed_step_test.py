"""What a failed step leads to, as a person at a terminal sees it: -on-error in all its forms, -debug
with its pauses, interrupts; and what stays when everything is killed."""

import json
import os
import pty
import re
import select
import signal
import time
import unittest

from case import BIN, Case

FAILING = {
    "builders": [{"type": "file", "name": "f", "target": "out/f", "content": "x"}],
    "provisioners": [
        {"type": "shell-local", "inline": ["echo run >>runs; test -e repaired"]}],
    "error-cleanup-provisioner": {"type": "shell-local", "inline": ["echo cleaned >>cleaned"]},
}


class Terminal:
    """A program with a terminal; `answers` are typed when their prompt appears."""

    def __init__(self, case, arguments):
        self.case = case
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(case.work)
            os.execve(arguments[0], arguments, case.env)
        case.addCleanup(os.close, self.fd)

    def read(self, seconds=0.2):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern, deadline=60):
        end = time.monotonic() + deadline
        while not re.search(pattern, self.text):
            if not self.read() or time.monotonic() > end:
                self.case.fail("no %r in\n%s" % (pattern, self.text))
        seen = re.search(pattern, self.text).end()
        before, self.text = self.text[:seen], self.text[seen:]
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, deadline=60):
        """Reads to the end; the exit code."""
        limit = time.monotonic() + deadline
        while self.read():
            if time.monotonic() > limit:
                self.case.fail("does not end:\n" + self.text)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


class FailedStep(Case):
    def setUp(self):
        super().setUp()
        self.write("t.json", json.dumps(FAILING))

    def terminal(self, *words):
        return Terminal(self, [os.path.join(BIN, "farmctl"), "build", "-color=false", *words, "t.json"])

    def lines(self, name):
        try:
            return self.read(name).split()
        except FileNotFoundError:
            return []

    def test_cleanup_is_the_default(self):
        done = self.good(self.farmctl("build", "t.json"), 1)
        self.assertNotIn("aborted", done.out)
        self.assertEqual((self.lines("runs"), self.lines("cleaned")), (["run"], ["cleaned"]))

    def test_abort_undoes_nothing(self):
        done = self.good(self.farmctl("build", "-on-error=abort", "t.json"), 1)
        self.assertRegex(done.out, r'Step ".*" failed, aborting\.\.\.')
        self.assertEqual(self.lines("cleaned"), [])

    def test_run_cleanup_provisioner_runs_only_that(self):
        done = self.good(self.farmctl("build", "-on-error=run-cleanup-provisioner", "t.json"), 1)
        self.assertRegex(done.out, r'Step ".*" failed, aborting\.\.\.')
        self.assertEqual(self.lines("cleaned"), ["cleaned"])

    def test_ask_without_a_terminal_cleans_up(self):
        done = self.good(self.farmctl("build", "-on-error=ask", "t.json"), 1)
        self.assertIn("Nobody can be asked: standard input is no terminal. Cleaning up.", done.out)
        self.assertEqual(self.lines("cleaned"), ["cleaned"])

    def test_ask_abort(self):
        terminal = self.terminal("-on-error=ask")
        terminal.wait_for(r"\[c\] Clean up and exit, \[a\] abort without cleanup, or \[r\] retry step")
        terminal.type("a\n")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("aborted: skipping cleanup of step", terminal.text)
        self.assertEqual(self.lines("cleaned"), [])

    def test_ask_retry_until_it_works(self):
        terminal = self.terminal("-on-error=ask")
        prompt = r"\[r\] retry step"
        terminal.wait_for(prompt)
        terminal.type("r\n")
        terminal.wait_for(prompt)
        self.write("repaired", "")
        terminal.type("r\n")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.lines("runs"), ["run"] * 3)
        self.assertTrue(os.path.exists(os.path.join(self.work, "out", "f")))

    def test_ask_cleans_up_by_default(self):
        terminal = self.terminal("-on-error=ask")
        terminal.wait_for(r"\[r\] retry step")
        terminal.type("\n")
        self.assertEqual(terminal.end(), 1)
        self.assertEqual(self.lines("cleaned"), ["cleaned"])

    def test_debug_steps_through(self):
        self.write("repaired", "")
        terminal = self.terminal("-debug")
        terminal.wait_for("Debug mode enabled. Builds will not be parallelized.")
        steps = []
        for _ in range(20):
            try:
                before = terminal.wait_for(r'Pausing before step "(.*?)"\. Press enter to continue\.', 10)
            except AssertionError:
                break
            steps.append(re.search(r'before step "(.*?)"', before[before.rindex("Pausing"):]).group(1))
            terminal.type("\n")
        self.assertEqual(terminal.end(), 0)
        self.assertGreaterEqual(len(steps), 2, steps)
        self.assertEqual(len(set(steps)), len(steps))

    def test_interrupt_cancels_with_cleanup(self):
        self.write("t.json", json.dumps({"builders": FAILING["builders"], "provisioners": [
            {"type": "shell-local", "inline": ["echo begun >>runs; sleep 600"]}],
            "error-cleanup-provisioner": FAILING["error-cleanup-provisioner"]}))
        terminal = self.terminal()
        self.wait_for("provisioner", lambda: self.lines("runs"))
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("Cancelling build after receiving interrupt", terminal.text)
        self.assertEqual(self.lines("cleaned"), ["cleaned"])
        self.wait_for("end of all processes", lambda: not self.processes())


if __name__ == "__main__":
    unittest.main()
