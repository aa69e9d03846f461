"""The messages of protos/*.proto, from the descriptor set that `deploy/task protos` writes beside this file."""

import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_pool = descriptor_pool.DescriptorPool()
_files = descriptor_pb2.FileDescriptorSet.FromString(
    (pathlib.Path(__file__).parent / "schema.binpb").read_bytes()
)
for _file in _files.file:
    _pool.Add(_file) if hasattr(_pool, "Add") else _pool.AddSerializedFile(_file.SerializeToString())


def _class_of(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool).GetPrototype(descriptor)


_classes = {}


def message(name):
    """The class of a message by its full name, `atelier.score.PicturesRequest`."""
    if name not in _classes:
        _classes[name] = _class_of(_pool.FindMessageTypeByName(name))
    return _classes[name]


class Method:
    """A method of a service: its types, and which sides stream."""

    def __init__(self, path):
        service, _, name = path.partition("/")
        try:
            descriptor = _pool.FindServiceByName(service).methods_by_name[name]
        except KeyError:
            raise KeyError(f"no method {path} in the schema") from None
        self.path = path
        self.input = message(descriptor.input_type.full_name)
        self.output = message(descriptor.output_type.full_name)
        proto = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(proto)
        self.client_streams = proto.client_streaming
        self.server_streams = proto.server_streaming


def methods(service):
    """All methods of a service by name."""
    return {m.name: Method(f"{service}/{m.name}") for m in _pool.FindServiceByName(service).methods}


def files_declaring(symbol):
    """Descriptors of the files that declare a symbol and of those that they need; all of them for no symbol."""
    by_name = {file.name: file for file in _files.file}
    if not symbol:
        return list(_files.file)
    try:
        wanted = [_pool.FindFileContainingSymbol(symbol).name]
    except KeyError:
        return []
    for name in wanted:
        wanted += [d for d in by_name[name].dependency if d not in wanted]
    return [file for file in _files.file if file.name in wanted]
