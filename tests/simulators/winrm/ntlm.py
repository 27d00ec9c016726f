"""The server's half of NTLMv2 (MS-NLMP): a challenge, and the check of the answer to it."""

import hashlib
import hmac
import os
import struct


def md4(data):
    def rotate(value, bits):
        return ((value << bits) | (value >> (32 - bits))) & 0xFFFFFFFF
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    data += b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    for at in range(0, len(data), 64):
        x = struct.unpack("<16I", data[at:at + 64])
        a, b, c, d = state
        for number in range(48):
            if number < 16:
                f, k, add, shifts = (b & c) | (~b & d), number, 0, (3, 7, 11, 19)
            elif number < 32:
                f, k = (b & c) | (b & d) | (c & d), (number % 4) * 4 + (number - 16) // 4
                add, shifts = 0x5A827999, (3, 5, 9, 13)
            else:
                f = b ^ c ^ d
                k = int("{:04b}".format(number - 32)[::-1], 2)
                add, shifts = 0x6ED9EBA1, (3, 9, 11, 15)
            a, b, c, d = d, rotate((a + f + x[k] + add) & 0xFFFFFFFF, shifts[number % 4]), b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


FLAGS = 0x00088201 | 0x02000000 | 0x20000000 | 0x80000000 | 0x00800000 | 0x00010000


def challenge():
    """(server challenge, type 2 message)."""
    nonce = os.urandom(8)
    target = "WINGUEST".encode("utf-16-le")
    pairs = b"".join(struct.pack("<HH", kind, len(target)) + target for kind in (2, 1)) + b"\0" * 4
    header = b"NTLMSSP\0" + struct.pack("<I", 2)
    header += struct.pack("<HHI", len(target), len(target), 56)
    header += struct.pack("<I", FLAGS) + nonce + b"\0" * 8
    header += struct.pack("<HHI", len(pairs), len(pairs), 56 + len(target))
    header += b"\x0a\0\x63\x45\0\0\0\x0f"
    return nonce, header + target + pairs


def check(message, nonce, users):
    """Whether a type 3 message proves knowledge of a user's password."""
    def field(at):
        length, _, offset = struct.unpack("<HHI", message[at:at + 8])
        return message[offset:offset + length]
    if message[:12] != b"NTLMSSP\0\x03\0\0\0":
        return False
    answer, domain, user = field(20), field(28), field(36)
    name = user.decode("utf-16-le")
    password = users.get(name.lower())
    if password is None or len(answer) < 24:
        return False
    key = hmac.new(md4(password.encode("utf-16-le")),
                   (name.upper() + domain.decode("utf-16-le")).encode("utf-16-le"),
                   hashlib.md5).digest()
    proof = hmac.new(key, nonce + answer[16:], hashlib.md5).digest()
    return hmac.compare_digest(proof, answer[:16])
