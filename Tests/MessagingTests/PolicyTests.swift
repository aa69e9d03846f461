import Messaging
import Testing

@testable import RPC

@Suite("Decisions about retries, hedges, answers and servers")
struct PolicyTests {
    private func ended(
        _ machine: inout RetryMachine, _ status: RPCStatus, _ throttle: inout RetryThrottle,
        remaining: Duration = .seconds(60)
    ) -> RetryMachine.Decision {
        var generator = SeededGenerator(state: 1)
        return machine.attemptEnded(status, remaining: remaining, throttle: &throttle, random: &generator)
    }

    @Test func aRetryWaitsLongerEachTimeWithinAFifth() {
        var throttle = RetryThrottle()
        var machine = RetryMachine(policy: RetryPolicy(), isRepeatable: true)
        for expected in [Duration.milliseconds(50), .milliseconds(100), .milliseconds(200)] {
            guard case .retry(let wait) = ended(&machine, RPCStatus(.unavailable, ""), &throttle) else {
                Issue.record("no retry")
                return
            }
            #expect(wait >= expected * 0.8 && wait <= expected * 1.2)
        }
        #expect(machine.attempt == 3)
        #expect(ended(&machine, RPCStatus(.unavailable, ""), &throttle) == .give, "four attempts are all")
    }

    @Test func connectionsComeBackLaterEachTimeAndNotTogether() {
        var generator = SeededGenerator(state: 2)
        var waits: [[Duration]] = []
        for _ in 0..<50 {
            var backoff = ConnectionBackoff(initial: .milliseconds(50), maximum: .seconds(2))
            waits.append((0..<9).map { _ in backoff.failed(using: &generator) })
            backoff.succeeded()
            #expect(backoff.failed(using: &generator) <= .milliseconds(60), "it begins anew")
        }
        for (number, expected) in [50, 100, 200, 400, 800, 1600, 2000, 2000, 2000].enumerated() {
            let milliseconds = waits.map { $0[number] / .milliseconds(1) }
            #expect(milliseconds.allSatisfy { abs($0 / Double(expected) - 1) <= 0.2 })
            #expect((milliseconds.max() ?? 0) - (milliseconds.min() ?? 0) > Double(expected) * 0.2, "they are spread")
        }
    }

    @Test func whatMustNotBeSentTwiceIsNot() {
        var throttle = RetryThrottle()
        var machine = RetryMachine(policy: RetryPolicy(), isRepeatable: false)
        #expect(ended(&machine, RPCStatus(.unavailable, ""), &throttle) == .give)
        // Unless the peer is known not to have begun: twice at once, then with a wait.
        let refused = RPCStatus(.unavailable, "", notProcessed: true)
        #expect(ended(&machine, refused, &throttle) == .retry(after: .zero))
        #expect(ended(&machine, refused, &throttle) == .retry(after: .zero))
        #expect(ended(&machine, refused, &throttle) != .retry(after: .zero))
        #expect(ended(&machine, RPCStatus(.invalidArgument, "", notProcessed: true), &throttle) == .give)
    }

    @Test func pushBackDecidesTheWait() {
        var throttle = RetryThrottle()
        var machine = RetryMachine(policy: RetryPolicy(), isRepeatable: true)
        var status = RPCStatus(.unavailable, "")
        status.retryAfter = .milliseconds(700)
        #expect(ended(&machine, status, &throttle) == .retry(after: .milliseconds(700)))
        status.retryAfter = .milliseconds(-1)
        #expect(ended(&machine, status, &throttle) == .give, "a negative push-back forbids it")
        status.retryAfter = .seconds(2)
        var late = RetryMachine(policy: RetryPolicy(), isRepeatable: true)
        #expect(ended(&late, status, &throttle, remaining: .seconds(1)) == .give, "the deadline would be past")
    }

    @Test func failuresOfManyCallsStopTheRetriesOfAll() {
        var throttle = RetryThrottle()
        var retried = 0
        for _ in 0..<20 {
            var machine = RetryMachine(policy: RetryPolicy(), isRepeatable: true)
            if ended(&machine, RPCStatus(.unavailable, ""), &throttle) != .give { retried += 1 }
        }
        #expect(retried == 4, "ten tokens, and none is spent below half")
        for _ in 0..<100 {
            var machine = RetryMachine(policy: RetryPolicy(), isRepeatable: true)
            _ = ended(&machine, RPCStatus(.ok, ""), &throttle)
        }
        #expect(throttle.admitsRetry)
    }

    @Test func theFirstGoodAnswerOfAHedgeWins() {
        var throttle = RetryThrottle()
        var machine = HedgingMachine(policy: HedgingPolicy(delay: .milliseconds(5), maximumAttempts: 9))
        #expect(machine.start() == [.start(attempt: 0), .wait(.milliseconds(5), timer: 1)])
        #expect(machine.timerFired(1, throttle: throttle) == [.start(attempt: 1), .wait(.milliseconds(5), timer: 2)])
        #expect(machine.timerFired(2, throttle: throttle) == [.start(attempt: 2)], "three at most")
        #expect(machine.attemptEnded(0, RPCStatus(.unavailable, ""), throttle: &throttle) == [])
        #expect(machine.attemptEnded(2, RPCStatus(.ok, ""), throttle: &throttle) == [.finish(attempt: 2)])
        #expect(machine.attemptEnded(1, RPCStatus(.ok, ""), throttle: &throttle) == [], "it is over")
    }

    @Test func aFailedHedgeMakesRoomForTheNextAtOnce() {
        var throttle = RetryThrottle()
        var machine = HedgingMachine(policy: HedgingPolicy(delay: .seconds(1)))
        _ = machine.start()
        #expect(machine.attemptEnded(0, RPCStatus(.unavailable, ""), throttle: &throttle) == [.start(attempt: 1)])
        #expect(machine.timerFired(1, throttle: throttle) == [])
        #expect(machine.attemptEnded(1, RPCStatus(.unavailable, ""), throttle: &throttle) == [.finish(attempt: 1)])
        var fatal = HedgingMachine(policy: HedgingPolicy(delay: .seconds(1)))
        _ = fatal.start()
        #expect(
            fatal.attemptEnded(0, RPCStatus(.invalidArgument, ""), throttle: &throttle) == [.finish(attempt: 0)])
    }

    private func key(_ number: Int, of holder: UInt8 = 0) -> AnswerCache.Key {
        let caller = AnswerCache.Caller(
            key: PublicKey(bytes: [UInt8](repeating: holder, count: 32)), name: "caller", bootID: 1)
        return AnswerCache.Key(caller: caller, method: "s/M", bytes: [UInt8(number & 255), UInt8(number >> 8)])
    }

    private func answer(_ bytes: Int) -> AnswerCache.Answer {
        AnswerCache.Answer(
            message: OutgoingMessage(body: [UInt8](repeating: 1, count: bytes)), status: RPCStatus(.ok, ""))
    }

    @Test func aKeyRunsOnceWhileItIsRemembered() {
        var cache = AnswerCache(lifetime: .seconds(600))
        guard case .run = cache.admit(key(1), at: .zero) else { return #expect(Bool(false)) }
        guard case .join = cache.admit(key(1), at: .seconds(1)) else { return #expect(Bool(false)) }
        cache.finished(key(1), answer(10), at: .seconds(2))
        guard case .answer(let kept) = cache.admit(key(1), at: .seconds(601)) else { return #expect(Bool(false)) }
        #expect(kept.message?.body.count == 10)
        guard case .run = cache.admit(key(1), at: .seconds(602)) else { return #expect(Bool(false)) }
        // What was never begun may be tried again.
        let refused = AnswerCache.Answer(message: nil, status: RPCStatus(.unavailable, "", notProcessed: true))
        cache.finished(key(1), refused, at: .seconds(603))
        guard case .run = cache.admit(key(1), at: .seconds(603)) else { return #expect(Bool(false)) }
    }

    @Test func aForgottenAnswerIsNotMadeAgain() {
        var cache = AnswerCache(capacity: 10_000, maximumKeys: 50)
        for number in 0..<200 {
            guard case .run = cache.admit(key(number), at: .zero) else { return #expect(Bool(false)) }
            cache.finished(key(number), answer(1000), at: .zero)
            #expect(cache.keptBytes <= 10_000)
            #expect(cache.count <= 50)
        }
        guard case .answer(let last) = cache.admit(key(199), at: .zero) else { return #expect(Bool(false)) }
        #expect(last.status.code == .ok)
        guard case .answer(let dropped) = cache.admit(key(160), at: .zero) else { return #expect(Bool(false)) }
        #expect(dropped.status.code == .aborted, "it ran, and nobody knows what came of it")
        // Too large to be kept at all.
        guard case .run = cache.admit(key(500), at: .zero) else { return #expect(Bool(false)) }
        cache.finished(key(500), answer(9000), at: .zero)
        guard case .answer(let large) = cache.admit(key(500), at: .zero) else { return #expect(Bool(false)) }
        #expect(large.status.code == .aborted)
    }

    @Test func nobodyMakesAnothersKeysForgotten() {
        var cache = AnswerCache(capacity: 20_000, maximumKeys: 50, maximumRunning: 3)
        guard case .run = cache.admit(key(0, of: 1), at: .zero) else { return #expect(Bool(false)) }
        cache.finished(key(0, of: 1), answer(1000), at: .zero)
        for number in 0..<200 {
            guard case .run = cache.admit(key(number), at: .zero) else { return #expect(Bool(false)) }
            cache.finished(key(number), answer(1000), at: .zero)
            #expect(cache.keptBytes <= 20_000)
            #expect(cache.count <= 50)
        }
        guard case .answer(let kept) = cache.admit(key(0, of: 1), at: .zero) else { return #expect(Bool(false)) }
        #expect(kept.status.code == .ok)
        // One's own oldest keys go first: they would be carried out again.
        guard case .run = cache.admit(key(0), at: .zero) else { return #expect(Bool(false)) }
        for number in 300..<302 { _ = cache.admit(key(number), at: .zero) }
        guard case .answer(let refused) = cache.admit(key(302), at: .zero) else { return #expect(Bool(false)) }
        #expect(refused.status.code == .resourceExhausted && refused.status.notProcessed)
        guard case .run = cache.admit(key(1, of: 1), at: .zero) else { return #expect(Bool(false)) }
        // When their time is over nothing is left, not even of those who do not come again.
        for number in 300..<302 { cache.finished(key(number), answer(1), at: .seconds(1)) }
        cache.finished(key(0), answer(1), at: .seconds(1))
        cache.finished(key(1, of: 1), answer(1), at: .seconds(1))
        guard case .run = cache.admit(key(9, of: 2), at: .seconds(700)) else { return #expect(Bool(false)) }
        #expect(cache.count == 1 && cache.keptBytes == 0)
    }

    @Test func serversAreChosenByThePolicy() {
        var generator = SeededGenerator(state: 3)
        func picks(_ balancer: inout LoadBalancer, _ count: Int, avoiding tried: Set<String> = []) -> [String] {
            (0..<count).compactMap { _ in balancer.pick(avoiding: tried, random: &generator) }
        }
        let backoff = ConnectionBackoff(initial: .milliseconds(50), maximum: .seconds(2))
        var first = LoadBalancer(.pickFirst, backoff: backoff)
        #expect(picks(&first, 1).isEmpty)
        first.update(["a", "b", "a", "c"])
        #expect(picks(&first, 2) == ["a", "a"])
        #expect(picks(&first, 1, avoiding: ["a"]) == ["b"])
        let now = ContinuousClock.now
        first.failed("a", at: now, random: &generator)
        #expect(picks(&first, 1) == ["b"])
        // Others are called meanwhile, so that it has to be looked after: once, and then not before it has failed again.
        #expect(first.due(at: now) == [])
        #expect(first.due(at: now + .milliseconds(61)) == ["a"])
        #expect(first.due(at: now + .seconds(9)) == [])
        first.failed("a", at: now, random: &generator)
        #expect(first.due(at: now + .milliseconds(79)) == [], "twice as long as before")
        #expect(first.due(at: now + .milliseconds(121)) == ["a"])
        first.answered("a")
        #expect(picks(&first, 1) == ["a"])

        var round = LoadBalancer(.roundRobin, backoff: backoff)
        round.update(["a", "b", "c"])
        #expect(picks(&round, 6) == ["a", "b", "c", "a", "b", "c"])

        var least = LoadBalancer(.leastLoaded, backoff: backoff)
        least.update(["a", "b", "c"])
        least.change("a") { $0.outstanding = 5 }
        least.change("b") { $0.reportedLoad = 9 }
        let chosen = picks(&least, 300)
        #expect(chosen.count { $0 == "b" } == 0, "of two it is never the fuller one, and it is fuller than both")
        #expect(chosen.count { $0 == "c" } > 150)
        // Who stays keeps what is known of it.
        least.update(["b", "a"])
        #expect(least.candidates.map(\.outstanding) == [0, 5])
    }

    @Test func traceContextsAreReadAsTheRecommendationSays() throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let context = try #require(TraceContext(text))
        #expect(context.traceparent == text)
        #expect(context.isSampled)
        let child = context.child()
        #expect(child.trace == context.trace)
        #expect(child.span != context.span)
        #expect(try #require(TraceContext(child.traceparent)) == child)
        #expect(TraceContext("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-later") != nil)
        for wrong in [
            "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", text + "-00", text.uppercased(),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] { #expect(TraceContext(wrong) == nil, "\(wrong)") }
    }

    @Test func checksumsAndDeflateAreTheStandards() {
        // RFC 3720, B.4: 32 zeros, 32 ones, ascending.
        #expect(ByteBuffer(copying: [UInt8](repeating: 0, count: 32)).crc32c == 0x8A91_36AA)
        #expect(ByteBuffer(copying: [UInt8](repeating: 0xff, count: 32)).crc32c == 0x62A8_AB43)
        #expect(ByteBuffer(copying: [UInt8](0..<32)).crc32c == 0x46DD_794E)
        #expect(ByteBuffer(copying: Array("123456789".utf8)).crc32c == 0xE306_9283)
        let text = [UInt8](String(repeating: "again and ", count: 500).utf8)
        let compressed = Deflate.compress(text)
        #expect((compressed?.count ?? .max) < 200)
        compressed?.withUnsafeBytes { bytes in
            #expect(Deflate.decompress(bytes, count: text.count) == text)
            #expect(Deflate.decompress(bytes, count: text.count - 1) == nil, "never more than was announced")
            #expect(Deflate.decompress(bytes, count: text.count + 1) == nil)
        }
        #expect(Deflate.compress([1, 2, 3]) == nil, "it would not get shorter")
    }
}
