/// Which parts of a line of addresses are free.
///
/// The smallest part that is large enough is taken, and neighbours that are free become one (best fit with coalescing).
struct FreeRanges {
    /// Free parts below ``end``, in their order; no two touch.
    private var starts: [Int] = []
    private var lengths: [Int] = []
    /// Where what was never taken begins.
    private(set) var end = 0

    /// Takes `length` addresses, of those that are free or from the end.
    mutating func take(_ length: Int) -> Int {
        var best: Int?
        for (index, free) in lengths.enumerated() where free >= length {
            if let found = best, lengths[found] <= free { continue }
            best = index
            if free == length { break }
        }
        guard let best else { return takeFromEnd(length) }
        let start = starts[best]
        if lengths[best] == length {
            starts.remove(at: best)
            lengths.remove(at: best)
        } else {
            starts[best] += length
            lengths[best] -= length
        }
        return start
    }

    private mutating func takeFromEnd(_ length: Int) -> Int {
        var start = end
        if let last = starts.last, let free = lengths.last, last + free == end {
            start = last
            starts.removeLast()
            lengths.removeLast()
        }
        end = start + length
        return start
    }

    /// Gives back what was taken.
    mutating func give(_ start: Int, _ length: Int) {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < start { low = middle + 1 } else { high = middle }
        }
        let joinsBefore = low > 0 && starts[low - 1] + lengths[low - 1] == start
        let joinsAfter = low < starts.count && start + length == starts[low]
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            lengths[low - 1] += length + lengths[low]
            starts.remove(at: low)
            lengths.remove(at: low)
        case (true, false): lengths[low - 1] += length
        case (false, true):
            starts[low] = start
            lengths[low] += length
        case (false, false):
            starts.insert(start, at: low)
            lengths.insert(length, at: low)
        }
    }
}
