"""One session: both ends of ZRP/1 as a state machine under a lock. Frames go in and out; the peer's thread carries them."""

import collections
import threading
import time

from . import wire
from .call import Call
from .wire import Header, Malformed, RPCError

# The default, the least and the most of each limit.
LIMITS = dict(
    max_frame_bytes=(4 << 20, 64 << 10, 4 << 20), max_message_bytes=(1 << 30, 64 << 10, 1 << 40),
    inline_attachment_bytes=(1 << 20, 1, 2 << 20), chunk_bytes=(1 << 20, 1 << 10, 2 << 20),
    max_calls=(4096, 1, 1 << 20), call_window_bytes=(8 << 20, 1 << 10, 1 << 40),
    session_window_bytes=(64 << 20, 1 << 10, 1 << 40), max_metadata_bytes=(16 << 10, 1 << 10, 1 << 20),
)  # fmt: skip


class Limits:
    """What one end is willing to receive; zeros on the wire are the defaults."""

    def __init__(self, head=None):
        for name, (default, least, most) in LIMITS.items():
            said = getattr(head, name) if head else 0
            setattr(self, name, min(max(said, least), most) if said else default)

    def fill(self, head):
        for name in LIMITS:
            setattr(head, name, getattr(self, name))


def metadata_bytes(metadata):
    """What counts against the limit of metadata."""
    return sum(len(key.encode()) + len(value) + 32 for key, value in metadata)


class SendWindow:
    def __init__(self, size):
        self.size = self.available = size

    def admits(self, count):
        return count == 0 or self.available >= min(count, self.size // 2)

    def refill(self, count):
        if count > self.size - self.available:
            raise Malformed("credit for bytes that were never sent")
        self.available += count


class ReceiveWindow:
    def __init__(self, size):
        self.size, self.outstanding, self.owed = size, 0, 0

    def arrived(self, count):
        if count and self.size - self.outstanding < min(count, self.size // 2):
            raise Malformed("more bytes than the credit")
        self.outstanding += count

    def consumed(self, count):
        """The credit to send now, 0 for none yet."""
        self.owed += count
        if not self.owed or self.owed < self.size // 4:
            return 0
        credit, self.owed = self.owed, 0
        self.outstanding -= credit
        return credit


class Session:
    """Calls go both ways; it never resumes."""

    def __init__(self, peer, transmit, is_dialer):
        self.peer, self.transmit, self.is_dialer = peer, transmit, is_dialer
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.calls = {}
        self.limits, self.peer_limits = Limits(), Limits()
        self.chunk_bytes = self.limits.chunk_bytes
        self.receive_window = ReceiveWindow(self.limits.session_window_bytes)
        self.send_window = None
        self.waiting = collections.deque()  # calls whose next message waits for the session's credit
        self.next_call, self.last_peer_call = (1 if is_dialer else 2), 0
        self.is_ready = self.is_draining = self.peer_is_draining = False
        self.closed = None
        # Who the other end has proved to be, and where it is; of a listener's sessions, where there are keys.
        self.key, self.holder, self.address = b"", None, ""
        self.name = self.role = ""
        self.boot_id, self.serves = 0, []
        self.compression = False
        self.heartbeat, self.lease = 1.0, 5.0
        now = time.monotonic()
        self.heard, self.sent, self.started, self.ping = now, now, now, 0
        self.drain_until = None

    # -- the session

    def send(self, header, *frames):
        self.sent = time.monotonic()
        self.transmit([header.encoded(), *frames])

    def hello(self):
        head = wire.Hello(
            version_min=1, version_max=1, peer=self.peer.name, role=self.peer.role, boot_id=self.peer.boot_id,
            serves=list(self.peer.services), compression=["zlib"],
        )  # fmt: skip
        self.limits.fill(head.limits)
        self.send(Header(wire.HELLO), head.SerializeToString())

    def wait_until_ready(self, timeout):
        with self.changed:
            self.changed.wait_for(lambda: self.is_ready or self.closed, timeout)
            if self.closed:
                raise self.closed
            if not self.is_ready:
                raise RPCError(wire.UNAVAILABLE, "nobody answered", not_processed=True)

    def _opened(self, head, role):
        if max(len(head.peer.encode()), len(role.encode())) > 256:
            raise Malformed("a name of more than 256 bytes")
        self.name, self.role, self.boot_id, self.serves = head.peer, role, head.boot_id, list(head.serves)
        self.peer_limits = Limits(head.limits)
        self.send_window = SendWindow(self.peer_limits.session_window_bytes)
        self.is_ready = True
        self.changed.notify_all()

    def _handshake(self, header, frames):
        if not self.is_dialer and header.kind == wire.HELLO:
            head = wire.parse(wire.Hello, frames[1])
            if head.version_min > 1 or head.version_max < 1:
                error = RPCError(wire.FAILED_PRECONDITION, "this end speaks ZRP/1")
                self.send(Header(wire.STATUS, auxiliary=error.code), error.head().SerializeToString())
                return self.close(error)
            self.compression = "zlib" in head.compression
            both = self.limits, Limits(head.limits)
            self.chunk_bytes = min(size for limits in both for size in (limits.chunk_bytes, limits.max_frame_bytes))
            answer = wire.Welcome(
                version=1, peer=self.peer.name, role=self.peer.role, boot_id=self.peer.boot_id,
                session_id=id(self), heartbeat_ms=int(self.heartbeat * 1000), lease_ms=int(self.lease * 1000),
                serves=list(self.peer.services), compression="zlib" if self.compression else "",
            )  # fmt: skip
            self.limits.fill(answer.limits)
            answer.limits.chunk_bytes = self.chunk_bytes
            self.send(Header(wire.WELCOME), answer.SerializeToString())
            self._opened(head, head.role)
        elif self.is_dialer and header.kind == wire.WELCOME:
            head = wire.parse(wire.Welcome, frames[1])
            if head.version != 1:
                raise Malformed(f"ZRP/{head.version}, which was not offered")
            self.compression = head.compression == "zlib"
            self.heartbeat = min(head.heartbeat_ms / 1000 or self.heartbeat, 60)
            self.lease = min(head.lease_ms / 1000 or self.lease, 300)
            self._opened(head, head.role)
            self.chunk_bytes = self.peer_limits.chunk_bytes
        elif self.is_dialer and header.kind == wire.STATUS:
            self.close(RPCError.of(header.auxiliary, wire.parse(wire.CallStatus, frames[1])))
        elif header.kind == wire.RESET:
            self._peer_reset(frames)
        else:
            raise Malformed("no HELLO")

    def received(self, frames):
        """A whole message of the connection."""
        with self.lock:
            if self.closed:
                return
            self.heard = time.monotonic()
            try:
                header = Header.read(frames[0])
                if header is None:
                    return
                if not self.is_ready:
                    if len(frames) < 2:
                        raise Malformed("a handshake without a head")
                    self._handshake(header, frames)
                else:
                    self._dispatch(header, frames)
            except Malformed as error:
                text = f"the peer broke the protocol: {error}"
                self.peer.expel(self)
                self.shut_down(RPCError(wire.UNAVAILABLE, text))

    def _dispatch(self, header, frames):
        kind = header.kind
        if kind in (wire.REQUEST, wire.MESSAGE):
            if len(frames) != 3 + header.attachments and not (len(frames) == 2 and not header.attachments):
                raise Malformed(f"{len(frames)} frames")
        elif header.attachments or len(frames) > 2 or (kind == wire.CHUNK and len(frames) != 2):
            raise Malformed(f"{len(frames)} frames of kind {kind}")
        if kind == wire.PING:
            wire.parse(wire.Ping, frames[1] if len(frames) > 1 else b"")
            self.send(Header(wire.PONG, sequence=header.sequence), *frames[1:])
        elif kind == wire.RESET:
            self._peer_reset(frames)
        elif kind == wire.GOAWAY:
            self._peer_is_going(wire.parse(wire.GoAway, frames[1] if len(frames) > 1 else b""))
        elif kind == wire.REQUEST:
            self._request(header, frames)
        elif kind == wire.CREDIT and header.call == 0:
            self.send_window.refill(header.auxiliary)
            self._serve_waiting()
        elif kind not in (wire.PONG, wire.HELLO, wire.WELCOME):
            self._of_call(header, frames)
        elif kind != wire.PONG:
            raise Malformed("a second handshake")

    def _of_call(self, header, frames):
        count = sum(map(len, frames[2:])) if header.kind == wire.MESSAGE else 0
        count = len(frames[1]) if header.kind == wire.CHUNK else count
        self.receive_window.arrived(count)
        call = self.calls.get(header.call)
        if call:
            return call.received(header, frames, count)
        if header.kind in (wire.CANCEL, wire.CREDIT):
            return
        is_ours = header.call % 2 == self.next_call % 2
        if header.call == 0 or header.call >= self.next_call if is_ours else header.call > self.last_peer_call:
            raise Malformed(f"call {header.call}, which nobody opened")
        self.return_credit(count)

    def _request(self, header, frames):
        if header.call <= self.last_peer_call or header.call % 2 == self.next_call % 2 or header.call == 0:
            raise Malformed(f"a request with the call id {header.call}")
        head = wire.parse(wire.CallHead, frames[1])
        self.last_peer_call = header.call
        count = sum(map(len, frames[2:]))
        self.receive_window.arrived(count)
        refusal = None
        metadata = [(m.key, m.value) for m in head.metadata]
        if self.is_draining:
            refusal = RPCError(wire.UNAVAILABLE, f"{head.method}: this end takes no more calls", not_processed=True)
        elif metadata_bytes(metadata) > self.limits.max_metadata_bytes:
            refusal = RPCError(wire.RESOURCE_EXHAUSTED, f"{head.method}: too much metadata", not_processed=True)
        elif len(head.idempotency_key) > 256:
            refusal = RPCError(wire.INVALID_ARGUMENT, f"{head.method}: a key of more than 256 bytes", not_processed=True)
        elif sum(not c.is_ours for c in self.calls.values()) >= self.limits.max_calls:
            refusal = RPCError(wire.RESOURCE_EXHAUSTED, f"{head.method}: too many calls", not_processed=True)
        if refusal:
            self.send_status(header.call, refusal)
            return self.return_credit(count)
        call = Call(self, header.call, head.method, False, head.timeout_us / 1e6 or self.peer.default_timeout)
        call.metadata, call.attempt, call.key = metadata, head.attempt, head.idempotency_key
        self.calls[header.call] = call
        call.receive_window.arrived(count)
        self.peer.accepted(call)
        if header.call in self.calls:
            call.take(header, head.attachments, head.uncompressed_bytes, frames, count)
        else:
            self.return_credit(count)

    # -- calls of this end

    def open(self, method, timeout, metadata=(), key=b"", attempt=0):
        """A call of this end; its first message is sent by the caller."""
        if not self.is_ready or self.closed or self.is_draining or self.peer_is_draining:
            raise RPCError(wire.UNAVAILABLE, f"{method}: the session takes no calls", not_processed=True)
        if metadata_bytes(metadata) > self.peer_limits.max_metadata_bytes:
            raise RPCError(wire.RESOURCE_EXHAUSTED, f"{method}: more metadata than the peer takes")
        call = Call(self, None, method, True, timeout)
        call.metadata, call.key, call.attempt = list(metadata), key, attempt
        return call

    def number(self, call):
        call.id = self.next_call
        self.next_call += 2
        self.calls[call.id] = call

    # -- credit

    def return_credit(self, count):
        credit = self.receive_window.consumed(count)
        if credit and not self.closed:
            self.send(Header(wire.CREDIT, auxiliary=credit))

    def _serve_waiting(self):
        while self.waiting:
            call = self.calls.get(self.waiting[0])
            if call and call.pump(is_turn=True):
                return
            if self.waiting:
                self.waiting.popleft()

    # -- the end

    def send_status(self, number, error):
        self.send(
            Header(wire.STATUS, call=number, flags=wire.END, auxiliary=error.code), error.head().SerializeToString()
        )

    def forget(self, call):
        """A call is over."""
        if self.calls.pop(call.id, None) is None:
            return
        self.return_credit(call.held)
        call.held = 0
        if call.id in self.waiting:
            self.waiting.remove(call.id)
            self._serve_waiting()
        self._end_if_drained()
        self.changed.notify_all()

    def drain(self, text="it is being drained", grace=5.0):
        """Takes no more calls, lets those that are open end, and ends the session."""
        with self.lock:
            if self.closed or self.is_draining:
                return
            self.is_draining = True
            self.drain_until = time.monotonic() + grace
            head = wire.GoAway(text=text, last_call_id=self.last_peer_call, grace_ms=int(grace * 1000))
            self.send(Header(wire.GOAWAY), head.SerializeToString())
            self._end_if_drained()

    def _peer_is_going(self, head):
        self.peer_is_draining = True
        error = RPCError(wire.UNAVAILABLE, f"the peer takes no more calls: {head.text}", not_processed=True)
        for call in [c for c in self.calls.values() if c.is_ours and c.id > head.last_call_id]:
            call.finish(error)
        self._end_if_drained()

    def _end_if_drained(self):
        if self.calls or self.closed:
            return
        if self.peer_is_draining:
            self.shut_down(RPCError(wire.UNAVAILABLE, "the session was drained"))
        elif self.is_draining:
            # The other end ends it; it is given a heartbeat to do so.
            self.drain_until = min(self.drain_until, time.monotonic() + self.heartbeat)

    def _peer_reset(self, frames):
        text = wire.parse(wire.CallStatus, frames[1]).text if len(frames) > 1 else ""
        self.close(RPCError(wire.UNAVAILABLE, f"the peer ended the session: {text}"))

    def shut_down(self, error):
        with self.lock:
            if not self.closed:
                self.send(Header(wire.RESET), error.head().SerializeToString())
                self.close(error)

    def close(self, error):
        """The session is over, and with it all its calls."""
        with self.lock:
            if self.closed:
                return
            self.closed = error
            for call in list(self.calls.values()):
                unsent = call.is_ours and not call.has_sent_request
                call.finish(RPCError(error.code, error.text, not_processed=unsent), tell=False)
            self.changed.notify_all()
        self.peer.session_ended(self)

    def stood_still(self, seconds):
        """The process has not run for so long: is that nearly the lease, the peer has given up what it asked for."""
        with self.lock:
            if seconds >= max(self.lease - self.heartbeat, self.lease / 2):
                self.shut_down(RPCError(wire.UNAVAILABLE, f"{self.peer.name} stood still for {seconds:.1f} s"))

    def tick(self, now):
        """Deadlines, signs of life; returns when it wants to be called again."""
        with self.lock:
            if self.closed:
                return now + 3600
            if self.drain_until is not None and now >= self.drain_until:
                self.shut_down(RPCError(wire.UNAVAILABLE, "the session was drained"))
                return now + 3600
            if now - self.heard >= self.lease or not self.is_ready and now - self.started > 5:
                self.close(RPCError(wire.UNAVAILABLE, f"the peer has said nothing for {self.lease} s"))
                return now + 3600
            if self.is_ready and now - self.sent >= self.heartbeat:
                self.ping += 1
                head = wire.Ping(active_calls=sum(not c.is_ours for c in self.calls.values()))
                self.send(Header(wire.PING, sequence=self.ping & 0xFFFFFFFF), head.SerializeToString())
            for call in list(self.calls.values()):
                if now >= call.deadline:
                    call.finish(RPCError(wire.DEADLINE_EXCEEDED, f"{call.method}: the deadline passed"))
            deadlines = [call.deadline for call in self.calls.values()]
            if self.drain_until is not None:
                deadlines.append(self.drain_until)
            return min([self.sent + self.heartbeat, self.heard + self.lease, *deadlines])
