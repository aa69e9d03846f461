"""Keys: what proves who a process is (CURVE), and the list of who may connect (ZAP). `atelier keys` makes the files."""

import os
import stat
import threading

import zmq
from zmq.utils import z85

from . import wire
from .wire import RPCError

# Without it a listener whose handler is missing would let everybody in; a draft in zmq.h, and in Debian's library.
ZAP_ENFORCE_DOMAIN = 93


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
        """The name that a public key has on the list as it is now; None if it is not on it."""
        with open(self.allowed) as file:
            for line in file:
                words = line.split()
                if len(words) == 3 and not line.startswith("#") and words[2].encode() == key:
                    return words[0]
        return None

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


def start_handler(context, keys):
    """Answers libzmq's questions about who may connect, on a thread of its own, before anything is bound."""
    handler = context.socket(zmq.REP)
    handler.linger = 0
    handler.bind("inproc://zeromq.zap.01")

    def answer():
        try:
            while True:
                version, number, _, _, _, mechanism, *credentials = handler.recv_multipart()
                name = keys.holder(z85.encode(credentials[0])) if mechanism == b"CURVE" and credentials else None
                code, text = (b"200", b"") if name else (b"400", b"not on the list")
                handler.send_multipart([version, number, code, text, (name or "").encode(), b""])
        except zmq.ZMQError:  # the context has ended
            handler.close(0)

    threading.Thread(target=answer, name="zap", daemon=True).start()
