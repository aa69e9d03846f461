"""One call of a session, at either end."""

import collections
import threading
import time
import zlib

from . import wire
from .wire import Header, Malformed, RPCError

SMALL_BODY = 1024  # not worth compressing
SMALL_ATTACHMENT = 64 << 10  # worth checking byte by byte


class Message:
    """An encoded message with its attachments, pairs of a name and bytes."""

    def __init__(self, body, attachments=()):
        self.body, self.attachments = body, list(attachments)
        self.uncompressed, self.checksums = 0, ()

    def decoded(self, kind, method):
        body = self.body
        for (name, data), expected in zip(self.attachments, self.checksums):
            if expected and len(data) <= SMALL_ATTACHMENT and wire.crc32c(data) != expected:
                raise RPCError(wire.DATA_LOSS, f"{method}: attachment '{name}' does not have its checksum")
        if self.uncompressed:
            body = wire.inflate(body, self.uncompressed)
        try:
            return kind.FromString(bytes(body))
        except Exception as error:
            raise RPCError(wire.INVALID_ARGUMENT, f"{method}: not a {kind.DESCRIPTOR.full_name}") from error


class Unit:
    """One message to be sent: its frames, and the chunks that follow it."""

    def __init__(self, header, frames, chunked=()):
        self.header, self.frames, self.chunked = header, frames, collections.deque(chunked)
        self.cost = sum(map(len, frames[1:]))
        self.started, self.chunk = False, 0


class Call:
    def __init__(self, session, number, method, is_ours, timeout):
        from .session import ReceiveWindow, SendWindow

        self.session, self.id, self.method, self.is_ours = session, number, method, is_ours
        self.deadline = time.monotonic() + min(timeout, 1e9)
        self.send_window = SendWindow(session.peer_limits.call_window_bytes)
        self.receive_window = ReceiveWindow(session.limits.call_window_bytes)
        self.metadata, self.attempt, self.key = [], 0, b""
        self.headers, self.trailers = None, []
        self.inbox, self.outbox = collections.deque(), collections.deque()
        self.send_sequence = self.receive_sequence = 0
        self.has_sent_request = not is_ours
        self.sends_ended = self.input_ended = self.sent_headers = False
        self.assembly = None
        self.held = 0  # bytes of chunks behind an unread message, whose credit waits until that is read
        self.status = None  # an RPCError, code 0 included
        self.cancelled = threading.Event()
        self.handler, self.is_served = None, False

    # -- sending

    def _unit(self, kind, message, is_end):
        limits, session = self.session.peer_limits, self.session
        head = wire.CallHead() if kind == wire.REQUEST else wire.MessageHead()
        flags, frames, chunked = (wire.END if is_end else 0), [], []
        if message is not None:
            body = message.body
            if len(body) > wire.MAXIMUM_BODY or len(message.attachments) > wire.MAXIMUM_ATTACHMENTS:
                raise RPCError(wire.RESOURCE_EXHAUSTED, f"{self.method}: a body of {len(body)} bytes is too large")
            if len(body) + sum(len(d) for _, d in message.attachments) > limits.max_message_bytes:
                raise RPCError(wire.RESOURCE_EXHAUSTED, f"{self.method}: larger than the peer takes")
            if session.peer.compress and session.compression and len(body) > SMALL_BODY:
                head.uncompressed_bytes, body = len(body), zlib.compress(body, 1)
                flags |= wire.COMPRESSED
            if len(body) > limits.max_frame_bytes:
                raise RPCError(wire.RESOURCE_EXHAUSTED, f"{self.method}: a body of {len(body)} bytes is too large")
            frames.append(body)
            room = min(limits.inline_attachment_bytes, limits.max_frame_bytes)
            for index, (name, data) in enumerate(message.attachments):
                data = memoryview(data).cast("B")
                is_chunked = len(data) > room
                checksum = wire.crc32c(data) if session.peer.checksums and len(data) <= SMALL_ATTACHMENT else 0
                head.attachments.add(size=len(data), chunked=is_chunked, name=name, crc32c=checksum)
                if is_chunked:
                    chunked.append((index, data))
                else:
                    frames.append(data)
                    room -= len(data)
        if kind == wire.REQUEST:
            head.method, head.attempt, head.idempotency_key = self.method, self.attempt, self.key
            head.timeout_us = max(1, int((self.deadline - time.monotonic()) * 1e6))
            for key, value in self.metadata:
                head.metadata.add(key=key, value=value)
        header = Header(kind, self.id, flags, max(0, len(frames) - 1), self.send_sequence)
        if message is not None:
            self.send_sequence += 1
        return Unit(header, [head.SerializeToString(), *frames], chunked)

    def begin(self, message, is_end):
        with self.session.lock:
            self.session.number(self)
            try:
                self.outbox.append(self._unit(wire.REQUEST, message, is_end))
            except RPCError:
                del self.session.calls[self.id]
                raise
            self.sends_ended = is_end
            self.pump()

    def send(self, message, is_end=False, timeout=None):
        """Sends a message; waits until the connection has taken it, which needs the reader's credit."""
        with self.session.changed:
            if self.status is not None or self.sends_ended:
                raise self.status or RPCError(wire.CANCELLED, f"{self.method}: the call is over")
            self.sent_headers = True
            unit = self._unit(wire.MESSAGE, message, is_end)
            self.sends_ended = is_end
            self.outbox.append(unit)
            self.pump()
            self.session.changed.wait_for(lambda: unit not in self.outbox or self.status is not None, timeout)
            if unit in self.outbox and self.status is not None and self.is_ours and self.status.code != wire.OK:
                raise self.status
            if self.cancelled.is_set():
                raise RPCError(wire.CANCELLED, f"{self.method}: the call is over")

    def end_input(self):
        with self.session.lock:
            if self.status is None and not self.sends_ended:
                self.sends_ended = True
                self.outbox.append(self._unit(wire.MESSAGE, None, True))
                self.pump()

    def send_headers(self, metadata):
        with self.session.lock:
            if self.sent_headers:
                raise RPCError(wire.FAILED_PRECONDITION, f"{self.method}: headers after the first message, or twice")
            self.sent_headers = True
            head = RPCError(0, trailers=metadata).head()
            self.outbox.append(Unit(Header(wire.HEADERS, self.id), [head.SerializeToString()]))
            self.pump()

    def respond(self, message, error):
        """Ends a call that the peer opened: a last message, if any, and the status."""
        with self.session.lock:
            if self.status is not None:
                return
            try:
                if message is not None and not self.sends_ended:
                    self.outbox.append(self._unit(wire.MESSAGE, message, True))
            except RPCError as refusal:
                error = refusal
            self.sends_ended = True
            head = error.head().SerializeToString()
            header = Header(wire.STATUS, self.id, wire.END, auxiliary=error.code)
            self.outbox.append(Unit(header, [head]))
            self.pump()

    def pump(self, is_turn=False):
        """Sends what the windows admit; true if the session's credit is what stops it."""
        session = self.session
        while self.outbox and not session.closed:
            unit = self.outbox[0]
            if not unit.started:
                must_queue = not is_turn and session.waiting and (unit.cost or unit.header.kind == wire.REQUEST)
                if not self.send_window.admits(unit.cost):
                    return False
                if must_queue or not session.send_window.admits(unit.cost):
                    return self._wait(is_turn)
                self._spend(unit.cost)
                session.send(unit.header, *unit.frames)
                unit.started, self.has_sent_request = True, True
            if unit.chunked:
                index, data = unit.chunked[0]
                start = unit.chunk * session.chunk_bytes
                part = data[start : start + session.chunk_bytes]
                if not self.send_window.admits(len(part)):
                    return False
                if (session.waiting and not is_turn) or not session.send_window.admits(len(part)):
                    return self._wait(is_turn)
                self._spend(len(part))
                session.send(Header(wire.CHUNK, self.id, sequence=unit.chunk, auxiliary=index), part)
                unit.chunk += 1
                if start + len(part) == len(data):
                    unit.chunked.popleft()
                    unit.chunk = 0
                continue
            self.outbox.popleft()
            session.changed.notify_all()
            if unit.header.kind == wire.STATUS:
                self.status = RPCError(unit.header.auxiliary)
                session.forget(self)
        return False

    def _wait(self, is_turn):
        if not is_turn and self.id not in self.session.waiting:
            self.session.waiting.append(self.id)
        return True

    def _spend(self, count):
        self.send_window.available -= count
        self.session.send_window.available -= count

    # -- receiving, on the peer's thread

    def received(self, header, frames, count):
        if header.kind == wire.MESSAGE:
            self.receive_window.arrived(count)
            head = wire.parse(wire.MessageHead, frames[1])
            self.take(header, head.attachments, head.uncompressed_bytes, frames, count)
        elif header.kind == wire.CHUNK:
            self._chunk(header, frames[1])
        elif header.kind == wire.CREDIT:
            self.send_window.refill(header.auxiliary)
            self.pump()
        elif header.kind == wire.CANCEL:
            if not self.is_ours:
                self.finish(RPCError(wire.CANCELLED, f"{self.method}: the caller cancelled"), tell=False)
        elif not self.is_ours:
            raise Malformed("a status from the end that opened the call")
        elif header.kind == wire.HEADERS:
            if self.headers is not None or self.receive_sequence:
                raise Malformed("headers out of order")
            head = wire.parse(wire.CallStatus, frames[1] if len(frames) > 1 else b"")
            self.headers = [(m.key, m.value) for m in head.trailers]
            self.session.changed.notify_all()
        elif header.kind == wire.STATUS:
            head = wire.parse(wire.CallStatus, frames[1] if len(frames) > 1 else b"")
            error = RPCError.of(header.auxiliary, head)
            self.trailers = error.trailers
            self.finish(error, tell=False)

    def take(self, header, heads, uncompressed, frames, count):
        """The content of a REQUEST or MESSAGE; the windows have been charged."""
        if self.assembly or self.input_ended or header.sequence != self.receive_sequence:
            raise Malformed(f"message {header.sequence} of call {self.id} out of order")
        self.input_ended = bool(header.flags & wire.END)
        if len(frames) == 2:
            if heads:
                raise Malformed("attachments without a message")
            return self._deliver(None)
        self.receive_sequence += 1
        inline = [h for h in heads if not h.chunked]
        if (
            len(inline) != header.attachments or len(heads) > wire.MAXIMUM_ATTACHMENTS
            or any(h.size != len(f) for h, f in zip(inline, frames[3:]))
            or any(h.chunked and not h.size for h in heads)
        ):  # fmt: skip
            raise Malformed("attachments that are not as announced")
        if bool(header.flags & wire.COMPRESSED) != (uncompressed > 0) or uncompressed and not self.session.compression:
            raise Malformed("a compressed body that was not agreed on")
        if sum(h.size for h in heads) + len(frames[2]) > self.session.limits.max_message_bytes or (
            uncompressed > wire.MAXIMUM_BODY
        ):
            self.session.return_credit(count)
            return self.finish(RPCError(wire.RESOURCE_EXHAUSTED, f"{self.method}: a message that is too large"))
        rest = iter(frames[3:])
        message = Message(frames[2], [(h.name, bytearray(h.size) if h.chunked else next(rest)) for h in heads])
        message.uncompressed, message.checksums = uncompressed, [h.crc32c for h in heads]
        message.credit = count
        chunked = [i for i, h in enumerate(heads) if h.chunked]
        if not chunked:
            return self._deliver(message)
        # The chunks may need the credit of the body, so that is returned as theirs is.
        message.credit = 0
        self.assembly = [message, chunked, 0]
        self._return_or_hold(count)

    def _chunk(self, header, part):
        if not self.assembly:
            raise Malformed("a chunk that belongs to no message")
        self.receive_window.arrived(len(part))
        message, chunked, number = self.assembly
        data = message.attachments[chunked[0]][1]
        start = number * self.session.chunk_bytes
        expected = min(self.session.chunk_bytes, len(data) - start)
        if header.auxiliary != chunked[0] or header.sequence != number or len(part) != expected:
            raise Malformed(f"chunk {header.sequence} of attachment {header.auxiliary} out of order")
        data[start : start + expected] = part
        self._return_or_hold(expected)
        self.assembly[2] += 1
        if start + expected == len(data):
            chunked.pop(0)
            self.assembly[2] = 0
        if not chunked:
            self.assembly = None
            self._deliver(message)

    def _deliver(self, message):
        if message is not None:
            self.inbox.append(message)
        self.session.changed.notify_all()
        self.session.peer.arrived(self)

    def _return_or_hold(self, count):
        if self.inbox:
            self.held += count
        else:
            self._return(count)

    def _return(self, count):
        credit = self.receive_window.consumed(count)
        if credit and self.id in self.session.calls and (not self.input_ended or self.assembly):
            self.session.send(Header(wire.CREDIT, self.id, auxiliary=credit))
        self.session.return_credit(count)

    # -- reading

    def next(self):
        """The next message; None at the end of the input. Raises the call's status."""
        with self.session.changed:
            self.session.changed.wait_for(
                lambda: self.inbox or self.status is not None or self.input_ended and not self.is_ours and not self.assembly
            )
            if self.cancelled.is_set() and not self.is_ours:
                raise self.status or RPCError(wire.CANCELLED, f"{self.method}: the call is over")
            if self.inbox:
                message = self.inbox.popleft()
                count = message.credit
                if not self.inbox:
                    count, self.held = count + self.held, 0
                self._return(count)
                return message
            if self.status is not None and self.status.code != wire.OK:
                raise self.status
            return None

    def received_headers(self):
        with self.session.changed:
            self.session.changed.wait_for(
                lambda: self.headers is not None or self.inbox or self.receive_sequence or self.status is not None
            )
            return self.headers or []

    # -- the end

    def cancel(self):
        with self.session.lock:
            self.finish(RPCError(wire.CANCELLED, f"{self.method}: the caller cancelled"))

    def finish(self, error, tell=True):
        if self.status is not None:
            return
        session = self.session
        self.status = error
        if tell and self.is_ours and self.has_sent_request and self.id is not None:
            session.send(Header(wire.CANCEL, self.id))
        elif tell and not self.is_ours:
            session.send_status(self.id, error)
        if not self.is_ours:
            # A caller whose session has ended may ask again under the same key, and is to find the answer.
            if not self.key or error.code != wire.UNAVAILABLE:
                self.cancelled.set()
            while self.inbox:
                session.return_credit(self.inbox.popleft().credit)
        self.outbox.clear()
        session.forget(self)
        session.changed.notify_all()
