"""Keys: what proves who a process is (CURVE), and the list of who may connect (ZAP). `atelier keys` makes the files."""

import collections
import fnmatch
import os
import stat
import threading
import time

import zmq
from zmq.utils import z85

from . import wire
from .wire import RPCError

# Without it a listener whose handler is missing would let everybody in; a draft in zmq.h, and in Debian's library.
ZAP_ENFORCE_DOMAIN = 93


# A peer that broke the protocol stays out for so many seconds.
BAN = 10.0

Holder = collections.namedtuple("Holder", "name role")


def _refuse(text):
    return RPCError(wire.FAILED_PRECONDITION, text)


class Keys:
    """One holder's key, from a file of lines `WORD VALUE`."""

    def __init__(self, path, allowed=None):
        if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _refuse(f"{path}: others can read it: chmod 600 it")
        with open(path) as file:
            lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
        values = {line[0]: line[1] for line in lines if len(line) == 2}
        try:
            self.name, self.role = values["name"], values["role"]
            self.public, self.secret = values["public"].encode(), values["secret"].encode()
        except KeyError as error:
            raise _refuse(f"{path}: no line {error}: not a file of a key") from None
        self.coordinator = values.get("coordinator", "").encode() or None
        # Who may connect: without a list nobody can be let in, and so nothing can be bound.
        self.allowed = allowed if allowed and os.path.exists(allowed) else None
        self._stamp, self._holders = None, {}

    @classmethod
    def find(cls, place, names, dialled=""):
        """The keys at a place: a folder or a file; without one, those beside an ipc socket; else None."""
        if not place:
            socket = dialled.partition("#")[0]
            place = os.path.join(os.path.dirname(socket[len("ipc://") :]), "keys") if socket.startswith("ipc:///") else ""
            if not os.path.exists(os.path.join(place, "allowed")):
                return None
        if os.path.isfile(place):
            return cls(place, os.path.join(os.path.dirname(place), "allowed"))
        for name in names:
            path = os.path.join(place, f"{name}.key")
            if os.path.exists(path):
                return cls(path, os.path.join(place, "allowed"))
        raise _refuse(f"no {names[-1]}.key in {place}: make one with `atelier keys`")

    @property
    def fragment(self):
        """What an address ends in, so that whoever dials it knows whom to expect."""
        return "#" + z85.decode(self.public).hex()

    def holder(self, key):
        """Who has a public key, on the list as it is now; None if it is not on it."""
        try:
            status = os.stat(self.allowed)
            stamp = status.st_ino, status.st_size, status.st_mtime_ns
            if stamp != self._stamp:
                with open(self.allowed) as file:
                    lines = [line.split() for line in file if not line.startswith("#")]
                self._holders = {words[2].encode(): Holder(*words[:2]) for words in lines if len(words) == 3}
                self._stamp = stamp
        except OSError:  # it is being replaced: what it said last holds
            pass
        return self._holders.get(key)

    def demand(self, router):
        """Makes a socket take those on the list only."""
        if self.allowed is None:
            raise _refuse("these keys have no list of who may connect beside them: nothing can be bound")
        router.curve_server = True
        router.curve_secretkey = self.secret
        router.setsockopt(zmq.ZAP_DOMAIN, b"atelier")
        router.setsockopt(ZAP_ENFORCE_DOMAIN, 1)

    def prove(self, dealer, server):
        dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = self.public, self.secret, server


def target(address, keys):
    """An address as libzmq takes it, and the key of the listener, or None."""
    endpoint, _, named = address.partition("#")
    if named and keys is None:
        raise _refuse(f"{address}: this address is guarded by keys, and this process has none")
    server = z85.encode(bytes.fromhex(named)) if named else keys.coordinator if keys else None
    if keys and server is None and endpoint.startswith("tcp://"):
        raise _refuse(f"{address}: it must end in '#' and the listener's key")
    return endpoint, server


class Door:
    """Who may come in, and do what; asked by the ZAP handler's thread and by that of the sockets."""

    def __init__(self, keys, permissions):
        self.keys, self.permissions, self._banned = keys, permissions, {}

    def decide(self, key, address):
        """ZAP's answer about a key; libzmq does not tell the peer of a 300, so that it tries again later."""
        if self.keys.holder(key) is None:
            return b"400", b"not on the list"
        if self._banned.get((key, address), 0) > time.monotonic():
            return b"300", b"banned for a while"
        return b"200", b""

    def ban(self, key, address):
        now = time.monotonic()
        self._banned = {source: end for source, end in self._banned.items() if end > now}
        self._banned[key, address] = now + BAN

    def has_lost(self, session):
        """Whether a session's key is on the list no more, or for another role."""
        return session.holder is not None and self.keys.holder(session.key) != session.holder

    def refusal(self, session, method):
        """Why a session may not call a method, or None if it may."""
        if self.permissions is None or session.holder is None:
            return None
        patterns = [*self.permissions.get("*", ()), *self.permissions.get(session.holder.role, ())]
        if any(fnmatch.fnmatchcase(method, pattern) for pattern in patterns):
            return None
        who = f"{session.holder.name}, whose role is {session.holder.role},"
        return RPCError(wire.PERMISSION_DENIED, f"{method}: {who} may not call it", not_processed=True)


def start_handler(context, door):
    """Answers libzmq's questions about who may connect, on a thread of its own, before anything is bound."""
    handler = context.socket(zmq.REP)
    handler.linger = 0
    handler.bind("inproc://zeromq.zap.01")

    def answer():
        try:
            while True:
                version, number, _, address, _, mechanism, *credentials = handler.recv_multipart()
                key = z85.encode(credentials[0]) if mechanism == b"CURVE" and credentials else b""
                code, text = door.decide(key, address.decode())
                # The key and not its holder's name: the list is asked again for what the holder may do now.
                handler.send_multipart([version, number, code, text, key if code == b"200" else b"", b""])
        except zmq.ZMQError:  # the context has ended
            handler.close(0)

    threading.Thread(target=answer, name="zap", daemon=True).start()
