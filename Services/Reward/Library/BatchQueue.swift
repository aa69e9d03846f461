/// What waits to be scored, and when it is time: no clock, lock or task inside.
struct BatchQueue<Item> {
    /// When the next batch goes.
    enum Departure: Equatable {
        case nothingWaits
        case now
        /// When what has waited longest has waited long enough.
        case at(ContinuousClock.Instant)
    }

    /// The most items in a batch.
    let capacity: Int
    /// How long an item waits for others while the model is idle.
    let patience: Duration
    /// The most items that may wait.
    let limit: Int
    private var waiting: [(item: Item, since: ContinuousClock.Instant)] = []

    init(capacity: Int, patience: Duration, limit: Int) {
        (self.capacity, self.patience, self.limit) = (capacity, patience, limit)
    }

    var count: Int { waiting.count }

    /// Takes items in, all or none.
    ///
    /// More than the limit are taken where nothing waits: no request is too large for ever.
    ///
    /// - Returns: whether there was room.
    mutating func add(_ items: [Item], at now: ContinuousClock.Instant) -> Bool {
        guard waiting.isEmpty || waiting.count + items.count <= limit else { return false }
        waiting += items.map { ($0, now) }
        return true
    }

    func departure(at now: ContinuousClock.Instant) -> Departure {
        guard let first = waiting.first else { return .nothingWaits }
        let due = first.since + patience
        return waiting.count >= capacity || due <= now ? .now : .at(due)
    }

    /// The next batch: what has waited longest.
    mutating func take() -> [Item] {
        let batch = waiting.prefix(capacity).map(\.item)
        waiting.removeFirst(batch.count)
        return batch
    }

    /// Drops what nobody waits for any more.
    mutating func remove(where isGone: (Item) -> Bool) { waiting.removeAll { isGone($0.item) } }
}
