"""What every process serves beside its own services: health and reflection."""

import threading

from google.protobuf import descriptor_pb2

from . import schema, wire
from .wire import RPCError

CheckResponse, ListResponse = (
    schema.message("grpc.health.v1." + name) for name in ("HealthCheckResponse", "HealthListResponse")
)
ServicesReply, SchemaReply = (schema.message("atelier.reflection." + name) for name in ("ServicesReply", "SchemaReply"))
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


class Health:
    def __init__(self):
        self._changed = threading.Condition()
        self._statuses = {"": SERVING}

    def set(self, service, status):
        with self._changed:
            self._statuses[service] = status
            self._changed.notify_all()

    def check(self, context, request):
        if request.service not in self._statuses:
            raise RPCError(wire.NOT_FOUND, f"there is no service '{request.service}' here")
        return CheckResponse(status=self._statuses[request.service])

    def list(self, context, request):
        reply = ListResponse()
        for service, status in self._statuses.items():
            reply.statuses[service].status = status
        return reply

    def watch(self, context, request):
        last = None
        while not context.call.cancelled.is_set():
            with self._changed:
                now = self._statuses.get(request.service, SERVICE_UNKNOWN)
                if now == last:
                    self._changed.wait(0.1)
                    continue
            last = now
            yield CheckResponse(status=now)


def add_standard_services(peer):
    """Serves health and reflection; returns the health, for changes."""
    health = Health()
    for service in peer.services:
        health.set(service, SERVING)
    peer.add("grpc.health.v1.Health", {"Check": health.check, "List": health.list, "Watch": health.watch})

    def describe(context, request):
        files = schema.files_declaring(request.symbol)
        if not files:
            raise RPCError(wire.NOT_FOUND, f"'{request.symbol}' is not declared here")
        return SchemaReply(descriptor_set=descriptor_pb2.FileDescriptorSet(file=files).SerializeToString())

    peer.add(
        "atelier.reflection.Reflection",
        {"Services": lambda context, request: ServicesReply(services=sorted(peer.services)), "Schema": describe},
    )
    return health
