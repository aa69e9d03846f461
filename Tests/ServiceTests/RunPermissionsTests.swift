import Foundation
import RPC
import Testing

@testable import ServiceRuntime

/// Others give their keys' roles by the protocol's page: its table is the one that holds.
struct RunPermissionsTests {
    /// The patterns of a cell; what begins with a slash belongs to the service before it.
    private static func patterns(_ cell: Substring) -> [String] {
        var service = ""
        return cell.matches(of: /`([^`]*)`/).map { match in
            let name = String(match.1)
            if name.hasPrefix("/") { return service + name }
            service = String(name.prefix { $0 != "/" })
            return name
        }
    }

    @Test func areWhatTheProtocolsPageSays() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "protos/README.md"), encoding: .utf8)
        let table = try #require(page.range(of: "| role | may call | may serve |\n| --- | --- | --- |\n")).upperBound
        let rows = page[table...].split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("|") }
        let printed = rows.map { row in
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).dropFirst()
            let role = cells[1].trimmingCharacters(in: .whitespaces)
            return Permissions.Row(
                role == "everybody" ? Permissions.everyone : role, calls: Self.patterns(cells[2]),
                serves: Self.patterns(cells[3]))
        }
        #expect(printed.count == 7)
        #expect(Permissions(printed) == RunPermissions.table)
    }
}
