import Glibc
import Messaging
import Wire

@testable import RPC

// What libFuzzer calls with ever new bytes (`deploy/task fuzz`): header, head, wire check and protobuf-c behind them. The
// address sanitizer, the limits of memory and the traps of Swift say what is wrong.

/// libFuzzer's loop; it calls back with one input after another.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum FuzzCommand {
    static func main() {
        var (count, arguments) = (CommandLine.argc, CommandLine.unsafeArgv)
        exit(runDriver(&count, &arguments) { data, count in FuzzTarget.run(data, count) })
    }
}

enum FuzzTarget {
    static let types: [any WireMessage.Type] = HeadCatalogue.messages + WireCatalogue.messages

    /// Runs one input.
    ///
    /// The first byte chooses what the others are: a message of some type, or what a peer says on a session.
    static func run(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        guard let data, count > 0 else { return 0 }
        let bytes = UnsafeRawBufferPointer(start: data + 1, count: count - 1)
        let choice = Int(data[0])
        if choice < types.count {
            decode(types[choice], bytes)
        } else {
            converse(bytes, asListener: choice % 2 == 0)
        }
        return 0
    }

    /// Decodes; what passes must encode, and decode to the same again.
    static func decode<Message: WireMessage>(_ type: Message.Type, _ bytes: UnsafeRawBufferPointer) {
        guard let message = try? Message(decoding: bytes) else { return }
        guard let first = try? message.encoded(), let again = try? Message(decoding: first) else {
            fatalError("\(type) was decoded and cannot be encoded")
        }
        guard let second = try? again.encoded(), first == second else {
            fatalError("\(type) is another message after a round trip")
        }
    }

    /// Plays one end of a session whose peer says the bytes.
    ///
    /// Each message is a number of frames, and each frame its length in two bytes and its content. A kind in front of a
    /// message makes its header a plausible one, so that what comes after it is looked at.
    static func converse(_ bytes: UnsafeRawBufferPointer, asListener: Bool) {
        var settings = SessionMachine.Settings()
        settings.memory = MemoryBudget(1 << 20)
        settings.limits.maximumMessageBytes = 1 << 20
        var machine = SessionMachine(role: asListener ? .listener : .dialer, settings: settings)
        machine.linkIsUp()
        machine.received([.bytes(FrameHeader(asListener ? .hello : .welcome).encoded())])
        if !asListener {
            let request = CallRequest(
                method: "fuzz.Fuzz/Fuzz", timeout: .seconds(1), metadata: Metadata(), attempt: 0, idempotencyKey: [],
                waitForReady: false)
            _ = try? machine.open(request, message: OutgoingMessage(body: [1]), isEnd: false)
        }
        var reader = Reader(bytes: bytes)
        while let frames = reader.message() {
            machine.received(frames)
            _ = machine.snapshot
            for action in machine.takeActions().actions {
                switch action {
                // Read at once, answered in turn.
                case .message(let call, let message): machine.consumed(call, message)
                case .inputEnded(let call) where asListener:
                    machine.respond(call, OutgoingMessage(body: [2]), RPCStatus(.ok, ""))
                default: break
                }
            }
        }
        machine.timerFired(.heartbeat)
        machine.linkEnded("the bytes are at an end")
        precondition(machine.openCalls == 0, "a call outlived its session")
    }

    /// Takes messages out of bytes.
    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        mutating func byte() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func message() -> [Frame]? {
            guard let kind = byte(), let frameCount = byte() else { return nil }
            var frames: [Frame] = []
            for _ in 0..<min(frameCount, 20) {
                guard let low = byte(), let high = byte() else { break }
                let end = min(bytes.count, position + Int(low) + Int(high) << 8)
                frames.append(.bytes(Array(bytes[position..<end])))
                position = end
            }
            if let kind = FrameKind(rawValue: kind) {
                let (call, sequence, auxiliary) = (UInt64(byte() ?? 0), UInt32(byte() ?? 0), UInt32(byte() ?? 0))
                let header = FrameHeader(
                    kind, call: call, flags: UInt16(byte() ?? 0), attachments: UInt16(max(0, frames.count - 2)),
                    sequence: sequence, auxiliary: auxiliary)
                frames.insert(.bytes(header.encoded()), at: 0)
            }
            return frames
        }
    }
}
