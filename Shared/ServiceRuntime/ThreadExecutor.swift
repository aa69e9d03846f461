import Foundation

/// A thread of one's own for an actor whose work blocks or computes for long, so that the cooperative pool, which has as
/// many threads as the machine has cores, is left to what is quick.
public final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    // `@unchecked`: everything mutable is guarded by `condition`.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isClosed = false

    /// - Parameter name: what the thread is called in a debugger.
    public init(name: String) {
        let thread = Thread { [self] in run() }
        thread.name = name
        thread.stackSize = 16 << 20
        thread.start()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Ends the thread once everything enqueued has run.
    ///
    /// Nothing may be enqueued afterwards.
    public func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }

    private func run() {
        while true {
            condition.lock()
            while jobs.isEmpty && !isClosed { condition.wait() }
            let batch = jobs
            jobs = []
            condition.unlock()
            if batch.isEmpty { return }
            for job in batch {
                job.runSynchronously(on: asUnownedSerialExecutor())
            }
        }
    }
}
