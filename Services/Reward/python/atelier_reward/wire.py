"""Frames of ZRP/1: the header, the kinds, and what a status is. See protos/README.md."""

import struct
import zlib

from .schema import message

HELLO, WELCOME, PING, PONG, GOAWAY, RESET = 1, 2, 3, 4, 5, 6
REQUEST, MESSAGE, HEADERS, STATUS, CANCEL, CREDIT, CHUNK = 16, 17, 18, 19, 20, 21, 22
KINDS = {HELLO, WELCOME, PING, PONG, GOAWAY, RESET, REQUEST, MESSAGE, HEADERS, STATUS, CANCEL, CREDIT, CHUNK}
END, COMPRESSED = 1, 2

CODES = (
    "ok cancelled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied "
    "resource_exhausted failed_precondition aborted out_of_range unimplemented internal unavailable data_loss "
    "unauthenticated"
).split()
(
    OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
    RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS,
    UNAUTHENTICATED,
) = range(17)  # fmt: skip

MAXIMUM_BODY = 1 << 20
MAXIMUM_HEAD = 64 << 10
MAXIMUM_ATTACHMENTS = 16

Hello, Welcome, GoAway, Ping, CallHead, MessageHead, CallStatus = (
    message("zrp." + name) for name in "Hello Welcome GoAway Ping CallHead MessageHead CallStatus".split()
)

_LAYOUT = struct.Struct("<2sBBHHQII")


class Malformed(Exception):
    """The peer broke the protocol: the session cannot go on."""


class RPCError(Exception):
    """How a call ended, when it did not end well."""

    def __init__(self, code, text="", details=(), trailers=(), retry_after_ms=0, not_processed=False):
        super().__init__(f"{CODES[code] if code < 17 else code}: {text}")
        self.code, self.text = code, text
        self.details, self.trailers = list(details), list(trailers)
        self.retry_after_ms, self.not_processed = retry_after_ms, not_processed

    def head(self):
        head = CallStatus(
            code=self.code, text=self.text.replace("\0", "\ufffd")[:4096], retry_after_ms=self.retry_after_ms,
            not_processed=self.not_processed,
        )  # fmt: skip
        for key, value in self.trailers:
            head.trailers.add(key=key, value=value)
        for type_url, value in self.details:
            head.details.add(type_url=type_url, value=value)
        return head

    @classmethod
    def of(cls, code, head):
        return cls(
            code if code < 17 else UNKNOWN, head.text, [(d.type_url, d.value) for d in head.details],
            [(t.key, t.value) for t in head.trailers], head.retry_after_ms, head.not_processed,
        )  # fmt: skip


class Header:
    """Frame 0."""

    __slots__ = ("kind", "flags", "attachments", "call", "sequence", "auxiliary")

    def __init__(self, kind, call=0, flags=0, attachments=0, sequence=0, auxiliary=0):
        self.kind, self.flags, self.attachments = kind, flags, attachments
        self.call, self.sequence, self.auxiliary = call, sequence, auxiliary

    def encoded(self):
        return _LAYOUT.pack(
            b"ZR", 1, self.kind, self.flags, self.attachments, self.call, self.sequence, self.auxiliary
        )

    @classmethod
    def read(cls, frame):
        """The header, or None for a message of an extension, which is to be ignored."""
        if len(frame) != 24:
            raise Malformed(f"a header of {len(frame)} bytes")
        magic, version, kind, flags, attachments, call, sequence, auxiliary = _LAYOUT.unpack(frame)
        if magic != b"ZR" or version != 1:
            raise Malformed("no header of ZRP/1")
        if 32 <= kind <= 63:
            return None
        if kind not in KINDS:
            raise Malformed(f"kind {kind}")
        return cls(kind, call, flags, attachments, sequence, auxiliary)


def parse(kind, frame):
    """A head of a type."""
    if len(frame) > MAXIMUM_HEAD:
        raise Malformed(f"a head of {len(frame)} bytes")
    try:
        return kind.FromString(bytes(frame))
    except Exception as error:
        raise Malformed(f"a head that is no {kind.DESCRIPTOR.name}") from error


def inflate(body, size):
    """The body that was compressed to these bytes; never allocates more than `size`."""
    decoder = zlib.decompressobj()
    try:
        plain = decoder.decompress(bytes(body), size + 1)
    except zlib.error:
        plain = b""
    if len(plain) != size or not decoder.eof or decoder.unused_data:
        raise RPCError(DATA_LOSS, f"the compressed body is not {size} bytes")
    return plain


_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


def crc32c(data):
    """CRC-32C, a byte at a time: for small attachments only."""
    state = 0xFFFFFFFF
    for byte in bytes(data):
        state = _TABLE[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF
