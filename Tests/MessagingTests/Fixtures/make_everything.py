"""Writes everything.txt: protobuf messages encoded by python-protobuf, one `name hex` a line.

Usage: python make_everything.py   (needs protobuf and protoc)
"""

import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
protos = here.parents[2] / "protos"
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["protoc", f"-I{protos}", f"--python_out={folder}", "echo.proto", "zrp.proto"], check=True)
    sys.path.insert(0, folder)
    import echo_pb2
    import zrp_pb2

    full = echo_pb2.Everything(
        a_int32=-5, a_int64=-(2**60), a_uint32=4_000_000_000, a_uint64=2**63 + 1, a_sint32=-77, a_sint64=-(2**50),
        a_fixed32=123, a_fixed64=2**40, a_sfixed32=-9, a_sfixed64=-(2**41), a_float=1.5, a_double=-0.1, a_bool=True,
        a_string="größer ☺ 😈", a_bytes=b"\x00\xff", colour=2, numbers=[1, -2, 300], weights=[0.5, -0.25],
        flags=[True, False, True], words=["a", "", "c"], blobs=[b"", b"\x01"], colours=[0, 1, 7], limit=0,
        scores={"b": 2.0, "a": 1.0}, detail=echo_pb2.Everything.Inner(name="chosen", deltas=[-1, 2]),
        inner=echo_pb2.Everything.Inner(name="inner"), point=echo_pb2.Point(x=1, y=2),
    )
    full.inners.add(name="one")
    full.inners.add(deltas=[5])
    full.parts[3].name = "three"
    call = zrp_pb2.CallHead(
        method="atelier.echo.Echo/Unary", timeout_us=1_500_000, attempt=1, idempotency_key=b"key",
        metadata=[zrp_pb2.Meta(key="k", value=b"v")],
        attachments=[zrp_pb2.Attachment(size=5 << 20, chunked=True, name="pixels")],
    )
    lines = [
        f"everything {full.SerializeToString(deterministic=True).hex()}",
        f"empty {echo_pb2.Everything().SerializeToString().hex()}",
        f"callHead {call.SerializeToString(deterministic=True).hex()}",
    ]
    (here / "everything.txt").write_text("\n".join(lines) + "\n")
