import Foundation
import Testing

/// What no source may do, and cannot be seen from outside.
struct SourceRuleTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Lines of sources below some folders that match, as `FILE: LINE`; what stands behind `//` does not count.
    private func lines(_ folders: String..., match pattern: Regex<Substring>) throws -> [String] {
        var found: [String] = []
        for folder in folders {
            let place = Self.root.appending(path: folder)
            let files = try #require(FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil))
            for case let file as URL in files where ["swift", "c", "h"].contains(file.pathExtension) {
                for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                    let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
                    if code.contains(pattern) { found.append("\(file.lastPathComponent): \(code)") }
                }
            }
        }
        return found
    }

    /// Whether a program names a function of the C library, as it must to call it; the names stand near its beginning.
    private func names(_ program: Data, _ function: String) -> Bool {
        program.prefix(8 << 20).range(of: Data("\0\(function)\0".utf8)) != nil
    }

    /// A fork of a process with threads and sockets of libzmq is neither; new processes are made by `posix_spawn`.
    @Test func nobodyForks() throws {
        let found = try lines("Shared", "Services", match: /\b(?:v?fork|daemon|clone3?)\s*\(/)
        #expect(found == [])
        #expect(try !lines("Shared", match: /\bposix_spawn\s*\(/).isEmpty, "the search finds what is there")
        // Whatever else is linked into the programs.
        for program in ["atelier", "atelier-coordinator", "atelier-learner", "atelier-reward", "atelier-sampler"] {
            let file = Workplace.programs.appending(path: program)
            let bytes = try Data(contentsOf: file, options: .alwaysMapped)
            #expect(names(bytes, "memcpy"), "the search finds what is there")
            for name in ["fork", "vfork"] {
                #expect(!names(bytes, name), "\(program) calls \(name)")
            }
        }
    }

    /// Sessions, calls, credits and leases know no time of the day: somebody may set it.
    @Test func callsNeverAskForTheTimeOfTheDay() throws {
        let pattern =
            /\b(?:Date|NSDate|CFAbsoluteTimeGetCurrent|gettimeofday|time|localtime|gmtime|DispatchWallTime)\s*\(|CLOCK_REALTIME|UTCClock|timeIntervalSince|import Foundation$/
        #expect(
            try lines("Shared/RPC", "Shared/Messaging", "Shared/C/CAccept", "Shared/C/CZeroMQ", match: pattern) == [])
        #expect(try !lines("Services", match: pattern).isEmpty, "the search finds what is there")
    }
}
