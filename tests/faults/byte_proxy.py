"""ByteProxy: a line between two programs that speak ZMTP, in the hands of somebody who may change what
passes but has no key: frames are corrupted, replayed, cut short, or the line is broken in the middle of
one."""

import random
import select
import socket
import threading
import time

GREETING = 64
HANDSHAKE = 3          # frames of each side before the first message
LONG, COMMAND = 2, 4   # flags of a frame

FAULTS = ("corrupt", "replay", "truncate", "break", "inject")


class _Way:
    """One direction of a connection, cut into frames."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.bytes = bytearray()
        self.greeting = GREETING  # bytes of it still to come; they come by and by
        self.frames = 0

    def pieces(self):
        """What is complete: (whether it is a message, its bytes)."""
        if self.greeting and self.bytes:
            piece = bytes(self.bytes[:self.greeting])
            self.greeting -= len(piece)
            del self.bytes[:len(piece)]
            yield False, piece
        while len(self.bytes) >= 2:
            if not self.bytes[0] & LONG:
                size = 2 + self.bytes[1]
            elif len(self.bytes) < 9:
                return
            else:
                size = 9 + int.from_bytes(self.bytes[1:9], "big")
            if len(self.bytes) < size:
                return
            self.frames += 1
            message = self.frames > HANDSHAKE and not self.bytes[0] & COMMAND
            piece = bytes(self.bytes[:size])
            del self.bytes[:size]
            yield message, piece


class ByteProxy:
    """Listens on two ports beside each other, as control and bulk endpoints are; `targets` are the
    real ones. While `fault` names one of FAULTS, about one message in `every` meets it."""

    def __init__(self, targets, seed):
        self.fault = None
        self.every = 6
        self.met = {fault: 0 for fault in FAULTS}
        self._dice = random.Random(seed)
        self._targets = targets
        self._listeners = self._listen(len(targets))
        self.port = self._listeners[0].getsockname()[1]
        self._lines = []  # lists of two ways
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _listen(count):
        while True:
            listeners = [socket.create_server(("127.0.0.1", 0))]
            first = listeners[0].getsockname()[1]
            try:
                for i in range(1, count):
                    listeners.append(socket.create_server(("127.0.0.1", first + i)))
                return listeners
            except OSError:  # a port in use: other ones
                for listener in listeners:
                    listener.close()

    def talks(self):
        """Whether messages pass both ways on a line."""
        return sum(all(way.frames > HANDSHAKE for way in line) for line in list(self._lines)) > 0

    def close(self):
        self._stop.set()
        self._thread.join(timeout=10)
        for line in list(self._lines):
            self._end(line)
        for listener in self._listeners:
            listener.close()

    def _run(self):
        while not self._stop.is_set():
            ways = {way.source: (line, way) for line in self._lines for way in line}
            ready = select.select([*self._listeners, *ways], [], [], 0.1)[0]
            for one in ready:
                if one in self._listeners:
                    self._accept(self._listeners.index(one))
                elif ways[one][0] in self._lines:
                    self._pass(*ways[one])

    def _accept(self, index):
        client = self._listeners[index].accept()[0]
        try:
            server = socket.create_connection(("127.0.0.1", self._targets[index]), timeout=5)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.settimeout(5)
        self._lines.append([_Way(client, server), _Way(server, client)])

    def _end(self, line):
        if line in self._lines:
            self._lines.remove(line)
        for way in line:
            way.source.close()

    def _pass(self, line, way):
        try:
            data = way.source.recv(1 << 16)
            if not data:
                return self._end(line)
            way.bytes += data
            for message, piece in way.pieces():
                if message and self.fault and self._dice.randrange(self.every) == 0:
                    if not self._hurt(way, piece):
                        return self._end(line)
                else:
                    way.target.sendall(piece)
        except OSError:
            self._end(line)

    def _hurt(self, way, piece):
        """False: the line ends here."""
        fault = self.fault if self.fault != "all" else self._dice.choice(FAULTS)
        self.met[fault] += 1
        head = 9 if piece[0] & LONG else 2
        if fault == "corrupt":
            broken = bytearray(piece)
            broken[self._dice.randrange(head, len(piece))] ^= 1 << self._dice.randrange(8)
            way.target.sendall(broken)
        elif fault == "replay":
            way.target.sendall(piece + piece)
        elif fault == "truncate":  # a whole frame of fewer bytes
            body = piece[head:head + self._dice.randrange(len(piece) - head)]
            way.target.sendall(bytes([piece[0] | LONG]) + len(body).to_bytes(8, "big") + body)
        elif fault == "break":
            way.target.sendall(piece[:self._dice.randrange(len(piece))])
            return False
        else:  # a message of somebody without the key
            body = bytes(self._dice.randrange(256) for _ in range(40))
            way.target.sendall(bytes([0, len(body)]) + body + piece)
        return True
