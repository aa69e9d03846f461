/// The answers of calls that carry an idempotency key, so that a call that is sent again is not carried out again.
///
/// A value without a clock: times are durations since any moment.
package struct AnswerCache: Sendable {
    /// One logical call: who asks, for what, under which key.
    package struct Key: Hashable, Sendable {
        package var caller: String
        package var method: String
        package var bytes: [UInt8]

        package init(caller: String, method: String, bytes: [UInt8]) {
            self.caller = caller
            self.method = method
            self.bytes = bytes
        }
    }

    /// How the call ended.
    package struct Answer: Sendable {
        package var message: OutgoingMessage?
        package var status: RPCStatus

        package init(message: OutgoingMessage?, status: RPCStatus) {
            self.message = message
            self.status = status
        }

        /// With what its key takes beside it, roughly.
        var byteCount: Int {
            let words = status.message.utf8.count + status.trailers.byteCount
            let details = status.details.reduce(0) { $0 + $1.typeURL.utf8.count + $1.value.count }
            return 1024 + (message?.byteCount ?? 0) + words + details
        }
    }

    package enum Admission: Sendable {
        /// The first of its key: carry it out, and say ``AnswerCache/finished(_:_:at:)``.
        case run
        /// Being carried out: wait for that.
        case join
        case answer(Answer)
    }

    private enum Entry {
        case running
        /// The answer, unless it was too large or too old to be kept.
        case done(Answer?, expires: Duration)
    }

    /// How long an answer is kept.
    package let lifetime: Duration
    /// Bytes of all answers.
    package let capacity: Int
    /// Most keys that are remembered.
    package let maximumKeys: Int
    private var entries: [Key: Entry] = [:]
    /// Finished keys, the oldest first, from `first` on.
    private var order: [Key] = []
    private var first = 0
    /// Answers up to this place in `order` have been dropped for lack of room.
    private var firstKept = 0
    package private(set) var keptBytes = 0

    package init(lifetime: Duration = .seconds(600), capacity: Int = 64 << 20, maximumKeys: Int = 65_536) {
        self.lifetime = lifetime
        self.capacity = capacity
        self.maximumKeys = maximumKeys
    }

    /// Keys that are remembered.
    package var count: Int { entries.count }

    /// What to do about a call with a key.
    package mutating func admit(_ key: Key, at now: Duration) -> Admission {
        expire(now)
        switch entries[key] {
        case .running: return .join
        case .done(let answer?, _): return .answer(answer)
        case .done(nil, _):
            // It ran: it must not run again, although nobody knows any more what came of it.
            return .answer(
                Answer(message: nil, status: RPCStatus(.aborted, "\(key.method): the answer under this key is gone")))
        case nil:
            entries[key] = .running
            return .run
        }
    }

    /// Keeps the answer of a key that was run.
    package mutating func finished(_ key: Key, _ answer: Answer, at now: Duration) {
        guard case .running = entries[key] else { return }
        // What was never begun may be tried again.
        if answer.status.notProcessed {
            entries[key] = nil
            return
        }
        let fits = answer.byteCount <= capacity / 4
        entries[key] = .done(fits ? answer : nil, expires: now + lifetime)
        order.append(key)
        if fits { keptBytes += answer.byteCount }
        while keptBytes > capacity, firstKept < order.count { dropAnswer() }
        while order.count - first > maximumKeys { forgetOldest() }
    }

    private mutating func dropAnswer() {
        let key = order[firstKept]
        firstKept += 1
        guard case .done(let answer?, let expires) = entries[key] else { return }
        keptBytes -= answer.byteCount
        entries[key] = .done(nil, expires: expires)
    }

    private mutating func forgetOldest() {
        if firstKept == first { dropAnswer() }
        entries[order[first]] = nil
        first += 1
        guard first > 1024, first * 2 > order.count else { return }
        order.removeFirst(first)
        firstKept -= first
        first = 0
    }

    private mutating func expire(_ now: Duration) {
        while first < order.count, case .done(_, let expires) = entries[order[first]], expires <= now {
            forgetOldest()
        }
    }
}
