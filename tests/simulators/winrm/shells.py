"""Shells and their commands: the state behind the protocol, and the order it asks for."""

import base64
import time
import uuid

import commands
import soap
from soap import Broken, Fault, element

STATE = soap.SHELL + "/CommandState/"
SIGNALS = {soap.SHELL + "/signal/" + name: name for name in ("terminate", "ctrl_c", "ctrl_break")}
MAX_SHELLS = 5


class Shell:
    def __init__(self):
        self.id = str(uuid.uuid4()).upper()
        self.commands = {}


class Shells:
    def __init__(self, machine):
        self.machine = machine
        self.shells = {}
        machine.on_restart.append(self.forget)

    def forget(self):
        for shell in self.shells.values():
            for process in shell.commands.values():
                process.killed = True
        self.shells.clear()

    def handle(self, request):
        return getattr(self, "on_" + request.verb.lower())(request)

    def shell(self, request):
        if request.shell_id not in self.shells:
            raise soap.shell_not_found(request.shell_id)
        return self.shells[request.shell_id]

    def command(self, request, node):
        shell, command_id = self.shell(request), node.get("CommandId")
        if command_id not in shell.commands:
            raise Fault(2150858843, "w:InvalidParameter", "no command %s" % command_id)
        return shell, shell.commands[command_id]

    def on_create(self, request):
        if request.options.get("WINRS_CODEPAGE") != "65001":
            raise Broken("WINRS_CODEPAGE is not that of UTF-8")
        if element(request.content, "InputStreams").text != "stdin" or \
                element(request.content, "OutputStreams").text != "stdout stderr":
            raise Broken("streams of the shell")
        if len(self.shells) >= MAX_SHELLS:
            raise Fault(2150859174, "w:QuotaLimit", "The maximum number of concurrent shells for "
                        "this user has been exceeded.")
        shell = Shell()
        self.shells[shell.id] = shell
        return soap.answer(request, (
            '<x:ResourceCreated><a:Address>http://localhost/wsman</a:Address>'
            '<a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI><w:SelectorSet>'
            '<w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            '</x:ResourceCreated><rsp:Shell><rsp:ShellId>%s</rsp:ShellId>'
            '<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr'
            '</rsp:OutputStreams></rsp:Shell>' % (soap.RESOURCE, shell.id, shell.id)))

    def on_delete(self, request):
        shell = self.shell(request)
        for process in shell.commands.values():
            process.killed = True
        del self.shells[shell.id]
        return soap.answer(request, "")

    def on_command(self, request):
        shell = self.shell(request)
        if request.options.get("WINRS_SKIP_CMD_SHELL") != "FALSE":
            raise Broken("WINRS_SKIP_CMD_SHELL is not FALSE")
        console = {"TRUE": True, "FALSE": False}.get(request.options.get("WINRS_CONSOLEMODE_STDIN"))
        if console is None:
            raise Broken("WINRS_CONSOLEMODE_STDIN is neither TRUE nor FALSE")
        line = " ".join([element(request.content, "Command").text or ""] + [
            argument.text or "" for argument in request.content.findall("{%s}Arguments" % soap.SHELL)])
        if len(line) > 8191:
            raise Fault(2150859071, "w:InvalidParameter", "The command line is too long.")
        command_id = str(uuid.uuid4()).upper()
        shell.commands[command_id] = commands.start_command(
            self.machine, self.machine.environment, line, console)
        return soap.answer(request, "<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId>"
                                    "</rsp:CommandResponse>" % command_id)

    def on_send(self, request):
        stream = element(request.content, "Stream")
        if stream.get("Name") != "stdin" or stream.get("End") not in (None, "true", "TRUE"):
            raise Broken("Send: stream %s" % stream.attrib)
        _, process = self.command(request, stream)
        if process.console_input or process.input_ended:
            raise Broken("Send: a console's input, or one that ended")
        if process.done.is_set():
            raise soap.aborted()
        process.feed(base64.b64decode(stream.text or "", validate=True), stream.get("End"))
        return soap.answer(request, "<rsp:SendResponse/>")

    def on_receive(self, request):
        desired = element(request.content, "DesiredStream")
        if desired.text != "stdout stderr":
            raise Broken("Receive: streams %s" % desired.text)
        shell, process = self.command(request, desired)
        command_id = desired.get("CommandId")
        if getattr(process, "told_done", False):
            raise Broken("Receive behind Done")
        pieces, ended = self.wait_output(process, request)
        body = "<rsp:ReceiveResponse>"
        for stream, data in pieces:
            body += '<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>' % (
                stream, command_id, base64.b64encode(data).decode())
        if ended:
            process.told_done = True
            for stream in ("stdout", "stderr"):
                body += '<rsp:Stream Name="%s" CommandId="%s" End="true"></rsp:Stream>' % (
                    stream, command_id)
            body += ('<rsp:CommandState CommandId="%s" State="%sDone"><rsp:ExitCode>%d'
                     '</rsp:ExitCode></rsp:CommandState>' % (command_id, STATE, process.exit_code))
        else:
            body += '<rsp:CommandState CommandId="%s" State="%sRunning"/>' % (command_id, STATE)
        return soap.answer(request, body + "</rsp:ReceiveResponse>")

    def wait_output(self, process, request):
        """[(stream, bytes)] that fit one answer, and whether that was the last."""
        end = time.monotonic() + request.timeout
        room = (request.max_envelope - 4096) // 4 * 3 // 2
        with process.lock:
            while not process.output and not process.done.is_set():
                if request.shell_id not in self.shells:
                    raise soap.aborted()
                left = end - time.monotonic()
                if left <= 0:
                    raise soap.timed_out()
                process.lock.wait(min(left, 0.1))
            pieces = []
            while process.output and room > 0:
                stream, data = process.output.pop(0)
                if len(data) > room:
                    process.output.insert(0, (stream, data[room:]))
                    data = data[:room]
                room -= len(data) + 200
                pieces.append((stream, data))
            return pieces, process.done.is_set() and not process.output

    def on_signal(self, request):
        code = element(request.content, "Code").text
        if code not in SIGNALS:
            raise Broken("Signal: code %s" % code)
        shell, process = self.command(request, request.content)
        process.killed = True
        if SIGNALS[code] == "terminate":
            del shell.commands[request.content.get("CommandId")]
        return soap.answer(request, "<rsp:SignalResponse/>")
