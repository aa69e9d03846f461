import Synchronization

/// Carries out calls with idempotency keys once, whatever becomes of those who asked.
final class AnswerDesk: Sendable {
    /// One caller's wish for the answer of a key, from the moment in which its call was accepted.
    ///
    /// Touched behind the desk's lock only, which is why it may be `Sendable`.
    final class Interest: @unchecked Sendable {
        let key: AnswerCache.Key
        fileprivate var execution: Execution?
        fileprivate var isWithdrawn = false

        init(_ key: AnswerCache.Key) {
            self.key = key
        }
    }

    /// Touched behind the desk's lock only, which is why it may be `Sendable`.
    fileprivate final class Execution: @unchecked Sendable {
        let task: Task<AnswerCache.Answer, Never>
        var interested = 0
        /// Why the last one who was interested is no longer.
        var abandoned: RPCStatus?

        init(_ task: Task<AnswerCache.Answer, Never>) {
            self.task = task
        }
    }

    private struct State {
        var cache = AnswerCache()
        var running: [AnswerCache.Key: Execution] = [:]
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    private var now: Duration { .now - start }

    /// The answer of a key: executed now, waited for, or remembered.
    ///
    /// The executor is the one that the execution prefers.
    func answer(
        _ interest: Interest, on executor: (any TaskExecutor)? = nil,
        _ execute: @escaping @Sendable () async -> AnswerCache.Answer
    ) async -> AnswerCache.Answer {
        enum Way {
            case wait(Task<AnswerCache.Answer, Never>)
            case have(AnswerCache.Answer)
        }
        let key = interest.key
        let way: Way = state.withLock { state in
            // Nobody is to be made to work for a caller that has gone already.
            guard !interest.isWithdrawn else {
                return .have(Self.nobodyAsks(key))
            }
            let execution: Execution
            switch state.cache.admit(key, at: now) {
            case .answer(let answer): return .have(answer)
            case .join:
                guard let running = state.running[key] else { preconditionFailure("a running call without its task") }
                execution = running
            case .run:
                // Detached: it may outlive the caller, and the session.
                execution = Execution(
                    Task.detached(executorPreference: executor) {
                        // It may have waited for a thread, and everybody who asked may be gone.
                        let answer = Task.isCancelled ? Self.nobodyAsks(key) : await execute()
                        self.finished(key, answer)
                        return answer
                    })
                state.running[key] = execution
            }
            execution.interested += 1
            interest.execution = execution
            return .wait(execution.task)
        }
        switch way {
        case .have(let answer): return answer
        case .wait(let task): return await task.value
        }
    }

    /// Not kept, because it was not processed: the key is as new.
    private static func nobodyAsks(_ key: AnswerCache.Key) -> AnswerCache.Answer {
        let status = RPCStatus(.cancelled, "\(key.method): the caller cancelled", notProcessed: true)
        return AnswerCache.Answer(message: nil, status: status)
    }

    private func finished(_ key: AnswerCache.Key, _ answer: AnswerCache.Answer) {
        state.withLock { state in
            var answer = answer
            // Who asks again is to hear what became of the call, not how its handler was told.
            let status = state.running.removeValue(forKey: key)?.abandoned
            if let status, answer.status.code == .cancelled, !answer.status.notProcessed {
                answer.status = status
            }
            state.cache.finished(key, answer, at: now)
        }
    }

    /// One who asked does so no longer; when nobody does, the execution is cancelled.
    func withdraw(_ interest: Interest, _ status: RPCStatus) {
        let abandoned = state.withLock { _ -> Execution? in
            guard !interest.isWithdrawn else { return nil }
            interest.isWithdrawn = true
            guard let execution = interest.execution else { return nil }
            execution.interested -= 1
            guard execution.interested == 0 else { return nil }
            execution.abandoned = status
            return execution
        }
        abandoned?.task.cancel()
    }
}
