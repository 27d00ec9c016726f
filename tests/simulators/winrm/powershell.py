"""Runs what powershell_parser understands against a Machine. An unknown command, type or member is
Refused: the process then ends with exit code 250 and says so on standard error."""

import base64
import fnmatch
import os
import re
import time

import dotnet
from machine import Refused
from powershell_parser import Parser


class Thrown(Exception):
    def __init__(self, value):
        super().__init__(text_of(value))


class Exit(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    pass


def text_of(value):
    if value is None:
        return ""
    if value is True or value is False:
        return str(value)
    if isinstance(value, list):
        return " ".join(text_of(item) for item in value)
    return str(value)


def truth(value):
    if isinstance(value, list):
        return len(value) > 1 or (len(value) == 1 and truth(value[0]))
    return bool(value)


class ScriptBlock:
    def __init__(self, body):
        self.body = body


class PowerShell:
    def __init__(self, machine, process, environment, folder="C:\\Users\\farm",
                 error_form="text"):
        self.machine, self.process, self.folder = machine, process, folder
        self.error_form = error_form  # powershell -EncodedCommand writes errors as XML
        self.environment = environment
        self.variables = {"erroractionpreference": "Continue", "progresspreference": "Continue",
                          "true": True, "false": False, "null": None, "lastexitcode": None,
                          "?": True, "executioncontext": dotnet.ExecutionContext(self),
                          "debugpreference": "SilentlyContinue", "error": []}
        self.sink = None

    def write_error(self, message):
        self.process.write("stderr", clixml(message) if self.error_form == "xml"
                           else message + "\r\n")

    # -- running
    def run_script(self, text, blocks_read_input=True):
        """The exit code of powershell.exe for this script."""
        try:
            body = Parser(text.replace("\r\n", "\n")).program()
            kinds = {node[1] for node in body if node[0] == "block"}
            if kinds:
                if not all(node[0] == "block" for node in body):
                    raise Refused("PowerShell: statements beside begin, process and end")
                self.run_blocks(body)
            else:
                self.body(body)
        except Exit as exit_:
            return exit_.code
        except Refused as refused:
            self.process.write("stderr", "farm simulator refused: %s\r\n" % refused)
            return 250
        except (Thrown, OSError, ValueError) as error:
            self.write_error(str(error))
            return 1
        except (Return, Break, Continue):
            pass
        return 0

    def run_blocks(self, body):
        blocks = {node[1]: node[2] for node in body}
        self.body(blocks.get("begin", []))
        for line in self.process.input_lines():
            self.variables["_"] = line
            self.body(blocks.get("process", []))
        self.variables["_"] = None
        self.body(blocks.get("end", []))

    def body(self, statements):
        for node in statements:
            self.process.check()
            self.statement(node)

    def emit(self, value):
        if self.sink is not None:
            self.sink.extend(value if isinstance(value, list) else [value])
            return
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                self.process.write("stdout", text_of(item) + "\r\n")

    def emit_one(self, value):
        """A list or array as one value."""
        if self.sink is not None:
            self.sink.append(value)
        else:
            self.emit(value)

    def emit_native(self, stream, data):
        """What a native program wrote."""
        if self.sink is not None and stream == "stdout":
            self.sink.extend(data.decode("utf-8", "replace").splitlines())
        else:
            self.process.write_bytes(stream, data)

    def captured(self, run):
        before, self.sink = self.sink, []
        try:
            run()
            return self.sink
        finally:
            self.sink = before

    def value(self, node):
        """What a statement gives: nothing, one value or a list."""
        if node is None:
            return None
        items = self.captured(lambda: self.statement(node))
        return items[0] if len(items) == 1 else items or None

    def statement(self, node):
        kind = node[0]
        handler = getattr(self, "do_" + kind, None)
        if handler:
            return handler(node)
        value = self.expression(node)
        if value is not dotnet.VOID:
            self.emit(value)
        return None

    # -- statements
    def do_if(self, node):
        for condition, body in node[1]:
            if truth(self.value(condition)):
                return self.body(body)
        return self.body(node[2])

    def loop(self, body):
        try:
            self.body(body)
        except Continue:
            pass

    def do_while(self, node):
        try:
            while truth(self.value(node[1])):
                self.loop(node[2])
        except Break:
            pass

    def do_do(self, node):
        try:
            self.loop(node[1])
            while truth(self.value(node[2])):
                self.loop(node[1])
        except Break:
            pass

    def do_foreach(self, node):
        items = self.value(node[2])
        try:
            for item in dotnet.items(items):
                self.variables[node[1][1:].lower()] = item
                self.loop(node[3])
        except Break:
            pass

    def do_try(self, node):
        try:
            self.body(node[1])
        except (Thrown, OSError, ValueError) as error:
            if node[2] is None:
                raise
            self.variables["_"] = dotnet.ErrorRecord(str(error))
            self.variables["error"] = [self.variables["_"]]
            self.body(node[2])
        finally:
            self.body(node[3])

    def do_throw(self, node):
        raise Thrown(self.value(node[1]))

    def do_exit(self, node):
        value = self.value(node[1])
        raise Exit(int(value) if value is not None else 0)

    def do_return(self, node):
        value = self.value(node[1])
        if value is not None:
            self.emit(value)
        raise Return()

    def do_break(self, _):
        raise Break()

    def do_continue(self, _):
        raise Continue()

    def do_block(self, node):
        raise Refused("PowerShell: %s block inside a script" % node[1])

    def do_assign(self, node):
        _, target, operator, source = node
        value = self.value(source)
        if operator != "=":
            old = self.expression(target)
            value = dotnet.add(old, value) if operator == "+=" else old - value
        self.store(target, value)

    def store(self, target, value):
        if target[0] == "cast":
            target = target[2]
        if target[0] == "variable":
            scope, _, name = target[1].rpartition(":")
            if scope.lower() == "env":
                self.environment[name] = text_of(value)
            else:
                self.variables[name.lower()] = value
        elif target[0] == "member":
            owner = self.expression(target[1])
            dotnet.set_member(owner, target[2], value)
        elif target[0] == "index":
            self.expression(target[1])[self.expression(target[2])] = value
        else:
            raise Refused("PowerShell: assignment to %s" % target[0])

    def do_pipeline(self, node):
        items = None
        for position, part in enumerate(node[1]):
            last = position == len(node[1]) - 1
            run = (lambda p, i: lambda: self.stage(p, i))(part, items)
            if last:
                run()
            else:
                items = self.captured(run)

    def stage(self, node, items):
        if node[0] == "command":
            return self.run_command(node, items)
        if items is not None:
            raise Refused("PowerShell: an expression behind |")
        return self.statement(node)

    def do_command(self, node):
        self.run_command(node, None)

    def run_command(self, node, items):
        import powershell_commands
        powershell_commands.run(self, node, items)

    # -- expressions
    def expression(self, node):
        handler = getattr(self, "eval_" + node[0].strip("-"), None)
        if handler is None:
            value = self.value(node)
            return value
        return handler(node)

    def eval_text(self, node):
        return node[1]

    def eval_number(self, node):
        return node[1]

    def eval_expand(self, node):
        return self.expand(node[1])

    def expand(self, text):
        out, at = "", 0
        escapes = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b"}
        while at < len(text):
            character = text[at]
            if character == "`" and at + 1 < len(text):
                out += escapes.get(text[at + 1], text[at + 1])
                at += 2
            elif character == '"' and text[at:at + 2] == '""':
                out += '"'
                at += 2
            elif text.startswith("$(", at):
                end, depth = at + 2, 1
                while depth:
                    if end == len(text):
                        raise Refused("PowerShell: $( without end")
                    depth += {"(": 1, ")": -1}.get(text[end], 0)
                    end += 1
                out += text_of(self.value(("subexpression", Parser(text[at + 2:end - 1]).program(),
                                           False)))
                at = end
            else:
                match = re.match(r"\$(\{[^}]+\}|(?:env|global|script):\w+|[A-Za-z_]\w*|[?^$](?!\w))",
                                 text[at:])
                if match:
                    out += text_of(self.eval_variable(("variable", match.group(1).strip("{}"))))
                    at += match.end()
                else:
                    out += character
                    at += 1
        return out

    def eval_variable(self, node):
        scope, _, name = node[1].rpartition(":")
        if scope.lower() == "env":
            for key, value in self.environment.items():
                if key.lower() == name.lower():
                    return value
            return None
        return self.variables.get(name.lower())

    def eval_group(self, node):
        if node[1][0] == "assign":
            self.do_assign(node[1])
            return self.expression(node[1][1])
        return self.value(node[1])

    def eval_subexpression(self, node):
        items = self.captured(lambda: self.body(node[1]))
        if node[2]:
            return items
        return items[0] if len(items) == 1 else items or None

    def eval_scriptblock(self, node):
        return ScriptBlock(node[1])

    def eval_array(self, node):
        return [self.expression(item) for item in node[1]]

    def eval_not(self, node):
        return not truth(self.expression(node[1]))

    def eval_and(self, node):
        return truth(self.expression(node[1])) and truth(self.expression(node[2]))

    def eval_or(self, node):
        return truth(self.expression(node[1])) or truth(self.expression(node[2]))

    def eval_binary(self, node):
        _, operator, left, right = node
        a, b = self.expression(left), self.expression(right)
        if operator == "+":
            return dotnet.add(a, b)
        if operator == "-f":
            items = b if isinstance(b, list) else [b]
            return re.sub(r"\{(\d+)\}", lambda m: text_of(items[int(m.group(1))]), text_of(a))
        if operator in ("-eq", "-ne"):
            same = (a.lower() == text_of(b).lower()) if isinstance(a, str) else a == b
            return same == (operator == "-eq")
        if operator == "-like":
            return fnmatch.fnmatchcase(text_of(a).lower(), text_of(b).lower())
        if operator == "-match":
            return re.search(text_of(b), text_of(a), re.IGNORECASE) is not None
        if operator == "-replace":
            old, new = b if isinstance(b, list) else (b, "")
            return re.sub(old, new, text_of(a), flags=re.IGNORECASE)
        if operator == "-join":
            return text_of(b).join(text_of(item) for item in dotnet.items(a))
        if operator == "..":
            return list(range(a, b + 1))
        a, b = a or 0, b or 0
        return {"-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "%": lambda: a % b,
                "-gt": lambda: a > b, "-lt": lambda: a < b, "-ge": lambda: a >= b,
                "-le": lambda: a <= b}[operator]()

    def eval_type(self, node):
        return dotnet.static(node[1], self)

    def eval_cast(self, node):
        value = self.expression(node[2])
        name = node[1].lower()
        if name == "void":
            return dotnet.VOID
        if name == "int":
            return int(value)
        if name == "string":
            return text_of(value)
        if name in ("byte[]", "object[]"):
            return value
        raise Refused("PowerShell: cast to [%s]" % node[1])

    def eval_member(self, node):
        return dotnet.member(self.expression(node[1]), node[2], node[3])

    def eval_call(self, node):
        owner = self.expression(node[1])
        arguments = [self.expression(argument) for argument in node[3]]
        return dotnet.call(owner, node[2], arguments, node[4])

    def eval_index(self, node):
        return self.expression(node[1])[self.expression(node[2])]

    def eval_parameter(self, node):
        return "-" + node[1]


def clixml(message):
    text = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return ('#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/'
            '2004/04"><S S="Error">%s_x000D__x000A_</S></Objs>' % text)


def decode_command(text):
    return base64.b64decode(text, validate=True).decode("utf-16-le")


def sleep(process, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        process.check()
        time.sleep(0.01)


def read_script(machine, path, folder):
    with open(machine.local(path, folder), newline="") as file:
        return file.read()


def exists(machine, path, folder):
    return os.path.exists(machine.local(path, folder))
