/// What each role may do: which methods it may call, and which services it may serve.
///
/// The patterns are globs over `package.Service/Method` and `package.Service`, in which `*` stands for anything. What no
/// row allows is forbidden.
public struct Permissions: Hashable, Sendable {
    /// What one role may do.
    public struct Row: Hashable, Sendable {
        let role: String
        let calls: [String]
        let serves: [String]

        /// A role, the methods that it may call, and the services that it may serve.
        public init(_ role: String, calls: [String] = [], serves: [String] = []) {
            self.role = role
            self.calls = calls
            self.serves = serves
        }
    }

    /// The role of a row that holds for every role.
    public static let everyone = "*"

    private let rows: [Row]

    /// A table; several rows of a role add up.
    public init(_ rows: [Row]) {
        self.rows = rows
    }

    /// Whether a role may call a method, `package.Service/Method`.
    public func mayCall(_ method: String, as role: String) -> Bool {
        allows(method, role, \.calls)
    }

    /// Whether a role may serve a service, `package.Service`.
    public func mayServe(_ service: String, as role: String) -> Bool {
        allows(service, role, \.serves)
    }

    private func allows(_ name: String, _ role: String, _ patterns: KeyPath<Row, [String]>) -> Bool {
        rows.contains { row in
            (row.role == role || row.role == Self.everyone)
                && row[keyPath: patterns].contains { Self.matches(name, $0) }
        }
    }

    /// Whether a glob covers a name.
    static func matches(_ name: String, _ glob: String) -> Bool {
        let (text, pattern) = (Array(name.utf8), Array(glob.utf8))
        let star = UInt8(ascii: "*")
        var (position, place) = (0, 0)
        // Where the last star was, and how far the text was then: the only place to come back to.
        var (lastStar, resume) = (-1, 0)
        while position < text.count {
            if place < pattern.count, pattern[place] == star {
                (lastStar, resume) = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == text[position] {
                position += 1
                place += 1
            } else if lastStar >= 0 {
                resume += 1
                (position, place) = (resume, lastStar + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == star }
    }
}
