import Foundation
import Messaging
import RPC
import Testing

/// What `protos/README.md` prints, against what a listener does: others implement the protocol from that page.
@Suite("The protocol's own page")
struct ReadmeTests {
    /// A message of the example.
    private struct Message {
        let isDialers: Bool
        let kind: String
        var frames: [[UInt8]] = []
        /// Whether only the beginning is printed.
        var isCut = false
    }

    private let text: String

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        text = try String(contentsOf: root.appending(path: "protos/README.md"), encoding: .utf8)
    }

    /// The block of code behind "An example, complete".
    private func example() throws -> [Message] {
        let rest = try #require(text.range(of: "An example, complete")).upperBound
        let block = text[rest...].components(separatedBy: "```")[1]
        var messages: [Message] = []
        for line in block.split(separator: "\n") {
            var words = line.split(separator: " ").map(String.init)
            if line.first != " " {
                #expect(words[0] == "dialer" || words[0] == "listener", "\(line)")
                messages.append(Message(isDialers: words[0] == "dialer", kind: words[1]))
                words.removeFirst(2)
            }
            let digits = words.prefix { $0.count % 2 == 0 && $0.allSatisfy(\.isHexDigit) }
            #expect(!digits.isEmpty || line.contains("(an empty frame)"), "a line that is no frame: \(line)")
            messages[messages.count - 1].frames.append(try GoldenMessages.bytes(digits.joined()))
            if words.dropFirst(digits.count).first?.hasPrefix("…") == true {
                messages[messages.count - 1].isCut = true
            }
        }
        return messages
    }

    @Test func printsAnExampleThatAListenerAnswersAsItSays() async throws {
        let example = try example()
        #expect(example.map(\.kind) == ["HELLO", "WELCOME", "REQUEST", "MESSAGE", "STATUS"])
        try await Pair.with(.tcp, standardBeside: []) { pair in
            let raw = try await RawPeer.dial(pair.listener.address, pair.transport)
            for message in example {
                if message.isDialers {
                    await raw.send(message.frames)
                    continue
                }
                let kind = try #require(message.frames.first.flatMap { FrameKind(rawValue: $0[3]) })
                let answer = try #require(await raw.next(kind)).map { $0.withUnsafeBytes { Array($0) } }
                if message.isCut {
                    #expect(answer.count == 2 && answer[0].starts(with: message.frames[0]), "\(message.kind)")
                } else {
                    #expect(answer == message.frames, "\(message.kind)")
                }
            }
            await raw.vanish()
        }
    }

    @Test func namesEveryKindWithItsNumber() {
        for number in UInt8(0)...255 {
            guard let kind = FrameKind(rawValue: number) else { continue }
            let name = "\(kind)".uppercased()
            #expect(text.contains("| \(number) \(name)") || text.contains(", \(number) \(name) |"), "\(number) \(name)")
        }
    }

    @Test func saysTheLimitsThatHold() {
        let depth = WireCheck().maximumDepth
        let fields = WireCheck().maximumFields
        #expect(text.contains("nested deeper than \(depth),"))
        #expect(text.contains("more than \(fields / 1000),\(fields % 1000) fields"))
        #expect(text.contains("body \(SessionLimits.maximumBodyBytes >> 20) MiB"))
        #expect(text.contains("\(SessionLimits.maximumAttachments) attachments"))
    }
}
