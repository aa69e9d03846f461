import Dispatch
import Foundation
import Synchronization

/// The order to stop, which any thread may give once and any task may wait for.
public final class Shutdown: Sendable {
    private struct State {
        var reason: String?
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Why the process stops; nil as long as it does not.
    public var reason: String? { state.withLock(\.reason) }

    public var isRequested: Bool { reason != nil }

    /// Gives the order.
    ///
    /// Only the first reason is kept.
    ///
    /// - Returns: whether this was the first.
    @discardableResult
    public func request(_ reason: String) -> Bool {
        let waiters: [CheckedContinuation<Void, Never>]? = state.withLock { state in
            guard state.reason == nil else { return nil }
            state.reason = reason
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters ?? [] {
            waiter.resume()
        }
        return waiters != nil
    }

    /// Returns when the order has been given, or when the task is cancelled.
    public func wait() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.reason != nil || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
