import Messaging
import ServiceRuntime

/// The way of the run's events to disk: all of one turn of the reactor in one transaction, and nobody is told of an event
/// before it is there.
///
/// A transaction ends in the system's memory, within microseconds. SQLite's checkpoint, which waits for the disk, runs on
/// another thread; meanwhile events wait, and the reactor goes on.
///
/// Touched on its reactor only, which is why it may be `Sendable`.
final class LedgerJournal: @unchecked Sendable {
    typealias Waiter = CheckedContinuation<Result<Void, ServiceError>, Never>

    /// How many transactions the write-ahead log holds until it is written back.
    private static let transactionsPerCheckpoint = 1000

    private let store: LedgerStore
    private let reactor: Reactor
    private let written: @Sendable (ServiceError?) -> Void
    private var pending: [LedgerStore.Entry] = []
    private var waiters: [Waiter] = []
    private var transactions = 0
    private var isCheckpointing = false
    private var failure: ServiceError?

    /// A journal whose every transaction, or what it failed of, is told to the closure, on the reactor.
    init(_ store: LedgerStore, on reactor: Reactor, _ written: @escaping @Sendable (ServiceError?) -> Void) {
        (self.store, self.reactor, self.written) = (store, reactor, written)
    }

    /// Writes an event soon.
    func append(_ entry: LedgerStore.Entry) {
        pending.append(entry)
        // Behind the other calls that have come in this turn.
        if pending.count == 1 { reactor.submit { self.write() } }
    }

    /// Resumes the waiter when everything that was appended is written.
    func whenWritten(_ waiter: Waiter) {
        if let failure { return waiter.resume(returning: .failure(failure)) }
        if pending.isEmpty { waiter.resume(returning: .success(())) } else { waiters.append(waiter) }
    }

    private func write() {
        guard !isCheckpointing, !pending.isEmpty, failure == nil else { return }
        do throws(ServiceError) { try store.append(pending) } catch { failure = error }
        pending.removeAll(keepingCapacity: true)
        let result: Result<Void, ServiceError> = failure.map { .failure($0) } ?? .success(())
        for waiter in waiters { waiter.resume(returning: result) }
        waiters.removeAll(keepingCapacity: true)
        written(failure)
        transactions += 1
        if transactions == Self.transactionsPerCheckpoint { checkpoint() }
    }

    private func checkpoint() {
        (transactions, isCheckpointing) = (0, true)
        store.checkpoint {
            self.reactor.submit {
                self.isCheckpointing = false
                self.write()
            }
        }
    }
}
