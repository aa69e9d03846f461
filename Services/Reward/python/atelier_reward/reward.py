"""A reward service around a function: it registers, gives signs of life, scores, and is drained."""

import array
import hashlib
import inspect
import logging
import math
import os
import signal
import struct
import threading
import time

from . import wire
from .client import call
from .keys import Keys
from .peer import Peer
from .context import Reply
from .standard import NOT_SERVING, add_standard_services
from .schema import message
from .wire import RPCError

log = logging.getLogger("atelier_reward")

DescribeReply, PicturesReply, PictureScore, GradientReply = (
    message("atelier.score." + name) for name in ("DescribeReply", "PicturesReply", "PictureScore", "GradientReply")
)
Register, Heartbeat, Deregister = (
    message("atelier.control." + name) for name in ("RegisterRequest", "HeartbeatRequest", "DeregisterRequest")
)

# Who may call what, by the role of the key, as of our own reward services.
PERMISSIONS = {
    "*": ["grpc.health.v1.Health/*", "atelier.reflection.Reflection/*"],
    **{role: ["atelier.score.Score/*"] for role in ("learner", "sampler", "operator")},
}


def identity_of(functions, spec):
    """What stands for a reward that does not say its version: its source."""
    try:
        source = "\0".join(inspect.getsource(function) for function in functions if function)
    except (OSError, TypeError):
        source = repr(functions)
    return hashlib.sha256(f"{spec}\0{source}".encode()).hexdigest()


class RewardService:
    """Serves `score(images, prompts) -> list[float]`.

    `images` is a list of height x width x 3 arrays of u8 (numpy arrays if numpy is there, else memoryviews). A score may be
    a number, a pair of a number and a dictionary of its parts, or an exception: that picture has no score.

    `gradient(images, prompts)`, if there is one, gets arrays of f32 from 0 (black) to 1 (white), and returns for each
    picture a pair: its score, and the derivative of the score by the picture, in the picture's shape.
    """

    def __init__(self, score, name="reward", spec="external:reward", identity=None, keys=None, gradient=None):
        self.score, self.gradient, self.name, self.spec = score, gradient, name, spec
        self.identity = identity or identity_of([score, gradient], spec)
        self.peer = Peer(name, role="reward", keys=keys, permissions=PERMISSIONS)
        self.peer.add(
            "atelier.score.Score",
            {"Describe": self._describe, "Pictures": self._pictures, "WithGradient": self._with_gradient},
        )
        self.health = add_standard_services(self.peer)
        self.address = ""
        self.stopped = threading.Event()
        self._one_at_a_time = threading.Lock()

    # -- scoring

    def _describe(self, context, request):
        return DescribeReply(spec=self.spec, identity=self.identity, differentiable=self.gradient is not None)

    def _pictures(self, context, request):
        images = _images(context, request, "B")
        reply = PicturesReply(identity=self.identity)
        for score in self._ask(self.score, images, request):
            reply.scores.append(_outcome(score))
        return reply

    def _with_gradient(self, context, request):
        if self.gradient is None:
            raise RPCError(wire.FAILED_PRECONDITION, f"the reward {self.spec} has no derivative")
        images = _images(context, request, "f")
        faults = [_fault(image) for image in images]
        sound = [index for index, fault in enumerate(faults) if not fault]
        asked = [images[index] for index in sound]
        answers = dict(zip(sound, self._ask(self.gradient, asked, request, sound) if sound else []))
        size = request.height * request.width * 3
        reply, parts = GradientReply(identity=self.identity), []
        for index, fault in enumerate(faults):
            if fault:
                outcome, part = PictureScore(invalid=fault), None
            elif isinstance(answers[index], Exception):
                outcome, part = _outcome(answers[index]), None
            else:
                score, slope = answers[index]
                outcome, part = _outcome(score), _floats(slope, size)
                if outcome.WhichOneof("outcome") == "number" and not all(map(math.isfinite, part)):
                    outcome, part = PictureScore(invalid="the derivative of the score is not finite"), None
            # Where there is no score there is no derivative that could be taken for one.
            has_score = outcome.WhichOneof("outcome") == "number"
            parts.append((part if has_score else array.array("f", [math.nan]) * size).tobytes())
            reply.scores.append(outcome)
        return Reply(reply, [("gradient", b"".join(parts))])

    def _ask(self, function, images, request, chosen=None):
        """What the function says of each picture; an exception of its own stands for all of them."""
        prompts = list(request.prompts)
        prompts = prompts if chosen is None else [prompts[index] for index in chosen]
        with self._one_at_a_time:
            try:
                answers = list(function(images, prompts))
            except Exception as error:
                log.exception("the reward failed")
                answers = [error] * len(images)
        if len(answers) != len(images):
            raise RPCError(wire.INTERNAL, f"the reward gave {len(answers)} scores for {len(images)} pictures")
        return answers

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


def _images(context, request, kind):
    """The pictures of a request as arrays of u8 ("B") or f32 ("f")."""
    count, size = len(request.prompts), request.height * request.width * 3 * struct.calcsize(kind)
    data = context.attachments[0][1] if context.attachments else b""
    if not count or not size or len(data) != count * size:
        raise RPCError(
            wire.INVALID_ARGUMENT, f"{len(data)} bytes are not {count} pictures of {request.width}x{request.height}"
        )
    views = [
        memoryview(data)[i * size : (i + 1) * size].cast("B").cast(kind, (request.height, request.width, 3))
        for i in range(count)
    ]
    try:
        import numpy
    except ImportError:
        return views
    return [numpy.asarray(view) for view in views]


def _fault(image):
    """What is wrong with the pixels of a picture, if anything is."""
    for pixel in memoryview(image).cast("B").cast("f"):
        if not 0 <= pixel <= 1:
            return f"a pixel is {pixel}; pixels are 0 (black) to 1 (white)"
    return None


def _floats(slope, size):
    """A derivative, which may be any array of numbers, as f32."""
    try:
        import numpy

        floats = array.array("f", numpy.asarray(slope, dtype=numpy.float32).tobytes())
    except ImportError:
        view = memoryview(slope)
        floats = array.array("f", view.cast("B").cast(view.format) if view.ndim > 1 else view)
    if len(floats) != size:
        raise RPCError(wire.INTERNAL, f"the reward gave {len(floats)} derivatives for {size} numbers of a picture")
    return floats


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
    score,
    name="reward",
    spec="external:reward",
    address="tcp://127.0.0.1:0",
    coordinator="",
    patience=10.0,
    keys=None,
    gradient=None,
    identity=None,
):
    """Serves a reward until SIGTERM, SIGINT or the end of the run.

    `keys` is a folder of keys or one key's file; those of a local run are found beside the coordinator's socket.
    """
    found = Keys.find(keys, [name, "reward"], coordinator)
    service = RewardService(score, name, spec, identity, found, gradient)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.listen(address)
    log.info("%s at %s, identity %s", spec, service.address, service.identity)
    service.run(coordinator, patience)
