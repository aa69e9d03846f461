internal import CZeroMQ
import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// One thread that owns sockets, timers and the actors that say so.
///
/// It polls its sockets and runs jobs in between. Actors that live on it (`unownedExecutor`) are called from a socket's
/// handler without a hop, by `assumeIsolated`. Nothing that blocks or computes for long may run here.
///
/// The queue of jobs is behind a lock; everything else is touched by the thread only, which is why it may be `Sendable`.
public final class Reactor: SerialExecutor, @unchecked Sendable {
    private enum Job {
        case job(UnownedJob)
        /// Of a task that prefers the thread.
        case task(UnownedJob, UnownedTaskExecutor)
        case closure(@Sendable () -> Void)
    }

    private struct Shared {
        var jobs: [Job] = []
        var isAsleep = false
        var isStopping = false
        var hasEnded = false
        var onLongTurn: (@Sendable (Duration, _ isOver: Bool) -> Void)?
        var onTurnedAway: (@Sendable (Int) -> Void)?
    }

    /// A socket, and what to call when something may have happened to it: a message has come, or room for one.
    final class Source {
        let socket: ZeroMQSocket
        let handler: () -> Void

        init(socket: ZeroMQSocket, handler: @escaping () -> Void) {
            self.socket = socket
            self.handler = handler
        }
    }

    private static let roundsPerTurn = 4
    /// How often, in a turn, who need not wait goes on at once.
    private static let stepsPerTurn = 128
    /// A turn that takes longer keeps everything else on the thread waiting.
    static let longTurn = Duration.milliseconds(50)
    /// How often somebody else looks whether a turn goes on.
    private static let watchInterval = Duration.seconds(1)

    private let shared = Mutex(Shared())
    private let wakeDescriptor: Int32
    private let threadID = Atomic<UInt>(0)
    private let longTurnCount = Atomic(0)
    /// Beginnings and ends of turns so far: odd while one goes on.
    private let turnEdges = Atomic(0)
    private var timers = TimerHeap()
    private var sources: [Source] = []
    /// What is polled: the wake-up, and then the sources in their order; empty when they have changed.
    private var polled: [pollfd] = []
    /// Sources that are about to be served.
    private var ready: [Source] = []
    /// Calls that wait for an answer on this thread; touched on it only.
    package var expectedAnswers = 0
    private var busyPolling = BusyPolling()
    private var steps = 0
    /// Looks after the sockets' connections; touched on the thread only.
    let connectionWatch = ConnectionWatch()

    /// Starts the thread.
    ///
    /// - Throws: ``MessagingError`` system when there is no descriptor or thread left.
    public init() throws(MessagingError) {
        try DescriptorLimit.raise()
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else {
            throw MessagingError(.system, "no file descriptor left for a reactor (errno \(errno)): raise `ulimit -n`")
        }
        let result = startThread()
        guard result == 0 else {
            throw MessagingError(.system, "no thread left for a reactor (error \(result))")
        }
    }

    /// Returns the error number of `pthread_create`.
    private func startThread() -> Int32 {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Reactor>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if result == 0 { pthread_detach(thread) } else { context.release() }
        return result
    }

    deinit {
        close(wakeDescriptor)
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }

    fileprivate func enqueue(_ job: UnownedJob, for executor: ReactorTaskExecutor) {
        add(.task(job, executor.asUnownedTaskExecutor()))
    }

    public func checkIsolated() {
        preconditionOnReactor()
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the current thread is the reactor's.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Traps on any other thread.
    public func preconditionOnReactor() {
        precondition(isCurrent, "a socket was touched by another thread than its reactor's")
    }

    /// Turns that have taken longer than they may: something has blocked or computed on the thread.
    public var longTurns: Int { longTurnCount.load(ordering: .relaxed) }

    /// Calls a closure, on the reactor, after every turn that has taken too long; and once, elsewhere, when one that is not over
    /// has taken a second: it may never be.
    public func onLongTurn(_ body: @escaping @Sendable (Duration, _ isOver: Bool) -> Void) {
        shared.withLock { $0.onLongTurn = body }
        Task.detached { [weak self] in
            var (seen, since, isTold) = (0, ContinuousClock.now, false)
            while true {
                try await Task.sleep(for: Self.watchInterval)
                guard let self, !shared.withLock(\.isStopping) else { return }
                let edges = turnEdges.load(ordering: .relaxed)
                if edges != seen {
                    (seen, since, isTold) = (edges, .now, false)
                } else if edges % 2 == 1, !isTold {
                    isTold = true
                    body(.now - since, false)
                }
            }
        }
    }

    /// Calls a closure, on the reactor, with their number when connections were turned away for want of descriptors.
    public func onTurnedAway(_ body: @escaping @Sendable (Int) -> Void) {
        shared.withLock { $0.onTurnedAway = body }
    }

    func tellOfTurnedAway(_ count: Int) { shared.withLock(\.onTurnedAway)?(count) }

    private func turnEnded(after duration: Duration) {
        guard duration > Self.longTurn else { return }
        longTurnCount.add(1, ordering: .relaxed)
        shared.withLock(\.onLongTurn)?(duration, true)
    }

    /// Runs a closure on the reactor, after everything submitted before.
    public func submit(_ closure: @escaping @Sendable () -> Void) {
        add(.closure(closure))
    }

    /// Runs a closure on the reactor and returns what it returns.
    public func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: body()) }
        }
    }

    /// Calls a closure that lets somebody go on who need not wait: at once, or, when that has been often in this turn, by
    /// ``submit(_:)``.
    ///
    /// A task on the thread that never waits would keep everything else there from its turn.
    package func goOn(_ closure: @escaping @Sendable () -> Void) {
        preconditionOnReactor()
        steps += 1
        if steps <= Self.stepsPerTurn { closure() } else { submit(closure) }
    }

    /// Ends the thread once it has nothing to do.
    ///
    /// A job that comes later starts it again, for as long as it takes.
    ///
    /// Sockets must be closed before; timers that are still set do not fire.
    public func stop() {
        let mustWake = shared.withLock { shared in
            shared.isStopping = true
            defer { shared.isAsleep = false }
            return shared.isAsleep
        }
        if mustWake { wake() }
    }

    private func add(_ job: Job) {
        // The job may end the last use of this reactor before `add` has woken it.
        let keeper = Unmanaged.passRetained(self)
        defer { keeper.release() }
        let (mustWake, mustStart) = shared.withLock { shared in
            shared.jobs.append(job)
            defer {
                shared.isAsleep = false
                shared.hasEnded = false
            }
            return (shared.isAsleep, shared.hasEnded)
        }
        if mustWake { wake() }
        if mustStart {
            let result = startThread()
            precondition(result == 0, "no thread left for a reactor (error \(result))")
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    // MARK: Timers and sockets, on the reactor

    /// Calls the action once after a time, unless it is cancelled.
    public func schedule(after duration: Duration, _ action: @escaping () -> Void) -> ReactorTimer {
        let timer = ClosureTimer(action)
        start(timer, after: duration)
        return timer
    }

    /// Fires a timer once after a time, unless it is cancelled or started again.
    public func start(_ timer: ReactorTimer, after duration: Duration) {
        preconditionOnReactor()
        timers.insert(timer, at: .now + duration)
    }

    /// Forgets a timer; one that has fired or was cancelled is ignored.
    public func cancel(_ timer: ReactorTimer) {
        preconditionOnReactor()
        timers.remove(timer)
    }

    /// Fires the timers that are due.
    ///
    /// Before each message that is read, too: the thread may have stood still anywhere, and who has must learn of it before it serves what
    /// has come meanwhile.
    func fireDueTimers() {
        guard !timers.isEmpty else { return }
        let now = ContinuousClock.now
        while let timer = timers.popDue(at: now) { timer.fire() }
    }

    func add(_ source: Source) {
        preconditionOnReactor()
        sources.append(source)
        polled.removeAll(keepingCapacity: true)
    }

    func remove(_ source: Source) {
        preconditionOnReactor()
        sources.removeAll { $0 === source }
        polled.removeAll(keepingCapacity: true)
    }

    // MARK: The thread

    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        var jobs: [Job] = []
        var turn = ContinuousClock.now
        turnEdges.add(1, ordering: .relaxed)
        while true {
            // What is done often leads to more, which need not wait until the sockets have been asked.
            for _ in 0..<Self.roundsPerTurn {
                swap(&jobs)
                if jobs.isEmpty { break }
                for job in jobs { execute(job) }
                jobs.removeAll(keepingCapacity: true)
            }
            fireDueTimers()
            serveSilentSources()
            let now = ContinuousClock.now
            let wait = millisecondsToNextTimer(now)
            turnEnded(after: now - turn)
            let hasServedAll = !sources.contains { $0.socket.mayBeSilent }
            let (mustWait, mayStop) = shared.withLock { shared in
                let isIdle = shared.jobs.isEmpty && hasServedAll
                shared.hasEnded = shared.isStopping && isIdle
                shared.isAsleep = !shared.hasEnded && isIdle
                // Another thread may be given the number of this one, and is not the reactor's.
                if shared.hasEnded { threadID.store(0, ordering: .relaxed) }
                return (shared.isAsleep, shared.hasEnded)
            }
            turnEdges.add(1, ordering: .relaxed)
            if mayStop { return }
            turn = poll(wait: mustWait ? wait : 0)
        }
    }

    private func swap(_ jobs: inout [Job]) {
        shared.withLock { shared in Swift.swap(&shared.jobs, &jobs) }
    }

    private func execute(_ job: Job) {
        switch job {
        case .job(let job):
            // Not as a task executor too: to a task that prefers none, every step within an actor would look like a change
            // of executor, and go through the queue.
            job.runSynchronously(on: asUnownedSerialExecutor())
        case .task(let job, let executor): job.runSynchronously(on: executor)
        case .closure(let closure): closure()
        }
    }

    /// How long to wait at the most; -1 when there is no timer.
    private func millisecondsToNextTimer(_ now: ContinuousClock.Instant) -> Int {
        guard let next = timers.nextDeadline else { return -1 }
        let (seconds, attoseconds) = (next - now).components
        guard seconds < 60 else { return 60_000 }
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        return Int(max(0, milliseconds))
    }

    /// Serves the sockets whose descriptors may not tell what has come.
    private func serveSilentSources() {
        for source in sources where source.socket.mayBeSilent { ready.append(source) }
        serveReady()
    }

    /// A handler may remove sources, its own among them.
    private func serveReady() {
        for source in ready where sources.contains(where: { $0 === source }) { source.handler() }
        ready.removeAll(keepingCapacity: true)
    }

    /// Waits for sockets and serves them; returns when the waiting was over.
    ///
    /// `zmq_poll` would ask each socket twice, with a system call each time, and before and after the waiting.
    private func poll(wait: Int) -> ContinuousClock.Instant {
        steps = 0
        if polled.isEmpty {
            polled = ([wakeDescriptor] + sources.map(\.socket.descriptor)).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
        }
        let start = ContinuousClock.now
        var (count, turn) = (Int32(0), start)
        if wait != 0, busyPolling.isWorthwhile(expectedAnswers: expectedAnswers) {
            while count == 0, turn - start < BusyPolling.duration {
                sched_yield()
                count = Glibc.poll(&polled, nfds_t(polled.count), 0)
                turn = .now
            }
        }
        if count == 0 {
            count = Glibc.poll(&polled, nfds_t(polled.count), Int32(wait))
            turn = .now
        }
        turnEdges.add(1, ordering: .relaxed)
        if wait != 0, expectedAnswers > 0 { busyPolling.ended(after: turn - start) }
        shared.withLock { $0.isAsleep = false }
        guard count > 0 else { return turn }
        if polled[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, 8)
        }
        for (index, source) in sources.enumerated() where polled[index + 1].revents != 0 { ready.append(source) }
        serveReady()
        return turn
    }
}

/// Lets tasks run on a reactor's thread: a caller that prefers it saves two changes of thread with every call.
///
/// Such a task must neither block nor compute for long.
public final class ReactorTaskExecutor: TaskExecutor {
    private let reactor: Reactor

    /// An executor on a reactor's thread.
    public init(_ reactor: Reactor) {
        self.reactor = reactor
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        reactor.enqueue(UnownedJob(job), for: self)
    }
}
