import Ledger
import ServiceAPI

/// The trajectories that were drawn and not yet trained on, with their scores.
///
/// Only a unit that the coordinator has settled counts; until then its trajectory is provisional.
struct TrajectoryStore {
    struct Entry {
        let drawn: DrawnUnit
        var scored: ScoredUnit?
    }

    private var entries: [UnitID: Entry] = [:]

    var count: Int { entries.count }

    subscript(unit: UnitID) -> Entry? { entries[unit] }

    /// Keeps a settled trajectory.
    ///
    /// The first one stays: a second is the same pictures.
    ///
    /// - Returns: whether it was kept now.
    mutating func keep(_ drawn: DrawnUnit) -> Bool {
        guard entries[drawn.unit] == nil else { return false }
        entries[drawn.unit] = Entry(drawn: drawn)
        return true
    }

    mutating func score(_ unit: UnitID, _ scored: ScoredUnit) {
        entries[unit]?.scored = scored
    }

    mutating func remove(_ unit: UnitID) {
        entries[unit] = nil
    }

    /// Forgets every unit below one.
    mutating func remove(below unit: UnitID) {
        entries = entries.filter { $0.key >= unit }
    }
}
