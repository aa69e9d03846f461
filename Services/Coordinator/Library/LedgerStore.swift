import Foundation
import GRDB
import Ledger
import ServiceRuntime

/// The run's history on disk: every event, appended before anybody is told of it, so that the books can be made again.
final class LedgerStore {
    /// One line of the history.
    struct Entry {
        let time: Double
        let event: RunEvent
    }

    private let path: URL
    private let queue: DatabaseQueue
    private let encoder = JSONEncoder()

    /// Opens the file, or makes it.
    ///
    /// - Throws: `ServiceError` that names the file.
    init(_ path: URL) throws(ServiceError) {
        self.path = path
        var configuration = Configuration()
        // Who looks at the books, or a checkpoint, may hold them for a moment.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // A committed event survives the end of the process; the write-ahead log is safe with `NORMAL`.
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            // Done by `checkpoint`, where nobody is kept waiting by it.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        }
        do {
            queue = try DatabaseQueue(path: path.path, configuration: configuration)
            try queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS plan (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL);
                        CREATE TABLE IF NOT EXISTS event (
                            sequence INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL,
                            json TEXT NOT NULL);
                        """)
            }
        } catch {
            throw Self.failure(path, error)
        }
    }

    /// The plan that the run began with; nil in a new file.
    func plan() throws(ServiceError) -> RunPlan? {
        try access { queue in
            try queue.read { database in
                try String.fetchOne(database, sql: "SELECT json FROM plan").map {
                    try JSONDecoder().decode(RunPlan.self, from: Data($0.utf8))
                }
            }
        }
    }

    func begin(_ plan: RunPlan) throws(ServiceError) {
        try access { queue in
            let json = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
            try queue.write { try $0.execute(sql: "INSERT INTO plan (id, json) VALUES (1, ?)", arguments: [json]) }
        }
    }

    /// The whole history, in order.
    func history() throws(ServiceError) -> [Entry] {
        try access { queue in
            let decoder = JSONDecoder()
            return try queue.read { database in
                try Row.fetchAll(database, sql: "SELECT time, json FROM event ORDER BY sequence").map { row in
                    let json: String = row["json"]
                    return Entry(
                        time: row["time"], event: try decoder.decode(RunEvent.self, from: Data(json.utf8)))
                }
            }
        }
    }

    /// Appends events, all of them or none; from then on they survive the end of the process.
    ///
    /// - Throws: `ServiceError` that names the file, for example on a full disk; the events have not happened then.
    func append(_ entries: [Entry]) throws(ServiceError) {
        try access { queue in
            let lines = try entries.map { ($0.time, try $0.event.json(encoder)) }
            try queue.writeWithoutTransaction { database in
                let statement = try database.cachedStatement(
                    sql: "INSERT INTO event (time, kind, json) VALUES (?, ?, ?)")
                func insert(_ line: (time: Double, json: String)) throws {
                    try statement.execute(arguments: [line.time, Self.kind(of: line.json), line.json])
                }
                // One statement is a transaction of its own.
                if lines.count == 1 { return try insert(lines[0]) }
                try database.inTransaction {
                    for line in lines { try insert(line) }
                    return .commit
                }
            }
        }
    }

    /// Writes the write-ahead log back into the file, on another thread; nothing may be appended until it is done.
    ///
    /// A failure costs nothing but a longer log: if the disk is full, the next event will say so.
    func checkpoint(_ done: @escaping @Sendable () -> Void) {
        queue.asyncWriteWithoutTransaction { database in
            _ = try? database.checkpoint(.passive)
            done()
        }
    }

    private func access<Result>(_ body: (DatabaseQueue) throws -> Result) throws(ServiceError) -> Result {
        do {
            return try body(queue)
        } catch {
            throw Self.failure(path, error)
        }
    }

    private static func failure(_ path: URL, _ error: any Error) -> ServiceError {
        let reason = (error as? DatabaseError)?.message ?? ServiceProcess.oneLine(error)
        return ServiceError("cannot use the ledger \(path.path): \(reason)")
    }

    /// The event's name, so that the table can be read with any SQLite browser: the only key of its JSON.
    private static func kind(of json: String) -> String {
        String(json.dropFirst(2).prefix { $0 != "\"" })
    }
}
