import Synchronization

/// Carries out calls with idempotency keys once, whatever becomes of those who asked.
final class AnswerDesk: Sendable {
    private struct Running {
        let task: Task<AnswerCache.Answer, Never>
        var interested = 1
    }

    private struct State {
        var cache = AnswerCache()
        var running: [AnswerCache.Key: Running] = [:]
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    private var now: Duration { .now - start }

    /// The answer of a key: executed now, waited for, or remembered.
    func answer(
        _ key: AnswerCache.Key, _ execute: @escaping @Sendable () async -> AnswerCache.Answer
    ) async -> AnswerCache.Answer {
        enum Way {
            case wait(Task<AnswerCache.Answer, Never>)
            case have(AnswerCache.Answer)
        }
        let way: Way = state.withLock { state in
            switch state.cache.admit(key, at: now) {
            case .answer(let answer): return .have(answer)
            case .join:
                guard let running = state.running[key] else { preconditionFailure("a running call without its task") }
                state.running[key]?.interested += 1
                return .wait(running.task)
            case .run:
                // Detached: it may outlive the caller, and the session.
                let task = Task.detached {
                    let answer = await execute()
                    self.finished(key, answer)
                    return answer
                }
                state.running[key] = Running(task: task)
                return .wait(task)
            }
        }
        switch way {
        case .have(let answer): return answer
        case .wait(let task): return await task.value
        }
    }

    private func finished(_ key: AnswerCache.Key, _ answer: AnswerCache.Answer) {
        state.withLock { state in
            state.running[key] = nil
            state.cache.finished(key, answer, at: now)
        }
    }

    /// One who asked does so no longer; when nobody does, the execution is cancelled.
    func withdraw(_ key: AnswerCache.Key, at instant: ContinuousClock.Instant) {
        guard instant > .now else { return withdraw(key) }
        guard state.withLock({ $0.running[key] != nil }) else { return }
        Task.detached {
            try? await Task.sleep(until: instant, clock: .continuous)
            self.withdraw(key)
        }
    }

    private func withdraw(_ key: AnswerCache.Key) {
        let abandoned = state.withLock { state -> Task<AnswerCache.Answer, Never>? in
            guard let running = state.running[key] else { return nil }
            state.running[key]?.interested -= 1
            return running.interested == 1 ? running.task : nil
        }
        abandoned?.cancel()
    }
}
