import Foundation
import Testing

/// What python-protobuf writes and reads: the lines of `Fixtures/messages.txt`, which `Fixtures/make_messages.py` wrote.
struct GoldenMessages {
    /// One end of the conversation says a message.
    struct Saying {
        let side: SimulatedSession.Side
        let kind: String
        let frames: [[UInt8]]
    }

    /// Bytes of `atelier.echo.Everything`, and what python-protobuf leaves of them; nil if it does not read them.
    struct Reading {
        let name: String
        let input: [UInt8]
        let output: [UInt8]?
    }

    let sayings: [Saying]
    let readings: [Reading]
    private let lines: [[String]]

    init() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/messages.txt")
        lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        sayings = try lines.filter { $0[0] == "says" }.map { line in
            Saying(
                side: line[1] == "dialer" ? .dialer : .listener, kind: line[2],
                frames: try line.dropFirst(3).map(Self.bytes))
        }
        readings = try lines.filter { $0[0] == "reading" }.map { line in
            Reading(
                name: line[1], input: try Self.bytes(line[2]),
                output: line[3] == "refused" ? nil : try Self.bytes(line[3]))
        }
    }

    /// A message with every field set.
    func message(_ name: String) throws -> [UInt8] {
        try Self.bytes(try #require(lines.first { $0[0] == "message" && $0[1] == name })[2])
    }

    /// The frames of the line that begins with a word and a second one.
    func frames(_ first: String, _ second: String) throws -> [[UInt8]] {
        try #require(lines.first { $0[0] == first && $0[1] == second }).dropFirst(2).map(Self.bytes)
    }

    /// A deflate block that stands for a mebibyte of zeros, and can be repeated.
    func blockOfZeros() throws -> [UInt8] {
        try Self.bytes(try #require(lines.first { $0[0] == "zeros" })[1])
    }

    /// Bytes in hexadecimal; `-` for none.
    static func bytes(_ digits: String) throws -> [UInt8] {
        guard digits != "-" else { return [] }
        let digits = Array(digits)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
        }
    }
}
