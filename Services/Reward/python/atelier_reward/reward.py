"""A reward service around a function: it registers, gives signs of life, scores, and is drained."""

import hashlib
import inspect
import logging
import math
import os
import signal
import threading
import time

from . import wire
from .client import call
from .keys import Keys
from .peer import Peer
from .standard import NOT_SERVING, add_standard_services
from .schema import message
from .wire import RPCError

log = logging.getLogger("atelier_reward")

DescribeReply, PicturesReply, PictureScore = (
    message("atelier.score." + name) for name in ("DescribeReply", "PicturesReply", "PictureScore")
)
Register, Heartbeat, Deregister = (
    message("atelier.control." + name) for name in ("RegisterRequest", "HeartbeatRequest", "DeregisterRequest")
)


def identity_of(score, spec):
    """What stands for a reward that does not say its version: its source."""
    try:
        source = inspect.getsource(score)
    except (OSError, TypeError):
        source = repr(score)
    return hashlib.sha256(f"{spec}\0{source}".encode()).hexdigest()


class RewardService:
    """Serves `score(images, prompts) -> list[float]`.

    `images` is a list of height x width x 3 arrays of u8 (numpy arrays if numpy is there, else memoryviews). A score may be
    a number, a pair of a number and a dictionary of its parts, or an exception: that picture has no score.
    """

    def __init__(self, score, name="reward", spec="external:reward", identity=None, keys=None):
        self.score, self.name, self.spec = score, name, spec
        self.identity = identity or identity_of(score, spec)
        self.peer = Peer(name, role="reward", keys=keys)
        self.peer.add("atelier.score.Score", {"Describe": self._describe, "Pictures": self._pictures})
        self.health = add_standard_services(self.peer)
        self.address = ""
        self.stopped = threading.Event()
        self._one_at_a_time = threading.Lock()

    # -- scoring

    def _describe(self, context, request):
        return DescribeReply(spec=self.spec, identity=self.identity)

    def _pictures(self, context, request):
        count, size = len(request.prompts), request.height * request.width * 3
        data = context.attachments[0][1] if context.attachments else b""
        if not count or not size or len(data) != count * size:
            raise RPCError(
                wire.INVALID_ARGUMENT, f"{len(data)} bytes are not {count} pictures of {request.width}x{request.height}"
            )
        images = [_image(data, i * size, request.height, request.width) for i in range(count)]
        with self._one_at_a_time:
            try:
                scores = list(self.score(images, list(request.prompts)))
            except Exception as error:
                log.exception("the reward failed")
                scores = [error] * count
        if len(scores) != count:
            raise RPCError(wire.INTERNAL, f"the reward gave {len(scores)} scores for {count} pictures")
        reply = PicturesReply(identity=self.identity)
        for score in scores:
            reply.scores.append(_outcome(score))
        return reply

    # -- the fleet

    def listen(self, address="tcp://127.0.0.1:0"):
        self.address = self.peer.listen(address)
        return self.address

    def run(self, coordinator="", patience=10.0):
        """Serves until `stop`, or until the run is over; raises when the coordinator stays out of reach."""
        if not coordinator:
            self.stopped.wait()
            return self.leave(None)
        session, lost = None, time.monotonic()
        while not self.stopped.is_set():
            try:
                if session is None or session.closed or session.peer_is_draining:
                    session = self.peer.dial(coordinator, timeout=patience)
                    self._register(session)
                request = Heartbeat(name=self.name, activity="serving")
                reply = call(session, "atelier.control.Fleet/Heartbeat", request, timeout=5).message
                lost = time.monotonic()
                if reply.stop:
                    log.info("the run is over")
                    break
                if reply.unknown:
                    self._register(session)
            except RPCError as error:
                log.warning("the coordinator at %s does not answer: %s", coordinator, error)
                if time.monotonic() - lost > patience:
                    self.leave(None)
                    raise RPCError(error.code, f"the coordinator at {coordinator} is out of reach") from None
            self.stopped.wait(1)
        self.leave(session)

    def stop(self):
        self.stopped.set()

    def _register(self, session):
        request = Register(
            name=self.name, kind=_kind("REWARD"), process_id=os.getpid(), address=self.address,
            reward_spec=self.spec, reward_identity=self.identity,
        )  # fmt: skip
        call(session, "atelier.control.Fleet/Enter", request, timeout=10)
        log.info("registered as %s", self.name)

    def leave(self, session):
        """Leaves the fleet, finishes what is being scored, and closes."""
        if session is not None and not session.closed:
            try:
                call(session, "atelier.control.Fleet/Leave", Deregister(name=self.name), timeout=1)
            except RPCError:
                pass
        self.health.set("atelier.score.Score", NOT_SERVING)
        self.peer.drain("the reward service stops", grace=5.0)
        self.peer.close()


def _kind(name):
    """The number of a worker's kind."""
    values = Register.DESCRIPTOR.fields_by_name["kind"].enum_type.values
    return next(v.number for v in values if v.name.endswith("_" + name))


def _image(data, start, height, width):
    view = memoryview(data)[start : start + height * width * 3].cast("B", (height, width, 3))
    try:
        import numpy
    except ImportError:
        return view
    return numpy.asarray(view)


def _outcome(score):
    outcome = PictureScore()
    if isinstance(score, Exception):
        outcome.unavailable = f"{type(score).__name__}: {score}"
        return outcome
    value, detail = score if isinstance(score, tuple) else (score, {})
    value = float(value)
    if not math.isfinite(value):
        outcome.invalid = "the score is not a finite number"
        return outcome
    outcome.number.value = value
    for key, part in detail.items():
        if math.isfinite(part):
            outcome.number.detail[key] = float(part)
    return outcome


def serve(
    score, name="reward", spec="external:reward", address="tcp://127.0.0.1:0", coordinator="", patience=10.0, keys=None
):
    """Serves a reward until SIGTERM, SIGINT or the end of the run.

    `keys` is a folder of keys or one key's file; those of a local run are found beside the coordinator's socket.
    """
    found = Keys.find(keys, [name, "reward"], coordinator)
    service = RewardService(score, name, spec, keys=found)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.listen(address)
    log.info("%s at %s, identity %s", spec, service.address, service.identity)
    service.run(coordinator, patience)
