import Synchronization

/// Wakes whoever waits for the state to change.
///
/// Who waits takes the number first, looks at the state, and waits for a change after that number: a change in between
/// is not missed.
final class ChangeSignal: Sendable {
    private struct State {
        var number: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The number of changes so far.
    var number: UInt64 { state.withLock(\.number) }

    func change() {
        let waiters = state.withLock { state in
            state.number += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters {
            waiter.resume()
        }
    }

    /// Returns after a change past `number`, after a time, or when the task is cancelled.
    func wait(after number: UInt64, atMost time: Duration) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = Task {
            try await Task.sleep(for: time)
            wake(waiter)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.number > number || Task.isCancelled { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            wake(waiter)
        }
    }

    private func wake(_ waiter: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
    }
}
