"""Writes schemas.txt: the FileDescriptorSets of small .proto files, one `NAME BYTES` a line.

Usage: python make_schemas.py   (needs protoc)
"""

import pathlib
import subprocess
import tempfile

here = pathlib.Path(__file__).resolve().parent
schemas = {
    "fine": 'syntax = "proto3"; package a; message Leaf { string name = 1; } enum Kind { NONE = 0; }'
    " message Tree { repeated Leaf leaves = 1; map<string, Leaf> named = 2; oneof choice { Leaf leaf = 3; Kind kind = 4; }"
    " message Inner { Leaf leaf = 1; } Inner inner = 5; }"
    " service Forest { rpc Plant(Tree) returns (stream Leaf); }",
    "itself": 'syntax = "proto3"; package a; message Node { string name = 1; Node next = 2; }',
    "each-other": 'syntax = "proto3"; package a; message Hen { repeated Egg eggs = 1; } message Egg { Hen hen = 1; }',
    "by-a-map": 'syntax = "proto3"; package a; message Node { map<string, Node> children = 1; }',
    "by-a-oneof": 'syntax = "proto3"; package a; message Node { oneof opt_next { Node next = 1; } }',
    "by-its-inner": 'syntax = "proto3"; package a; message Outer { message Inner { Outer outer = 1; } Inner inner = 1; }',
    "by-an-import": 'syntax = "proto3"; package a; import "google/protobuf/struct.proto";'
    " message Holder { google.protobuf.Struct any = 1; }",
    "required": 'syntax = "proto2"; package a; message Old { required string name = 1; }',
    "group": 'syntax = "proto2"; package a; message Old { optional group Part = 1 { optional string name = 2; } }',
    "no-syntax": "package a; message Old { optional string name = 1; }",
    "optional": 'syntax = "proto3"; package a; message New { optional string name = 1; }',
    "extension": 'syntax = "proto3"; package a; import "google/protobuf/descriptor.proto"; message Holder {'
    " extend google.protobuf.FieldOptions { string unit = 50000; } }",
    "same-name": 'syntax = "proto3"; package a; message KindService { string name = 1; } service Kind { }',
}
lines = []
for name, text in schemas.items():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "a.proto").write_text(text)
        imports = ["--include_imports"] if name == "by-an-import" else []
        command = ["protoc", f"-I{folder}", *imports, "--descriptor_set_out", str(path / "set"), "a.proto"]
        subprocess.run(command, check=True)
        lines.append(f"{name} {(path / 'set').read_bytes().hex()}")
(here / "schemas.txt").write_text("\n".join(lines) + "\n")
