/// Something to do at a time; made by ``Reactor/schedule(after:_:)`` and touched on its reactor only.
public final class ReactorTimer {
    let deadline: ContinuousClock.Instant
    let action: () -> Void
    /// Where the timer is in its heap; nil when it is in none.
    fileprivate var index: Int?

    init(deadline: ContinuousClock.Instant, action: @escaping () -> Void) {
        self.deadline = deadline
        self.action = action
    }
}

/// Timers by deadline: a binary heap in which a timer knows its place, so that any of them can be removed.
struct TimerHeap {
    private var heap: [ReactorTimer] = []

    var isEmpty: Bool { heap.isEmpty }

    var nextDeadline: ContinuousClock.Instant? { heap.first?.deadline }

    mutating func insert(_ timer: ReactorTimer) {
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
