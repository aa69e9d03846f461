"""What handlers get and give beside their messages."""

import contextvars
import time

from . import wire
from .wire import RPCError

# The deadline of the call that this thread serves; calls that it makes inherit it.
deadline = contextvars.ContextVar("deadline", default=None)


class Reply:
    """An answer with attachments (pairs of a name and bytes) and trailers (pairs of a key and bytes)."""

    def __init__(self, message, attachments=(), trailers=(), headers=()):
        self.message, self.attachments = message, list(attachments)
        self.trailers, self.headers = list(trailers), list(headers)


class Context:
    """What a handler knows of the call that it serves."""

    def __init__(self, call):
        self.call, self.session = call, call.session
        self.metadata, self.attempt, self.key = call.metadata, call.attempt, call.key
        self.attachments = []

    @property
    def remaining(self):
        return max(0.0, self.call.deadline - time.monotonic())

    @property
    def peer(self):
        return self.session.name

    def wait(self, seconds):
        """Sleeps unless the call ends before; raises then."""
        if self.call.cancelled.wait(seconds):
            raise RPCError(wire.CANCELLED, f"{self.call.method}: the call is over")

    def send_headers(self, metadata):
        self.call.send_headers(metadata)
