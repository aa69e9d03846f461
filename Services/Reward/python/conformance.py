"""The echo service of the conformance list, and the list itself from the client's side.

    conformance.py serve ADDRESS [KEYS]    prints the address, serves until standard input says `stop` or ends
    conformance.py check ADDRESS [KEYS]    runs every case against a server; prints `ok NAME` or `failed NAME: why`
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from atelier_reward import Peer, Reply, RPCError, call, message, stream, wire
from atelier_reward.keys import Keys
from atelier_reward.standard import NOT_SERVING, SERVING, add_standard_services

Request, Response = message("atelier.echo.Request"), message("atelier.echo.Response")
ECHO = "atelier.echo.Echo/"


class Echo:
    """As Tests/MessagingTests/EchoImplementation.swift."""

    def __init__(self):
        self.lock, self.cancelled, self.executions = threading.Lock(), 0, {}

    def unary(self, context, request):
        metadata = dict(context.metadata)
        trailers = [("served-by", context.peer.encode())]
        if "x-report" in metadata:
            return Response(number=self.cancelled)
        if "x-count" in metadata:
            with self.lock:
                count = self.executions[metadata["x-count"]] = self.executions.get(metadata["x-count"], 0) + 1
            trailers.append(("x-executions", b"%d" % count))
        if context.attempt < int(metadata.get("x-fail-attempts", b"0")):
            raise RPCError(wire.UNAVAILABLE, "not yet", retry_after_ms=int(metadata.get("x-retry-after", b"0")))
        if "x-echo-initial" in metadata:
            context.send_headers([("x-echo-initial", metadata["x-echo-initial"])])
        if "x-echo-trailing" in metadata:
            trailers.append(("x-echo-trailing", metadata["x-echo-trailing"]))
        if request.mode == 2:
            details = [("atelier.echo/Detail", request.payload)] if request.payload else []
            raise RPCError(request.number, request.text, details, trailers)
        remaining = int(context.remaining * 1e6)
        if request.delay_us:
            self.sleep(context, request.delay_us / 1e6)
        attachments = list(context.attachments)
        response = Response(
            text=request.text.upper() if request.mode == 1 else request.text, number=request.number,
            payload=request.payload, attachments=len(attachments), remaining_us=remaining,
            attachment_bytes=sum(len(data) for _, data in attachments),
        )  # fmt: skip
        if request.attachment_bytes:
            attachments.append(("made", bytes(i & 0xFF for i in range(256)) * (request.attachment_bytes // 256 + 1)))
            attachments[-1] = ("made", attachments[-1][1][: request.attachment_bytes])
        return Reply(response, attachments, trailers)

    def sleep(self, context, seconds):
        try:
            context.wait(seconds)
        except RPCError:
            with self.lock:
                self.cancelled += 1
            raise

    def server_stream(self, context, request):
        finished = False
        try:
            for number in range(request.number):
                yield Response(text=request.text, number=number, payload=request.payload)
            finished = True
        finally:
            if not finished:
                with self.lock:
                    self.cancelled += 1
        if request.mode == 2:
            raise RPCError(wire.ABORTED, f"after {request.number}")

    def client_stream(self, context, requests):
        response = Response()
        for request in requests:
            response.number += 1
            response.text += request.text
            response.attachment_bytes += sum(len(data) for _, data in context.attachments)
            if request.mode == 2:
                raise RPCError(wire.OUT_OF_RANGE, "enough")
        return response

    def bidirectional(self, context, requests):
        for request in requests:
            yield Reply(Response(text=request.text, number=request.number), context.attachments)

    def relay(self, context, request):
        reply = call(context.session, ECHO + "Unary", request, context.attachments)
        return Reply(reply.message, reply.attachments, reply.trailers)


def make_peer(name, keys):
    peer = Peer(name, compress=True, checksums=True, keys=Keys.find(keys, ["tester"]) if keys else None)
    echo = Echo()
    peer.add(
        "atelier.echo.Echo",
        {
            "Unary": echo.unary, "ServerStream": echo.server_stream, "ClientStream": echo.client_stream,
            "Bidirectional": echo.bidirectional, "Relay": echo.relay,
        },
    )  # fmt: skip
    return peer, add_standard_services(peer)


def serve(address, keys=None):
    peer, health = make_peer("server", keys)
    print(peer.listen(address), flush=True)
    for line in sys.stdin:
        word, _, service = line.strip().partition(" ")
        if word == "stop":
            break
        if word == "drain":
            peer.drain(grace=5)
            print("drained", flush=True)
        elif word in ("serving", "not-serving"):
            health.set(service, SERVING if word == "serving" else NOT_SERVING)
    peer.close()


# -- the list

CASES = []


def case(function):
    CASES.append(function)
    return function


def fails(code, body):
    try:
        body()
    except RPCError as error:
        assert error.code == code, f"status {error} instead of {wire.CODES[code]}"
        return error
    raise AssertionError(f"it did not fail with {wire.CODES[code]}")


def unary(session, timeout=20, attachments=(), metadata=(), key=b"", **fields):
    return call(session, ECHO + "Unary", Request(**fields), attachments, timeout, metadata, key)


def pattern(count):
    return (bytes(i * 31 & 0xFF for i in range(256)) * (count // 256 + 1))[:count]


@case
def empty_unary(session):
    reply = unary(session)
    assert not reply.message.text and not reply.attachments
    assert dict(reply.trailers)["served-by"] == session.peer.name.encode()


@case
def large_unary(session):
    mebibyte = 1 << 20
    for size in (0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 5 * mebibyte + 3):
        reply = unary(session, attachments=[("large", pattern(size)), ("small", b"abc")])
        assert reply.message.attachment_bytes == size + 3, size
        assert bytes(dict(reply.attachments)["large"]) == pattern(size), size
    body = pattern((1 << 20) - 64)
    assert unary(session, payload=body).message.payload == body


@case
def larger_than_the_limit(session):
    fails(wire.RESOURCE_EXHAUSTED, lambda: unary(session, payload=bytes(1 << 20)))
    fails(wire.RESOURCE_EXHAUSTED, lambda: unary(session, attachments=[("", b"")] * 17))
    fails(wire.RESOURCE_EXHAUSTED, lambda: unary(session, metadata=[("key", b"x" * 20000)]))
    assert unary(session, text="alive").message.text == "alive"


@case
def server_streaming(session):
    numbers = [r.message.number for r in stream(session, ECHO + "ServerStream", Request(number=300))]
    assert numbers == list(range(300))


@case
def empty_stream(session):
    assert not list(stream(session, ECHO + "ServerStream", Request()))
    requests = stream(session, ECHO + "Bidirectional")
    requests.end()
    assert not list(requests)


@case
def client_streaming(session):
    requests = stream(session, ECHO + "ClientStream")
    for index in range(100):
        requests.send(Request(text=str(index % 10)))
    requests.end()
    reply = requests.reply().message
    assert reply.number == 100 and reply.text.startswith("0123456789012")


@case
def early_answer(session):
    requests = stream(session, ECHO + "ClientStream")
    requests.send(Request(mode=2))
    assert fails(wire.OUT_OF_RANGE, requests.reply).text == "enough"


@case
def ping_pong(session):
    requests = stream(session, ECHO + "Bidirectional")
    replies = iter(requests)
    for size in (0, 31415, 9, 2653, 3 << 20):
        requests.send(Request(number=size), [("", pattern(size))])
        reply = next(replies)
        assert reply.message.number == size and bytes(reply.attachments[0][1]) == pattern(size)
    requests.end()
    assert not list(replies)


@case
def custom_metadata(session):
    metadata = [("x-echo-initial", b"initial"), ("x-echo-trailing", bytes(range(256)))]
    reply = unary(session, metadata=metadata)
    assert dict(reply.headers)["x-echo-initial"] == b"initial"
    assert dict(reply.trailers)["x-echo-trailing"] == bytes(range(256))


@case
def status_code_and_message(session):
    for code in range(1, 17):
        error = fails(code, lambda: unary(session, mode=2, number=code, text=f"status {code}", payload=b"\1\2"))
        assert error.text == f"status {code}" and error.details == [("atelier.echo/Detail", b"\1\2")]


@case
def special_status_message(session):
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    assert fails(wire.UNKNOWN, lambda: unary(session, mode=2, number=2, text=text)).text == text


@case
def unimplemented(session):
    for method in ("atelier.echo.Echo/Unary2", "atelier.Nobody/Unary"):
        request = session.open(method, 5)

        def ask():
            request.begin(None, True)
            request.next()

        assert method in fails(wire.UNIMPLEMENTED, ask).text


@case
def cancel_after_begin(session):
    before = unary(session, metadata=[("x-report", b"")]).message.number
    metadata = [("x-echo-initial", b"begun")]
    started = stream(session, ECHO + "Unary", Request(delay_us=60_000_000), metadata=metadata)
    assert started.headers  # the handler has begun
    started.cancel()
    fails(wire.CANCELLED, started.reply)
    until(lambda: unary(session, metadata=[("x-report", b"")]).message.number > before)


@case
def cancel_after_first_response(session):
    before = unary(session, metadata=[("x-report", b"")]).message.number
    replies = stream(session, ECHO + "ServerStream", Request(number=1 << 31, payload=bytes(1000)))
    assert next(iter(replies)).message.number == 0
    replies.cancel()
    until(lambda: unary(session, metadata=[("x-report", b"")]).message.number > before)


@case
def timeout_on_sleeping_server(session):
    start = time.monotonic()
    fails(wire.DEADLINE_EXCEEDED, lambda: unary(session, timeout=0.3, delay_us=60_000_000))
    assert time.monotonic() - start < 5


@case
def deadline_through_two_hops(session):
    reply = call(session, ECHO + "Relay", Request(text="there and back"), timeout=30)
    assert reply.message.text == "there and back" and 0 < reply.message.remaining_us <= 30_000_000
    fails(wire.DEADLINE_EXCEEDED, lambda: call(session, ECHO + "Relay", Request(delay_us=60_000_000), timeout=0.5))


@case
def compression(session):
    body = b"compressible " * 50_000
    assert unary(session, payload=body).message.payload == body
    noise = os.urandom(100_000)
    assert unary(session, payload=noise).message.payload == noise


@case
def checksums(session):
    reply = unary(session, attachments=[("checked", pattern(10_000))])
    assert bytes(reply.attachments[0][1]) == pattern(10_000)


@case
def one_execution_per_key(session):
    key = os.urandom(16)
    results = []

    def ask():
        reply = unary(session, metadata=[("x-count", key)], key=key, delay_us=50_000)
        results.append(dict(reply.trailers)["x-executions"])

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask()
    assert results == [b"1"] * 6, results


@case
def rpc_soak(session):
    for index in range(300):
        assert unary(session, number=index).message.number == index


@case
def channel_soak(session):
    for index in range(20):
        other = session.peer.dial(session.address)
        assert unary(other, number=index).message.number == index
        other.shut_down(RPCError(wire.UNAVAILABLE, "enough"))


@case
def health(session):
    check, response = message("grpc.health.v1.HealthCheckRequest"), "grpc.health.v1.Health/"
    assert call(session, response + "Check", check()).message.status == SERVING
    assert call(session, response + "Check", check(service="atelier.echo.Echo")).message.status == SERVING
    fails(wire.NOT_FOUND, lambda: call(session, response + "Check", check(service="nobody")))
    states = stream(session, response + "Watch", check(service="atelier.echo.Echo"))
    assert next(iter(states)).message.status == SERVING
    states.cancel()


@case
def reflection(session):
    service = "atelier.reflection.Reflection/"
    names = call(session, service + "Services", message("atelier.reflection.ServicesRequest")()).message.services
    assert {"atelier.echo.Echo", "grpc.health.v1.Health"} <= set(names)
    request = message("atelier.reflection.SchemaRequest")(symbol="atelier.echo.Echo")
    assert b"ClientStream" in call(session, service + "Schema", request).message.descriptor_set


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"


def check(address, keys=None):
    peer, _ = make_peer("client", keys)
    session = peer.dial(address)
    session.address = address
    failures = 0
    for function in CASES:
        try:
            function(session)
            print(f"ok {function.__name__}", flush=True)
        except Exception as error:
            failures += 1
            print(f"failed {function.__name__}: {type(error).__name__}: {error}", flush=True)
    peer.close()
    print(f"all {len(CASES)} cases", flush=True)
    return failures


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("serve", "check"):
        sys.exit(__doc__)
    failures = serve(*sys.argv[2:]) if sys.argv[1] == "serve" else check(*sys.argv[2:])
    sys.stdout.flush()
    os._exit(bool(failures))
