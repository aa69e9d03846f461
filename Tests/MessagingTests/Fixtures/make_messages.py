"""Writes messages.txt: what python-protobuf writes and reads, for our codec to agree with.

Usage: python make_messages.py   (needs protobuf 5 or later; the classes are those of the Python peer)

The header of frame 0 is packed here by the table of protos/README.md. A line is one of

    message NAME BYTES               a message with every field set
    says SIDE KIND FRAME ...         what an end of the conversation of GoldenConversation.swift says; - is an empty frame
    refusal STATUS FRAME ...         the answer to a HELLO of versions 2 to 3
    reading NAME INPUT OUTPUT        bytes of atelier.echo.Everything, and what is left of them after reading and writing
    reading NAME INPUT refused       bytes that python-protobuf does not read
    zeros BYTES                      a deflate block that stands for a mebibyte of zeros, and can be repeated
"""

import pathlib
import struct
import sys
import zlib

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[2] / "Services/Reward/python"))
from atelier_reward.schema import message  # noqa: E402

Everything, Inner, Point = (message("atelier.echo." + n) for n in ("Everything", "Everything.Inner", "Point"))
zrp = {
    name: message("zrp." + name)
    for name in (
        "Limits Hello Welcome GoAway Ping Meta Attachment CallHead MessageHead Detail CallStatus".split()
    )
}
lines = []


def encoded(value):
    return value.SerializeToString(deterministic=True)


# Every message with every field set.

everything = Everything(
    a_int32=-5, a_int64=-(2**60), a_uint32=4_000_000_000, a_uint64=2**63 + 1, a_sint32=-77, a_sint64=-(2**50),
    a_fixed32=123, a_fixed64=2**40, a_sfixed32=-9, a_sfixed64=-(2**41), a_float=1.5, a_double=-0.1, a_bool=True,
    a_string="größer ☺ 😈", a_bytes=b"\x00\xff", colour=2, numbers=[1, -2, 300], weights=[0.5, -0.25],
    flags=[True, False, True], words=["a", "", "c"], blobs=[b"", b"\x01"], colours=[0, 1, 7], limit=0,
    scores={"b": 2.0, "a": 1.0}, detail=Inner(name="chosen", deltas=[-1, 2]), inner=Inner(name="inner"),
    point=Point(x=1, y=2),
)
everything.inners.add(name="one")
everything.inners.add(deltas=[5])
everything.parts[3].name = "three"
largest = zrp["Limits"](
    max_frame_bytes=2**32 - 1, max_message_bytes=2**64 - 1, inline_attachment_bytes=1, chunk_bytes=1024, max_calls=4096,
    call_window_bytes=8 << 20, session_window_bytes=2**63, max_metadata_bytes=16384,
)
meta = [zrp["Meta"](key="schlüssel", value=b"\x00\xff"), zrp["Meta"](key="schlüssel"), zrp["Meta"](value=b"v")]
attachments = [
    zrp["Attachment"](size=5 << 20, chunked=True, crc32c=0xE3069283, name="pixels"),
    zrp["Attachment"](size=0, name="empty"),
    zrp["Attachment"](size=2**64 - 1),
]
heads = {
    "Everything": everything,
    "Limits": largest,
    "Hello": zrp["Hello"](
        version_min=1, version_max=2, peer="gpu-7 ☺", role="sampler", boot_id=0x0102030405060708, limits=largest,
        serves=["atelier.echo.Echo", ""], schema_digest=bytes(range(32)), compression=["zstd", "zlib"], build="1.0",
    ),
    "Welcome": zrp["Welcome"](
        version=1, peer="coordinator", boot_id=2**64 - 1, session_id=10, limits=largest, heartbeat_ms=1000, lease_ms=5000,
        serves=["a.B", "c.D"], compression="zlib", role="coordinator",
    ),
    "GoAway": zrp["GoAway"](reason=3, text="maintenance", last_call_id=2**64 - 1, grace_ms=2000),
    "Ping": zrp["Ping"](sent_ns=2**63, active_calls=1, queued_calls=2, capacity=3, state=2**32 - 1),
    "Meta": meta[0],
    "Attachment": attachments[0],
    "CallHead": zrp["CallHead"](
        method="atelier.echo.Echo/Unary", timeout_us=2**64 - 1, metadata=meta, attempt=2**32 - 1, idempotency_key=b"key",
        attachments=attachments, wait_for_ready=True, uncompressed_bytes=1 << 20,
    ),
    "MessageHead": zrp["MessageHead"](attachments=attachments, uncompressed_bytes=1),
    "Detail": zrp["Detail"](type_url="type.example/Why", value=b"\x01\x02"),
    "CallStatus": zrp["CallStatus"](
        code=16, text="größer ☺ 😈\n", trailers=meta, details=[zrp["Detail"](type_url="x"), zrp["Detail"](value=b"y")],
        retry_after_ms=-(2**31), not_processed=True,
    ),
}
lines += [f"message {name} {encoded(value).hex()}" for name, value in heads.items()]

# A conversation in which every kind of message is said.

KINDS = dict(
    HELLO=1, WELCOME=2, PING=3, PONG=4, GOAWAY=5, RESET=6, REQUEST=16, MESSAGE=17, HEADERS=18, STATUS=19, CANCEL=20,
    CREDIT=21, CHUNK=22,
)  # fmt: skip
END, COMPRESSED = 1, 2


def frames(kind, head=None, *rest, call=0, flags=0, attachments=0, sequence=0, auxiliary=0):
    header = struct.pack("<2sBBHHQII", b"ZR", 1, KINDS[kind], flags, attachments, call, sequence, auxiliary)
    every = [header] + ([] if head is None else [head if isinstance(head, bytes) else encoded(head)]) + list(rest)
    return " ".join([kind] + [frame.hex() or "-" for frame in every])


def says(side, kind, *rest, **fields):
    lines.append(f"says {side} {frames(kind, *rest, **fields)}")


def crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


limits = zrp["Limits"](
    max_frame_bytes=4 << 20, max_message_bytes=1 << 30, inline_attachment_bytes=16, chunk_bytes=1024, max_calls=4096,
    call_window_bytes=4096, session_window_bytes=4096, max_metadata_bytes=16 << 10,
)
small, large, text = bytes([1, 2, 3]), bytes(i & 255 for i in range(1025)), b"\x0a\x40" + b"again " * 10 + b"once"
# Four calls, of which the process works on three.
ping = zrp["Ping"](active_calls=3, queued_calls=1, capacity=3)
says(
    "dialer", "HELLO",
    zrp["Hello"](
        version_min=1, version_max=1, peer="dialer", role="sampler", boot_id=0x0102030405060708, limits=limits,
        serves=["atelier.echo.Echo"], compression=["zlib"],
    ),
)  # fmt: skip
says(
    "listener", "WELCOME",
    zrp["Welcome"](
        version=1, peer="listener", boot_id=9, session_id=10, limits=limits, heartbeat_ms=1000, lease_ms=5000,
        serves=["atelier.echo.Echo", "grpc.health.v1.Health"], compression="zlib", role="coordinator",
    ),
)  # fmt: skip
says(
    "dialer", "REQUEST",
    zrp["CallHead"](
        method="atelier.echo.Echo/Bidirectional", timeout_us=5_000_000, metadata=[zrp["Meta"](key="k", value=b"v")],
        attempt=2, idempotency_key=b"key", wait_for_ready=True,
        attachments=[
            zrp["Attachment"](size=3, crc32c=crc32c(small), name="small"),
            zrp["Attachment"](size=1025, chunked=True, crc32c=crc32c(large), name="large"),
        ],
    ),
    b"\x0a\x01a", small, call=1, attachments=1,
)  # fmt: skip
says("dialer", "CHUNK", large[:1024], call=1, sequence=0, auxiliary=1)
says("dialer", "CHUNK", large[1024:], call=1, sequence=1, auxiliary=1)
# The body of the request and the first chunk: a quarter of either window.
says("listener", "CREDIT", call=1, auxiliary=3 + 3 + 1024)
says("listener", "CREDIT", call=0, auxiliary=3 + 3 + 1024)
says(
    "dialer", "MESSAGE", zrp["MessageHead"](uncompressed_bytes=len(text)), zlib.compress(text, 1),
    call=1, flags=COMPRESSED, sequence=1,
)  # fmt: skip
says("dialer", "MESSAGE", b"", call=1, flags=END, sequence=2)
says("listener", "HEADERS", zrp["CallStatus"](trailers=[zrp["Meta"](key="x-first", value=b"1")]), call=1)
says("listener", "MESSAGE", b"", b"\x10\x05", call=1, flags=END)
trailers = [zrp["Meta"](key="x-last", value=b"2")]
says("listener", "STATUS", zrp["CallStatus"](trailers=trailers), call=1, flags=END)
says("dialer", "PING", ping, sequence=1)
says("listener", "PONG", ping, sequence=1)
unary = zrp["CallHead"](method="atelier.echo.Echo/Unary", timeout_us=5_000_000)
says("dialer", "REQUEST", unary, b"", call=3, flags=END)
says(
    "listener", "STATUS",
    zrp["CallStatus"](
        code=5, text="no such picture ☺", details=[zrp["Detail"](type_url="type.example/Why", value=b"\x01\x02")],
        trailers=trailers, retry_after_ms=-1, not_processed=True,
    ),
    call=3, flags=END, auxiliary=5,
)  # fmt: skip
says("dialer", "REQUEST", unary, call=5)
says("dialer", "CANCEL", call=5)
says("listener", "GOAWAY", zrp["GoAway"](text="maintenance", last_call_id=5, grace_ms=2000))
says("dialer", "RESET", zrp["CallStatus"](code=14, text="the session was drained"))
refusal = zrp["CallStatus"](code=9, text="this end speaks ZRP/1, the peer 2 to 3")
lines.append(f"refusal {frames('STATUS', refusal, auxiliary=9)}")

# What is left of bytes that no encoder writes, or that several would write in several ways.


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(number, kind, content):
    return varint(number << 3 | kind) + (varint(len(content)) + content if kind == 2 else content)


def part(**fields):
    return encoded(Everything(**fields))


minus_one = varint(2**64 - 1)
label, detail, flag = part(label="x"), part(detail=Inner(name="inner")), part(default=True)
readings = {
    "nothing": b"",
    "merged-message": part(inner=Inner(name="a", deltas=[1])) + part(inner=Inner(deltas=[2])),
    "merged-scalar": part(inner=Inner(name="a")) + part(inner=Inner(name="b")),
    "merged-point": part(point=Point(x=1)) + part(a_int32=1) + part(point=Point(y=2)),
    "merged-empty": part(point=Point(x=1)) + part(point=Point()),
    "merged-in-an-entry": field(26, 2, field(1, 0, b"\3") + field(2, 2, encoded(Inner(name="a")))
    + field(2, 2, encoded(Inner(deltas=[1])))),
    "merged-in-a-oneof": part(detail=Inner(name="a")) + part(a_int32=1) + part(detail=Inner(name="b", deltas=[1]))
    + part(detail=Inner(deltas=[2])),
    "not-merged": part(inners=[Inner(name="a")]) + part(inners=[Inner(deltas=[1])]),
    "last-scalar": part(a_int32=1, a_string="a") + part(a_int32=2, a_string="b"),
    "default-last": part(a_int32=1) + field(1, 0, b"\0"),
    "oneof-flag-last": label + detail + flag,
    "oneof-label-last": flag + detail + label,
    "oneof-detail-last": flag + detail,
    "oneof-same-twice": detail + part(detail=Inner(deltas=[1])),
    "oneof-detail-anew": detail + label + part(detail=Inner(deltas=[1])),
    "oneof-default-value": label + field(31, 0, b"\0"),
    "optional-zero": field(27, 0, b"\0"),
    "unknown-enumerator": field(16, 0, varint(77)),
    "unknown-enumerators": field(23, 2, varint(77) + varint(1)) + field(23, 0, minus_one),
    "negative-enumerator": field(16, 0, minus_one),
    "unknown-fields": field(100, 0, varint(300)) + field(101, 1, bytes(8)) + field(102, 2, b"abc")
    + field(103, 5, bytes(4)) + part(a_int32=1),
    "unknown-inside": field(17, 2, field(100, 2, b"abc") + encoded(Inner(name="a"))),
    "largest-number": field(2**29 - 1, 0, b"\1"),
    "unpacked": b"".join(field(18, 0, varint(i)) for i in (1, 2, 300)) + field(19, 5, struct.pack("<f", 0.5)),
    "packed-twice": field(18, 2, b"\1\2") + field(18, 2, b"\3"),
    "packed-and-not": field(18, 2, b"\1\2") + field(18, 0, b"\3") + field(18, 2, b"\4"),
    "packed-nothing": field(18, 2, b""),
    "map-same-key": part(scores={"a": 1}) + part(scores={"b": 3}) + part(scores={"a": 2}),
    "map-without-value": field(25, 2, field(1, 2, b"a")),
    "map-without-key": field(25, 2, field(2, 1, struct.pack("<d", 2))),
    "map-empty-entry": field(25, 2, b""),
    "map-value-first": field(25, 2, field(2, 1, struct.pack("<d", 2)) + field(1, 2, b"a")),
    "map-message-absent": field(26, 2, field(1, 0, b"\3")),
    "long-varint": field(1, 0, b"\x85\x80\x80\x00"),
    "long-tag": b"\x88\x80\x00\x05",
    "long-length": b"\x72\x81\x80\x00a",
    "wide-uint32": field(3, 0, varint(2**40 + 5)),
    "wide-int32": field(1, 0, varint(2**32 - 1)),
    "wide-sint32": field(5, 0, varint(2**33 + 3)),
    "wide-enumerator": field(16, 0, varint(2**32 + 1)),
    "wide-bool": field(13, 0, varint(2)) + field(31, 0, varint(128)),
    "wide-bools": field(20, 2, varint(2) + varint(2**35) + b"\x80\x00"),
    "nan": field(12, 1, struct.pack("<Q", 0x7FF8000000000001)) + field(11, 5, struct.pack("<I", 0xFF800000)),
    # Refused by us, and by python-protobuf as it may be.
    "group": field(100, 3, b"") + field(1, 0, b"\1") + field(100, 4, b""),
    "group-without-end": field(100, 3, b"") + field(1, 0, b"\1"),
    "end-of-no-group": field(100, 4, b""),
    "wire-type-6": field(100, 6, b""),
    "wire-type-7": field(1, 7, b""),
    "other-wire-type": field(1, 2, b"a"),
    "number-0": b"\x00\x00",
    "short-varint": b"\x08\x80",
    "short-fixed32": field(7, 5, b"\0\0\0"),
    "short-fixed64": field(8, 1, bytes(7)),
    "short-text": b"\x72\x05a",
    "short-message": field(17, 2, b"\x0a\x05a"),
    "short-packed": field(18, 2, b"\x80"),
    "short-packed-fixed": field(19, 2, bytes(5)),
    "eleven-byte-varint": field(1, 0, b"\xff" * 10 + b"\1"),
    "length-past-64-bits": b"\x72" + b"\xff" * 9 + b"\x02",
    "latin-1": field(14, 2, b"\xe4"),
    "surrogate": field(14, 2, b"\xed\xa0\x80"),
    "overlong-utf-8": field(14, 2, b"\xc0\xaf"),
    "past-unicode": field(14, 2, b"\xf4\x90\x80\x80"),
    "half-a-character": field(14, 2, b"\xe2\x98"),
    "latin-1-key": field(25, 2, field(1, 2, b"\xe4")),
    "nul": field(14, 2, b"a\0b"),
}  # fmt: skip
for name, given in readings.items():
    read = Everything()
    try:
        read.ParseFromString(given)
        read.DiscardUnknownFields()
        result = encoded(read).hex() or "-"
    except Exception:
        result = "refused"
    lines.append(f"reading {name} {given.hex() or '-'} {result}")

encoder = zlib.compressobj(9)
zeros = encoder.compress(bytes(1 << 20)) + encoder.flush(zlib.Z_FULL_FLUSH)
lines.append(f"zeros {zeros[2:].hex()}")
(here / "messages.txt").write_text("\n".join(lines) + "\n")
