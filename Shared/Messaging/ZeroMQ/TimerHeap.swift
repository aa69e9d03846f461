/// Something that happens at a time; touched on its reactor only.
///
/// What has a deadline may inherit from it and be its own timer: ``Reactor/start(_:after:)`` allocates nothing.
open class ReactorTimer {
    fileprivate(set) final var deadline = ContinuousClock.now
    /// Where the timer is in its heap; nil when it is in none.
    fileprivate final var index: Int?

    /// A timer that has not been started.
    public init() {}

    /// Is called when the time has come.
    open func fire() {}
}

/// A timer that runs a closure.
final class ClosureTimer: ReactorTimer {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) {
        self.action = action
    }

    override func fire() { action() }
}

/// Timers by deadline: a binary heap in which a timer knows its place, so that any of them can be removed.
struct TimerHeap {
    private var heap: [ReactorTimer] = []

    var isEmpty: Bool { heap.isEmpty }

    var nextDeadline: ContinuousClock.Instant? { heap.first?.deadline }

    mutating func insert(_ timer: ReactorTimer, at deadline: ContinuousClock.Instant) {
        remove(timer)
        timer.deadline = deadline
        heap.append(timer)
        timer.index = heap.count - 1
        rise(from: heap.count - 1)
    }

    mutating func remove(_ timer: ReactorTimer) {
        guard let index = timer.index, index < heap.count, heap[index] === timer else { return }
        timer.index = nil
        let last = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = last
        last.index = index
        rise(from: index)
        sink(from: index)
    }

    /// Removes and returns a timer that is due.
    mutating func popDue(at now: ContinuousClock.Instant) -> ReactorTimer? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        remove(first)
        return first
    }

    private mutating func rise(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].deadline < heap[parent].deadline else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func sink(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != index else { return }
            exchange(index, least)
            index = least
        }
    }

    private mutating func exchange(_ first: Int, _ second: Int) {
        heap.swapAt(first, second)
        heap[first].index = first
        heap[second].index = second
    }
}
