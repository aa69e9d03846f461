"""Which addresses may be bound, and the lock of those that are paths."""

import fcntl
import os
import urllib.parse

from . import wire
from .wire import RPCError


def bindable(address, keys):
    """The lock of an ipc address, None for tcp; an RPCError for an address that strangers could reach."""
    if address.startswith("ipc://"):
        return PathLock(address)
    host = urllib.parse.urlparse(address).hostname
    if host not in ("127.0.0.1", "::1", "localhost") and not keys:
        raise RPCError(wire.PERMISSION_DENIED, f"{address}: only loopback addresses can be bound without keys")
    return None


class PathLock:
    """The right to bind an ipc path: a second bind would silently cut the first one off."""

    def __init__(self, address):
        path = address[len("ipc://") :]
        self._path, self._name, self._folder = path, path + ".lock", os.path.dirname(path)
        self._made_folder = not os.path.isdir(self._folder)
        while True:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            try:
                self._file = open(self._name, "w")
            except FileNotFoundError:  # the last holder has just removed the folder
                continue
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RPCError(wire.ALREADY_EXISTS, f"{address}: in use by another process") from None
            try:
                # Else the last holder has removed the file in between: a lock on it would keep nobody out.
                if os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._name)):
                    return
            except FileNotFoundError:
                pass
            self._file.close()

    def release(self):
        """Removes what was made for the address, while the lock is held, and lets go of it."""
        for name in (self._path, self._name):  # libzmq leaves the socket behind
            if os.path.lexists(name):
                os.unlink(name)
        if self._made_folder:
            try:
                os.rmdir(self._folder)
            except OSError:  # something else is in it
                pass
        self._file.close()
