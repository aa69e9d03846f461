import Synchronization
import Testing

@testable import RPC

/// Who is interested in an execution, and when nobody is any more.
@Suite("The desk of answers under keys", .timeLimit(.minutes(1)))
struct AnswerDeskTests {
    private static let key = AnswerCache.Key(
        caller: AnswerCache.Caller(key: nil, name: "caller", bootID: 1), method: "a.B/C", bytes: [1])

    /// An execution that lasts until it is released or cancelled, and says which.
    private final class Execution: Sendable {
        private let isReleased = Mutex(false)
        let runs = Mutex(0)

        func release() { isReleased.withLock { $0 = true } }

        @Sendable func run() async -> AnswerCache.Answer {
            runs.withLock { $0 += 1 }
            while !isReleased.withLock(\.self), !Task.isCancelled { await Task.yield() }
            let status = RPCStatus(Task.isCancelled ? .cancelled : .ok, "")
            return AnswerCache.Answer(message: nil, status: status)
        }
    }

    @Test func oneThatLeavesBeforeItHasJoinedTakesNobodysInterestAway() async {
        let (desk, execution) = (AnswerDesk(), Execution())
        let first = Task { await desk.answer(AnswerDesk.Interest(Self.key), execution.run) }
        while execution.runs.withLock(\.self) == 0 { await Task.yield() }
        // Accepted, and cancelled before its task has come to run.
        let second = AnswerDesk.Interest(Self.key)
        desk.withdraw(second, RPCStatus(.cancelled, ""))
        desk.withdraw(second, RPCStatus(.cancelled, ""))
        #expect(await desk.answer(second, execution.run).status.code == .cancelled)
        execution.release()
        #expect(await first.value.status.code == .ok)
        #expect(execution.runs.withLock(\.self) == 1)
    }

    @Test func nobodyIsMadeToWorkForOneThatHasLeft() async {
        let (desk, execution) = (AnswerDesk(), Execution())
        let gone = AnswerDesk.Interest(Self.key)
        desk.withdraw(gone, RPCStatus(.cancelled, ""))
        #expect(await desk.answer(gone, execution.run).status.code == .cancelled)
        #expect(execution.runs.withLock(\.self) == 0)
        // The key is as new.
        execution.release()
        #expect(await desk.answer(AnswerDesk.Interest(Self.key), execution.run).status.code == .ok)
    }

    /// Keeps what it is given until it is told to run it.
    private final class HeldExecutor: TaskExecutor {
        private let jobs = Mutex<[UnownedJob]>([])

        var count: Int { jobs.withLock(\.count) }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            jobs.withLock { $0.append(job) }
        }

        func runAll() {
            let jobs = jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    /// All threads may be busy for longer than anybody waits.
    @Test func anExecutionThatNobodyWaitsForAnyMoreIsNotBegun() async {
        let (desk, execution, executor) = (AnswerDesk(), Execution(), HeldExecutor())
        let interests = [AnswerDesk.Interest(Self.key), AnswerDesk.Interest(Self.key)]
        let asking = interests.map { interest in
            Task { await desk.answer(interest, on: executor, execution.run) }
        }
        while executor.count == 0 { await Task.yield() }
        for interest in interests { desk.withdraw(interest, RPCStatus(.cancelled, "")) }
        executor.runAll()
        for asked in asking { #expect(await asked.value.status.code == .cancelled) }
        #expect(execution.runs.withLock(\.self) == 0)
        // The key is as new.
        execution.release()
        #expect(await desk.answer(AnswerDesk.Interest(Self.key), execution.run).status.code == .ok)
    }

    @Test func theLastToLeaveEndsTheExecution() async {
        let (desk, execution) = (AnswerDesk(), Execution())
        let interests = [AnswerDesk.Interest(Self.key), AnswerDesk.Interest(Self.key)]
        let first = Task { await desk.answer(interests[0], execution.run) }
        while execution.runs.withLock(\.self) == 0 { await Task.yield() }
        let second = Task { await desk.answer(interests[1], execution.run) }
        desk.withdraw(interests[0], RPCStatus(.cancelled, ""))
        // Not yet: the second has come, or comes and finds it running.
        await Task.yield()
        desk.withdraw(interests[1], RPCStatus(.deadlineExceeded, "too late"))
        #expect(await first.value.status.code == .cancelled)
        #expect([.cancelled, .deadlineExceeded].contains(await second.value.status.code))
        #expect(execution.runs.withLock(\.self) == 1)
    }

    @Test func whoAsksAgainHearsThatTheDeadlinePassed() async {
        let (desk, execution) = (AnswerDesk(), Execution())
        let interest = AnswerDesk.Interest(Self.key)
        let first = Task { await desk.answer(interest, execution.run) }
        while execution.runs.withLock(\.self) == 0 { await Task.yield() }
        desk.withdraw(interest, RPCStatus(.deadlineExceeded, "too late"))
        _ = await first.value
        let again = await desk.answer(AnswerDesk.Interest(Self.key), execution.run)
        #expect(again.status == RPCStatus(.deadlineExceeded, "too late"))
        #expect(execution.runs.withLock(\.self) == 1)
    }
}
