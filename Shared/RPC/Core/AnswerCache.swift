internal import DequeModule
import Messaging

/// The answers of calls that carry an idempotency key, so that a call that is sent again is not carried out again.
///
/// Room is taken from who holds most of it: nobody makes us forget what others have asked for.
/// A value without a clock: times are durations since any moment.
package struct AnswerCache: Sendable {
    /// A process that asks.
    package struct Caller: Hashable, Sendable {
        /// What it has proved; all that have proved nothing share the room.
        package var key: PublicKey?
        package var name: String
        package var bootID: UInt64

        package init(key: PublicKey?, name: String, bootID: UInt64) {
            self.key = key
            self.name = name
            self.bootID = bootID
        }
    }

    /// One logical call: who asks, for what, under which key.
    package struct Key: Hashable, Sendable {
        package var caller: Caller
        package var method: String
        package var bytes: [UInt8]

        package init(caller: Caller, method: String, bytes: [UInt8]) {
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

    /// What one public key holds.
    private struct Shelf {
        var running = 0
        /// Keys that were carried out, the oldest first.
        var finished: Deque<Key> = []
        /// So many of them, from the oldest, have lost their answers for lack of room.
        var emptied = 0
        var keptBytes = 0
    }

    /// How long an answer is kept, while there is room.
    package let lifetime: Duration
    /// Bytes of all answers.
    package let capacity: Int
    /// Most keys that are remembered.
    package let maximumKeys: Int
    /// Most calls that one public key has carried out at a time: they go on when their session has ended.
    package let maximumRunning: Int
    private var entries: [Key: Entry] = [:]
    private var shelves: [PublicKey?: Shelf] = [:]
    private var finishedCount = 0
    private var nextSweep = Duration.zero
    package private(set) var keptBytes = 0

    package init(
        lifetime: Duration = .seconds(600), capacity: Int = 64 << 20, maximumKeys: Int = 131_072,
        maximumRunning: Int = 4096
    ) {
        self.lifetime = lifetime
        self.capacity = capacity
        self.maximumKeys = maximumKeys
        self.maximumRunning = maximumRunning
    }

    /// Keys that are remembered.
    package var count: Int { entries.count }

    /// What to do about a call with a key.
    package mutating func admit(_ key: Key, at now: Duration) -> Admission {
        let holder = key.caller.key
        sweep(now)
        expire(holder, now)
        switch entries[key] {
        case .running: return .join
        case .done(let answer?, _): return .answer(answer)
        case .done(nil, _):
            // It ran: it must not run again, although nobody knows any more what came of it.
            return .answer(
                Answer(message: nil, status: RPCStatus(.aborted, "\(key.method): the answer under this key is gone")))
        case nil:
            guard shelves[holder, default: Shelf()].running < maximumRunning else {
                let text = "\(key.method): \(maximumRunning) calls with keys are being carried out"
                return .answer(Answer(message: nil, status: RPCStatus(.resourceExhausted, text, notProcessed: true)))
            }
            entries[key] = .running
            shelves[holder, default: Shelf()].running += 1
            return .run
        }
    }

    /// Keeps the answer of a key that was run.
    package mutating func finished(_ key: Key, _ answer: Answer, at now: Duration) {
        guard case .running = entries[key] else { return }
        let holder = key.caller.key
        shelves[holder]?.running -= 1
        // What was never begun may be tried again.
        if answer.status.notProcessed {
            entries[key] = nil
            return clear(holder)
        }
        let fits = answer.byteCount <= capacity / 4
        entries[key] = .done(fits ? answer : nil, expires: now + lifetime)
        shelves[holder]?.finished.append(key)
        finishedCount += 1
        if fits { count(answer.byteCount, of: holder) }
        while keptBytes > capacity, let (most, _) = shelves.max(by: { $0.value.keptBytes < $1.value.keptBytes }) {
            dropAnswer(of: most)
        }
        while finishedCount > maximumKeys,
            let (most, _) = shelves.max(by: { $0.value.finished.count < $1.value.finished.count })
        {
            forgetOldest(of: most)
        }
    }

    private mutating func count(_ bytes: Int, of holder: PublicKey?) {
        keptBytes += bytes
        shelves[holder]?.keptBytes += bytes
    }

    /// Drops the oldest answer that a holder still has; its key is remembered.
    private mutating func dropAnswer(of holder: PublicKey?) {
        guard let shelf = shelves[holder], shelf.emptied < shelf.finished.count else { return }
        let key = shelf.finished[shelf.emptied]
        shelves[holder]?.emptied += 1
        guard case .done(let answer?, let expires) = entries[key] else { return }
        count(-answer.byteCount, of: holder)
        entries[key] = .done(nil, expires: expires)
    }

    private mutating func forgetOldest(of holder: PublicKey?) {
        if shelves[holder]?.emptied == 0 { dropAnswer(of: holder) }
        guard let key = shelves[holder]?.finished.popFirst() else { return }
        shelves[holder]?.emptied -= 1
        entries[key] = nil
        finishedCount -= 1
        clear(holder)
    }

    /// Forgets a holder that has nothing.
    private mutating func clear(_ holder: PublicKey?) {
        if let shelf = shelves[holder], shelf.running == 0, shelf.finished.isEmpty { shelves[holder] = nil }
    }

    /// Forgets what a holder has had for long enough.
    private mutating func expire(_ holder: PublicKey?, _ now: Duration) {
        while let key = shelves[holder]?.finished.first, case .done(_, let expires) = entries[key], expires <= now {
            forgetOldest(of: holder)
        }
    }

    /// Forgets now and then what those have had who do not come any more.
    private mutating func sweep(_ now: Duration) {
        guard now >= nextSweep else { return }
        nextSweep = now + lifetime / 100
        for holder in Array(shelves.keys) { expire(holder, now) }
    }
}
