#!/usr/bin/env python3
"""A WinRM server: strict about the protocol, in front of a small Windows of its own.

  server.py --root FOLDER [--user NAME --password WORD] [--auth basic|ntlm] [--tls CERT KEY]
            [--faults FILE] [--log FILE] [--max-envelope BYTES] [--restart-seconds S] [--port N]

Prints "port N" and runs until its standard input ends. FOLDER/c is drive C:. --log gets a line per
request: verb and outcome. --faults is a JSON list that may be replaced while the server runs; each
entry {"verb": V, "kind": K, "count": N, "after": M} hits N requests of that verb after M were let
through. Kinds: "timeout" (fault TimedOut), "drop" (the connection closes without an answer),
"answer-lost" (done, but the answer does not arrive), "401", "503", "garbage" (HTTP 200, no SOAP),
"expired" (all shells are gone), "slow" (half a second late)."""

import argparse
import base64
import json
import os
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands  # noqa: E402
import ntlm  # noqa: E402
import soap  # noqa: E402
from machine import Machine  # noqa: E402
from shells import Shells  # noqa: E402


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.ntlm_nonce, self.logged_in = None, False

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.verb = "-"
        try:
            self.answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self):
        server = self.server
        length = self.headers.get("Content-Length")
        if length is None or self.headers.get("Transfer-Encoding"):
            return self.reply(411, "")
        body = self.rfile.read(int(length))
        if server.machine.down():
            return self.drop("down")
        if self.path != "/wsman":
            return self.reply(404, "")
        if not self.log_in():
            return None
        if self.headers.get("Content-Type") != "application/soap+xml;charset=UTF-8":
            return self.reply(415, "", "content type")
        return self.handle_request(body)

    def handle_request(self, body):
        server = self.server
        related, boots = "", server.machine.boots
        try:
            request = soap.Request(body, server.url, server.max_envelope)
            self.verb, related = request.verb, request.message_id
            fault = server.fault_for(request.verb)
            if fault and self.injected(fault, request):
                return None
            try:
                text = server.shells.handle(request)
            finally:
                if server.machine.boots != boots:
                    return self.drop("restarted")
            if len(text) > request.max_envelope:
                raise soap.Broken("answer of %d bytes" % len(text))
            if fault == "answer-lost":
                return self.drop("answer-lost")
            return self.reply(200, text, "ok")
        except soap.Fault as error:
            return self.reply(500, soap.fault(error, related), "fault %s" % error.subcode)
        except soap.Broken as broken:
            server.broken.append(str(broken))
            return self.reply(500, soap.fault(soap.Fault(
                2150858817, "w:SchemaValidationError", "broken request: %s" % broken), related),
                "broken %s" % broken)

    def injected(self, kind, request):
        """True when the fault is the whole answer."""
        if kind == "timeout":
            raise soap.timed_out()
        if kind == "drop":
            self.drop("drop")
        elif kind in ("401", "503"):
            self.reply(int(kind), "", kind)
        elif kind == "garbage":
            self.reply(200, "<html>hello</html>", kind)
        elif kind == "expired":
            self.server.shells.forget()
            return False
        elif kind == "slow":
            time.sleep(0.5)
            return False
        else:
            return False
        return True

    # -- login
    def log_in(self):
        server, given = self.server, self.headers.get("Authorization", "")
        if server.auth == "basic":
            wanted = "Basic " + base64.b64encode(
                ("%s:%s" % (server.user, server.password)).encode()).decode()
            if given == wanted:
                return True
            self.reply(401, "", "401", {"WWW-Authenticate": 'Basic realm="WSMAN"'})
            return False
        if given.startswith("NTLM "):
            return self.log_in_ntlm(base64.b64decode(given[5:]))
        if self.logged_in:
            return True
        self.reply(401, "", "401", {"WWW-Authenticate": "NTLM"})
        return False

    def log_in_ntlm(self, message):
        if message[:12] == b"NTLMSSP\0\x01\0\0\0":
            self.ntlm_nonce, answer = ntlm.challenge()
            self.reply(401, "", "challenge",
                       {"WWW-Authenticate": "NTLM " + base64.b64encode(answer).decode()})
            return False
        nonce, self.ntlm_nonce = self.ntlm_nonce, None
        self.logged_in = nonce is not None and ntlm.check(message, nonce, self.server.machine.users)
        if not self.logged_in:
            self.reply(401, "", "401", {"WWW-Authenticate": "NTLM"})
        return self.logged_in

    # -- answers
    def drop(self, why):
        self.server.note(self.verb, why)
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def reply(self, status, text, note="", headers=None):
        self.server.note(self.verb, note or str(status))
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        self.machine = Machine(options.root, options.restart_seconds)
        commands.task_machine[0] = self.machine
        self.machine.users[options.user.lower()] = options.password
        if options.registry:
            self.machine.registry.update(options.registry)
        self.shells = Shells(self.machine)
        self.user, self.password, self.auth = options.user, options.password, options.auth
        self.max_envelope = options.max_envelope
        self.fault_file, self.log_file = options.faults, options.log
        self.faults, self.fault_stamp = [], None
        self.lock, self.broken = threading.Lock(), []
        self.url = "%s://127.0.0.1:%d/wsman" % ("https" if options.tls else "http",
                                                self.server_address[1])
        if options.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*options.tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, OSError)):
            super().handle_error(request, address)

    def note(self, verb, outcome):
        if self.log_file:
            with self.lock, open(self.log_file, "a") as file:
                file.write("%s %s\n" % (verb, outcome))

    def fault_for(self, verb):
        with self.lock:
            if self.fault_file and os.path.exists(self.fault_file):
                stamp = os.stat(self.fault_file).st_mtime_ns
                if stamp != self.fault_stamp:
                    self.fault_stamp = stamp
                    with open(self.fault_file) as file:
                        self.faults = json.load(file)
            for entry in self.faults:
                if entry["verb"] != verb:
                    continue
                if entry.get("after", 0) > 0:
                    entry["after"] -= 1
                elif entry["count"] > 0:
                    entry["count"] -= 1
                    return entry["kind"]
        return None


def main(arguments=None):
    words = argparse.ArgumentParser()
    words.add_argument("--root", required=True)
    words.add_argument("--user", default="farm")
    words.add_argument("--password", default="secret")
    words.add_argument("--auth", choices=("basic", "ntlm"), default="basic")
    words.add_argument("--tls", nargs=2)
    words.add_argument("--faults")
    words.add_argument("--log")
    words.add_argument("--registry", action="append")
    words.add_argument("--max-envelope", type=int, default=153600)
    words.add_argument("--restart-seconds", type=float, default=0.3)
    words.add_argument("--port", type=int, default=0)
    server = Server(words.parse_args(arguments))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("port %d" % server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
