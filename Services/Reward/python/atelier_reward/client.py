"""Calls: one function for each kind."""

import time

from . import schema, wire
from .call import Message
from .context import Reply, deadline
from .wire import RPCError


def _timeout(session, timeout):
    inherited = deadline.get()
    timeout = session.peer.default_timeout if timeout is None and inherited is None else timeout
    if inherited is None:
        return timeout
    left = inherited - time.monotonic()
    return left if timeout is None else min(timeout, left)


def _open(session, path, timeout, metadata, key):
    timeout = _timeout(session, timeout)
    if timeout <= 0:
        raise RPCError(wire.DEADLINE_EXCEEDED, f"{path}: the deadline passed")
    metadata = [(k, v.encode() if isinstance(v, str) else v) for k, v in metadata]
    return session.open(path, timeout, metadata, key)


class Stream:
    """A call with more than one message, at the end that opened it."""

    def __init__(self, call, method):
        self.call, self.method = call, method

    def send(self, message, attachments=()):
        self.call.send(Message(message.SerializeToString(), attachments))

    def end(self):
        """No message follows."""
        self.call.end_input()

    def cancel(self):
        self.call.cancel()

    @property
    def headers(self):
        return self.call.received_headers()

    def __iter__(self):
        while (message := self.call.next()) is not None:
            yield Reply(
                message.decoded(self.method.output, self.call.method), message.attachments, self.call.trailers
            )

    def reply(self):
        """The one answer of a call with one."""
        replies = list(self)
        if not replies:
            raise RPCError(wire.INTERNAL, f"{self.call.method}: the peer answered without a message")
        replies[0].trailers, replies[0].headers = self.call.trailers, self.call.headers or []
        return replies[0]


def stream(session, path, request=None, attachments=(), timeout=None, metadata=(), key=b""):
    """Opens a call of any kind; with a request, that is all that is sent."""
    method = schema.Method(path)
    call = _open(session, path, timeout, metadata, key)
    message = None if request is None else Message(request.SerializeToString(), attachments)
    call.begin(message, is_end=request is not None)
    return Stream(call, method)


def call(session, path, request, attachments=(), timeout=None, metadata=(), key=b""):
    """One request, one reply."""
    return stream(session, path, request, attachments, timeout, metadata, key).reply()
