"""A process's end of all its sessions: one thread owns the sockets, handlers run on a pool."""

import collections
import concurrent.futures
import random
import socket
import threading
import time

import zmq

from . import schema, wire
from .call import Message
from .context import Context, Reply, deadline
from .keys import Door, start_handler, target
from .path_lock import bindable
from .session import Session
from .wire import RPCError

class Peer:
    """Listens, dials, serves and calls."""

    answer_lifetime = 600.0
    # How often the list of keys is looked at for those that were revoked.
    list_interval = 0.25

    def __init__(self, name, role="", compress=False, checksums=False, workers=32, keys=None, permissions=None):
        """`permissions`: the methods that each role may call, as patterns ("*" is every role); None allows all."""
        self._door = Door(keys, permissions) if keys else None
        self.keys, self.name, self.role, self.compress, self.checksums = keys, name, role, compress, checksums
        self.default_timeout = 60.0
        self.boot_id = random.getrandbits(63) | 1
        self.services = {}
        self.sessions = set()
        self._context = zmq.Context()
        self._outgoing = collections.deque()
        self._commands = collections.deque()
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._routers, self._dealers, self._next_look = {}, {}, None
        self._pool = concurrent.futures.ThreadPoolExecutor(workers)
        self._answers = collections.OrderedDict()
        self._answers_lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name} sockets", daemon=True)
        self._thread.start()

    # -- services

    def add(self, service, handlers):
        """Serves a service: handlers by method name.

        A handler gets the context and the request, or an iterator of requests, and returns the answer (a message or a
        Reply), or yields answers if the method streams them.
        """
        methods = schema.methods(service)
        unknown = set(handlers) - set(methods)
        if unknown:
            raise ValueError(f"{service} has no method {', '.join(sorted(unknown))}")
        self.services[service] = {name: (methods[name], handler) for name, handler in handlers.items()}

    def accepted(self, call):
        service, _, name = call.method.partition("/")
        found = self.services.get(service, {}).get(name)
        if found is None:
            what = "no such method" if service in self.services else "the service is not served here"
            return call.respond(None, RPCError(wire.UNIMPLEMENTED, f"{call.method}: {what}", not_processed=True))
        refusal = self._door.refusal(call.session, call.method) if self._door else None
        if refusal:
            return call.respond(None, refusal)
        call.handler = found
        if found[0].client_streams:
            self._pool.submit(self._serve, call)

    def arrived(self, call):
        """A message of a call has come, or its end."""
        if call.handler is not None and not call.handler[0].client_streams and not call.is_served:
            call.is_served = True
            self._pool.submit(self._serve, call)

    def _serve(self, call):
        method, handler = call.handler
        token = deadline.set(call.deadline)
        message, error = None, RPCError(wire.OK)
        try:
            if call.key and not method.client_streams and not method.server_streams:
                message, error = self._once(call, lambda: self._answer(call, method, handler))
            else:
                message, error = self._answer(call, method, handler)
        finally:
            deadline.reset(token)
            call.respond(message, error)

    def _once(self, call, execute):
        """The answer of a key: made now, waited for, or remembered."""
        # What a peer says of itself is no proof: nobody is to read another's answers.
        key = (call.session.key, call.session.name, call.session.boot_id, call.method, call.key)
        now = time.monotonic()
        with self._answers_lock:
            while self._answers and next(iter(self._answers.values()))[1] < now:
                self._answers.popitem(last=False)
            known = self._answers.get(key)
            future = known[0] if known else concurrent.futures.Future()
            if not known:
                self._answers[key] = (future, now + self.answer_lifetime)
        if not known:
            answer = execute()
            if answer[1].not_processed:  # what was never begun may be tried again
                with self._answers_lock:
                    self._answers.pop(key, None)
            future.set_result(answer)
        return future.result()

    def _answer(self, call, method, handler):
        context = Context(call)
        try:
            if method.client_streams:
                argument = self._requests(call, method, context)
            else:
                first = call.next()
                if first is None:
                    raise RPCError(wire.INVALID_ARGUMENT, f"{call.method}: no request")
                argument = first.decoded(method.input, call.method)
                context.attachments = first.attachments
            result = handler(context, argument)
            if not method.server_streams:
                reply = result if isinstance(result, Reply) else Reply(result)
                if reply.headers:
                    call.send_headers(reply.headers)
                body = Message(reply.message.SerializeToString(), reply.attachments)
                return body, RPCError(wire.OK, trailers=reply.trailers)
            trailers = []
            try:
                for item in result:
                    reply = item if isinstance(item, Reply) else Reply(item)
                    trailers = reply.trailers or trailers
                    call.send(Message(reply.message.SerializeToString(), reply.attachments))
            finally:
                getattr(result, "close", int)()
            return None, RPCError(wire.OK, trailers=trailers)
        except RPCError as error:
            return None, error
        except Exception as error:
            return None, RPCError(wire.UNKNOWN, f"{type(error).__name__}: {error}")

    @staticmethod
    def _requests(call, method, context):
        while (message := call.next()) is not None:
            context.attachments = message.attachments
            yield message.decoded(method.input, call.method)

    # -- sockets

    def listen(self, address):
        """Binds; returns the address that peers dial."""
        lock = bindable(address, self.keys)
        return self._command(lambda: self._bind(address, lock))

    def dial(self, address, timeout=5.0):
        """Opens a session."""
        session = self._command(lambda: self._connect(address))
        try:
            session.wait_until_ready(timeout)
        except RPCError as error:
            session.close(error)
            raise RPCError(error.code, f"{address}: {error.text}", not_processed=True) from None
        return session

    def close(self):
        for session in list(self.sessions):
            session.shut_down(RPCError(wire.UNAVAILABLE, f"{self.name} closed its endpoint"))
        self._closed.set()
        self._wake_up()
        self._thread.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)
        # The sockets' thread has closed its own; the ZAP handler's ends with the context. On a thread that may be left
        # behind: libzmq waits for every socket, and the end of a process must not.
        ending = threading.Thread(target=self._context.term, daemon=True)
        ending.start()
        ending.join(2)
        for _, lock in self._routers.values():
            if lock is not None:
                lock.release()

    def drain(self, text="it is being drained", grace=5.0):
        """Takes no more calls, and returns when those that are open have ended, or the grace has."""
        for session in list(self.sessions):
            session.drain(text, grace)
        end = time.monotonic() + grace + 1
        while self.sessions and time.monotonic() < end:
            session = next(iter(self.sessions), None)
            if session is not None:
                with session.changed:
                    session.changed.wait_for(lambda: session.closed, max(0.0, end - time.monotonic()))
            self.sessions.discard(session)

    def _command(self, body):
        future = concurrent.futures.Future()
        self._commands.append((body, future))
        self._wake_up()
        try:
            return future.result(10)
        except zmq.ZMQError as error:
            raise RPCError(wire.UNAVAILABLE, f"cannot open the socket: {error}") from None

    def _socket(self, kind):
        opened = self._context.socket(kind)
        for option, value in (
            (zmq.LINGER, 500), (zmq.MAXMSGSIZE, 4 << 20), (zmq.RECONNECT_IVL, 3_600_000),  # never; -1 drops what is unread
            (zmq.SNDHWM, 0), (zmq.RCVHWM, 1024), (zmq.HANDSHAKE_IVL, 5000),
        ):  # fmt: skip
            opened.setsockopt(option, value)
        return opened

    def _bind(self, address, lock):
        router = self._socket(zmq.ROUTER)
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        if self.keys:
            if self._next_look is None:
                start_handler(self._context, self._door)
                self._next_look = time.monotonic()
            self.keys.demand(router)
        router.bind(address)
        self._routers[router] = ({}, lock)
        self._poller.register(router, zmq.POLLIN)
        bound = router.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()
        return bound + self.keys.fragment if self.keys else bound

    def _connect(self, address):
        endpoint, server = target(address, self.keys)
        dealer = self._socket(zmq.DEALER)
        if server:
            self.keys.prove(dealer, server)
        monitor = dealer.get_monitor_socket(
            zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        )
        session = Session(self, lambda frames: self._send(dealer, frames), is_dialer=True)
        self._dealers[dealer] = (session, monitor, address)
        self._poller.register(dealer, zmq.POLLIN)
        self._poller.register(monitor, zmq.POLLIN)
        self.sessions.add(session)
        dealer.connect(endpoint)
        session.hello()
        return session

    def _send(self, opened, frames):
        self._outgoing.append((opened, frames))
        if threading.current_thread() is not self._thread:
            self._wake_up()

    def _wake_up(self):
        try:
            self._wake.send(b"x")
        except BlockingIOError:  # so many wake-ups are waiting that one more is not needed
            pass

    def session_ended(self, session):
        self.sessions.discard(session)
        self._commands.append((lambda: self._forget(session), concurrent.futures.Future()))
        if threading.current_thread() is not self._thread:
            self._wake_up()

    def _forget(self, session):
        self._flush()
        for links, _ in self._routers.values():
            for identity in [i for i, s in links.items() if s is session]:
                del links[identity]
        for dealer, (owner, monitor, _) in list(self._dealers.items()):
            if owner is session:
                del self._dealers[dealer]
                self._poller.unregister(dealer)
                self._poller.unregister(monitor)
                self._shut(dealer, monitor)

    @staticmethod
    def _shut(dealer, monitor):
        # pyzmq leaves the monitor's socket to whoever holds it; one that stays open keeps the context from ending.
        dealer.disable_monitor()
        monitor.close(0)
        dealer.close()

    def _flush(self):
        unsent = collections.deque()
        blocked = set()
        while self._outgoing:
            opened, frames = self._outgoing.popleft()
            if opened in blocked or opened.closed:
                unsent.append((opened, frames)) if not opened.closed else None
                continue
            try:
                opened.send_multipart(frames, zmq.DONTWAIT, copy=sum(map(len, frames)) < 65536)
            except zmq.Again:  # not connected yet, or full
                blocked.add(opened)
                unsent.append((opened, frames))
            except zmq.ZMQError:  # the peer is gone; its lease ends the session
                continue
        self._outgoing.extend(unsent)
        return bool(unsent)

    def _look_at_clock(self):
        """Who has stood still learns of it before it reads what has come meanwhile."""
        now = time.monotonic()
        pause, self._looked = now - self._looked, now
        if pause > 0.1:
            for session in list(self.sessions):
                session.stood_still(pause)

    def _run(self):
        self._poller = zmq.Poller()
        self._looked = time.monotonic()
        self._poller.register(self._woken, zmq.POLLIN)
        wanted = time.monotonic()
        while not (self._closed.is_set() and not self._outgoing):
            waits = self._flush()
            now = time.monotonic()
            timeout = min(max(0.0, wanted - now), 0.002 if waits else 1.0)
            events = dict(self._poller.poll(int(timeout * 1000) + (timeout > 0)))
            self._look_at_clock()
            if self._woken.fileno() in events:
                try:
                    self._woken.recv(4096)
                except BlockingIOError:
                    pass
            while self._commands:
                body, future = self._commands.popleft()
                try:
                    future.set_result(body())
                except Exception as error:
                    future.set_exception(error)
            for opened in events:
                if isinstance(opened, zmq.Socket) and not opened.closed:
                    self._receive(opened)
            now = time.monotonic()
            wanted = min([session.tick(now) for session in list(self.sessions)], default=now + 1)
            if self._next_look is not None:
                self._look_for_revoked(now)
                wanted = min(wanted, self._next_look)
            if self._closed.is_set() and now > getattr(self, "_end", now + 1):
                break
            if self._closed.is_set() and not hasattr(self, "_end"):
                self._end = now + 1
        for session in list(self.sessions):
            session.close(RPCError(wire.UNAVAILABLE, f"{self.name} closed its endpoint"))
        for dealer, (_, monitor, _) in list(self._dealers.items()):
            self._shut(dealer, monitor)
        for router in self._routers:
            router.close()

    def _look_for_revoked(self, now):
        if now < self._next_look:
            return
        self._next_look = now + self.list_interval
        for session in [session for session in list(self.sessions) if self._door.has_lost(session)]:
            session.shut_down(RPCError(wire.UNAVAILABLE, f"the key of {session.holder.name} was revoked"))

    def expel(self, session):
        """A peer has broken the protocol: its session ends, and it stays out for a while."""
        if session.holder is not None:
            self._door.ban(session.key, session.address)

    def _receive(self, opened):
        for _ in range(256):
            self._look_at_clock()
            if opened.closed:
                return
            try:
                parts = opened.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.ZMQError:
                return
            frames = [bytes(f) if len(f) < 65536 else f.buffer for f in parts]
            if opened in self._dealers:
                self._dealers[opened][0].received(frames)
            elif opened in self._routers:
                self._routed(opened, frames, parts[-1])
            else:
                for session, monitor, address in list(self._dealers.values()):
                    if monitor is opened:
                        session.close(RPCError(wire.UNAVAILABLE, f"{address}: the connection has ended"))
                return

    def _routed(self, router, frames, part):
        links, _ = self._routers[router]
        identity = bytes(frames[0])
        session = links.get(identity)
        if session is None:
            session = Session(self, lambda out: self._send(router, [identity, *out]), is_dialer=False)
            if self.keys:
                session.key, session.address = part.get("User-Id").encode(), part.get("Peer-Address")
                session.holder = self.keys.holder(session.key)
                if session.holder is None or self._door.decide(session.key, session.address)[0] != b"200":
                    return  # revoked or banned since its handshake: nobody hears it
            links[identity] = session
            self.sessions.add(session)
        session.received(frames[1:])
