#!/usr/bin/env python3
"""The login shell of the simulated Windows machine for an SSH server: `ForceCommand ssh_shell.py ROOT`.
Commands run in its cmd; scp moves files of its drive. ROOT is what server.py calls --root."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands  # noqa: E402
from machine import Machine  # noqa: E402


class Direct(commands.Process):
    """A process whose streams are this program's."""

    def write_bytes(self, stream, data):
        target = sys.stdout if stream == "stdout" else sys.stderr
        target.buffer.write(data)
        target.flush()


def main():
    machine = Machine(sys.argv[1])
    commands.task_machine[0] = machine
    machine.users["farm"] = "secret"
    line = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    copy = re.fullmatch(r"scp (-[tf]) (.+)", line)
    if copy:
        path = machine.local(copy.group(2).strip("'\""))
        os.execvp("scp", ["scp", copy.group(1), path])
    process = Direct(machine)
    process.start(lambda: commands.run_line(machine, process, dict(machine.environment), line,
                                            process.write_bytes))
    process.done.wait()
    sys.exit(process.exit_code & 0xFF)


if __name__ == "__main__":
    main()
