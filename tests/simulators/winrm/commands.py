"""cmd.exe and the programs it finds, as processes with streams. A part of cmd only: what is not
known is refused with exit code 250."""

import os
import re
import threading
import time

from machine import Refused
from powershell import Exit, PowerShell, decode_command, sleep


class Ended(Exception):
    """The process was terminated."""


class Process:
    """One command of a shell: output is collected until it is received."""

    def __init__(self, machine):
        self.machine = machine
        self.lock = threading.Condition()
        self.output = []
        self.input = bytearray()
        self.input_ended = False
        self.console_input = True
        self.done = threading.Event()
        self.exit_code = 0
        self.killed = False
        self.boot = machine.boots

    def check(self):
        if self.killed or self.boot != self.machine.boots:
            raise Ended()

    def write(self, stream, text):
        self.write_bytes(stream, text.encode())

    def write_bytes(self, stream, data):
        self.check()
        if data:
            with self.lock:
                self.output.append((stream, data))
                self.lock.notify_all()

    def feed(self, data, end):
        with self.lock:
            self.input += data
            self.input_ended = self.input_ended or end
            self.lock.notify_all()

    def input_lines(self):
        """Lines of a piped standard input; a console has none."""
        while not self.console_input:
            with self.lock:
                at = self.input.find(b"\n")
                if at < 0 and not self.input_ended:
                    self.lock.wait(0.1)
                    self.check()
                    continue
                if at < 0 and not self.input:
                    return
                line = bytes(self.input[:at if at >= 0 else len(self.input)])
                del self.input[:len(line) + 1]
            yield line.decode("utf-8", "replace").rstrip("\r")

    def start(self, work):
        def run():
            try:
                self.exit_code = work()
            except Ended:
                self.exit_code = 0xC000013A
            except Exit as exit_:
                self.exit_code = exit_.code
            with self.lock:
                self.done.set()
                self.lock.notify_all()
        threading.Thread(target=run, daemon=True).start()
        return self


def start_command(machine, environment, line, console_input):
    process = Process(machine)
    process.console_input = console_input
    return process.start(lambda: run_line(machine, process, dict(environment), line,
                                          process.write_bytes))


def start_task(task, path, arguments):
    """A scheduled task: its output goes where its command line says."""
    machine = task_machine[0]
    process = Process(machine)
    environment = dict(machine.environment, USERNAME=task.user)
    if path.lower() != "cmd.exe":
        raise Refused("task program " + path)
    return process.start(lambda: run_line(machine, process, environment,
                                          strip_cmd(arguments), lambda *_: None))


task_machine = [None]


def strip_cmd(arguments):
    match = re.fullmatch(r'/s /c "(.*)"', arguments, re.IGNORECASE | re.DOTALL)
    if not match:
        raise Refused("cmd.exe " + arguments)
    return match.group(1)


def expand(line, environment):
    def replace(match):
        for name, value in environment.items():
            if name.lower() == match.group(1).lower():
                return value
        return match.group()
    return re.sub(r"%([A-Za-z_]\w*)%", replace, line)


def split_operators(line):
    """[(operator before, command)] at && || & outside of quotes; a ^ takes the next character."""
    parts, operator, current, quoted, at = [], "", "", False, 0
    while at < len(line):
        two = line[at:at + 2]
        if line[at] == "^" and not quoted:
            current += line[at + 1:at + 2]
            at += 2
        elif not quoted and two in ("&&", "||"):
            parts.append((operator, current))
            operator, current, at = two, "", at + 2
        elif not quoted and line[at] == "&" and not current.endswith(">"):
            parts.append((operator, current))
            operator, current, at = "&", "", at + 1
        elif not quoted and line[at] == "|":
            raise Refused("cmd: a pipe")
        else:
            quoted ^= line[at] == '"'
            current += line[at]
            at += 1
    if quoted:
        raise Refused("cmd: a quote without end in: " + line)
    return parts + [(operator, current)]


def run_line(machine, process, environment, line, sink, folder="C:\\Users\\farm"):
    try:
        code = 0
        for operator, command in split_operators(line):
            if operator == "&&" and code != 0 or operator == "||" and code == 0:
                continue
            if command.strip():
                code = run_simple(machine, process, environment, command.strip(), sink, folder)
        return code
    except Refused as refused:
        sink("stderr", ("farm simulator refused: %s\r\n" % refused).encode())
        return 250


def redirections(command):
    """The command without its redirections, and {stream: (file, append)}; 2>&1 is "join"."""
    targets, join = {}, False
    pattern = re.compile(r'\s(1|2)?(>>?)\s*(&1|"[^"]+"|[^\s"]+)')
    quoted, at, out = False, 0, ""
    while at < len(command):
        match = None if quoted else pattern.match(command, at)
        if match:
            if match.group(3) == "&1":
                join = True
            else:
                targets["stderr" if match.group(1) == "2" else "stdout"] = (
                    match.group(3).strip('"'), match.group(2) == ">>")
            at = match.end()
            continue
        quoted ^= command[at] == '"'
        out += command[at]
        at += 1
    return out, targets, join


def run_simple(machine, process, environment, command, sink, folder):
    command, targets, join = redirections(" " + command)
    command = expand(command.strip(), environment)
    files = {}
    for stream, (path, append) in targets.items():
        if path.lower() != "nul":
            files[stream] = open(machine.local(expand(path, environment), folder),
                                 "ab" if append else "wb", buffering=0)
        else:
            files[stream] = None

    def write(stream, data):
        stream = "stdout" if join and stream == "stderr" else stream
        if stream in files:
            if files[stream] is not None:
                files[stream].write(data)
        else:
            sink(stream, data)
    try:
        return builtin(machine, process, environment, command, write, folder)
    finally:
        for file in files.values():
            if file is not None:
                file.close()


def builtin(machine, process, environment, command, write, folder):
    command = command.lstrip("@")
    word, _, rest = command.partition(" ")
    key, rest = word.lower(), rest.strip()
    if key == "set":
        match = re.fullmatch(r'"?([^=]+)=(.*?)"?', rest, re.DOTALL)
        if not match:
            raise Refused("cmd: set " + rest)
        environment[match.group(1)] = match.group(2)
        return 0
    if key == "echo":
        if rest.lower() not in ("off", "on"):
            write("stdout", (rest + "\r\n").encode())
        return 0
    if key == "rem" or key.startswith("::"):
        return 0
    if key == "exit":
        words = [part for part in rest.split() if part.lower() != "/b"]
        raise Exit(int(words[0]) if words else 0)
    if key == "if":
        match = re.fullmatch(r'(not )?exist ("[^"]+"|\S+) (.+)', rest, re.IGNORECASE)
        if not match:
            raise Refused("cmd: if " + rest)
        there = os.path.exists(machine.local(match.group(2).strip('"'), folder))
        if there != bool(match.group(1)):
            return run_simple(machine, process, environment, match.group(3), write, folder)
        return 0
    if key in ("mkdir", "md"):
        os.makedirs(machine.local(rest.strip('"'), folder), exist_ok=True)
        return 0
    if key == "del":
        for path in re.findall(r'"[^"]+"|[^\s"]+', rest):
            if not path.startswith("/"):
                local = machine.local(path.strip('"'), folder)
                if os.path.exists(local):
                    os.remove(local)
        return 0
    if key == "type":
        with open(machine.local(rest.strip('"'), folder), "rb") as file:
            write("stdout", file.read())
        return 0
    return run_program(machine, process, environment, *split_words(command), folder=folder,
                       write=write)


def split_words(command):
    words = [match.group() for match in re.finditer(r'(?:[^\s"]|"(?:\\"|[^"])*")+', command)]
    plain = [word[1:-1] if re.fullmatch(r'"[^"]*"', word) else word.replace('"', "")
             for word in words]
    return plain[0], plain[1:]


class Redirected(object):
    """The streams of a program inside a command: where the command's go."""

    def __init__(self, process, write):
        self.process, self.sink = process, write

    def check(self):
        self.process.check()

    def write(self, stream, text):
        self.write_bytes(stream, text.encode())

    def write_bytes(self, stream, data):
        self.process.check()
        self.sink(stream, data)

    def input_lines(self):
        return self.process.input_lines()


def run_program(machine, process, environment, name, words, folder, write):
    program = name.replace("/", "\\").rpartition("\\")[2].lower()
    program = program[:-4] if program.endswith(".exe") else program
    inner = Redirected(process, write)
    if program in ("powershell", "pwsh"):
        return powershell(machine, inner, environment, words, folder)
    if program == "shutdown":
        return machine.shutdown(words)
    if program == "hostname":
        write("stdout", b"WINGUEST\r\n")
        return 0
    if program == "ping":  # the pause of batch files
        sleep(process, max(0, int(words[words.index("-n") + 1]) - 1) * 0.05)
        return 0
    if program == "flood":  # flood BYTES: output without a newline
        left = int(words[0])
        while left:
            piece = min(left, 65536)
            write("stdout", b"x" * piece)
            left -= piece
        return 0
    if program == "emit":  # emit MILLISECONDS word word...: one line after the other
        for word in words[1:]:
            write("stdout", word.encode() + b"\r\n")
            sleep(process, int(words[0]) / 1000)
        return 0
    if program == "sort":  # lines of standard input, sorted
        for line in sorted(process.input_lines()):
            write("stdout", line.encode() + b"\r\n")
        return 0
    if program == "cmd":
        return run_line(machine, process, dict(environment), strip_cmd(" ".join(words)) if
                        words[:1] == ["/s"] else " ".join(words[1:]), write, folder)
    local = machine.local(name, folder)
    if program.endswith((".bat", ".cmd")) and os.path.isfile(local):
        return batch(machine, process, dict(environment), local, write, folder)
    write("stderr", ("'%s' is not recognized as an internal or external command,\r\noperable "
                     "program or batch file.\r\n" % name).encode())
    return 9009 if os.path.isabs(name) else 1


def batch(machine, process, environment, local, write, folder):
    with open(local, newline="") as file:
        text = file.read()
    if "\n" in text.replace("\r\n", ""):
        raise Refused("cmd: a batch file with bare newlines")
    code = 0
    for line in text.split("\r\n"):
        if line.strip():
            try:
                code = run_line(machine, process, environment, line.strip(), write, folder)
                environment["ERRORLEVEL"] = str(code)
            except Exit as exit_:
                return exit_.code
    return code


def powershell(machine, process, environment, words, folder):
    shell = PowerShell(machine, process, environment, folder)
    script, at = None, 0
    while at < len(words):
        flag = words[at].lower()
        at += 1
        if flag in ("-noprofile", "-noninteractive", "-nologo"):
            continue
        if flag == "-executionpolicy":
            if words[at].lower() not in ("bypass", "allsigned", "default", "remotesigned",
                                         "restricted", "undefined", "unrestricted"):
                raise Refused("powershell -ExecutionPolicy " + words[at])
            at += 1
        elif flag == "-encodedcommand":
            script = decode_command(words[at])
            shell.error_form = "xml"
            at += 1
        elif flag == "-file":
            path = words[at]
            try:
                with open(machine.local(path, folder), newline="") as file:
                    script = file.read()
            except OSError:
                process.write("stderr", "The argument '%s' to the -File parameter does not exist."
                              "\r\n" % path)
                return 0xFFFD0000
            at += 1
        elif flag == "-command" or not flag.startswith("-"):
            script = " ".join(words[at if flag == "-command" else at - 1:])
            at = len(words)
        else:
            raise Refused("powershell " + words[at - 1])
    if script is None:
        raise Refused("powershell without a script")
    return shell.run_script(script)
