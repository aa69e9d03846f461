import Messaging

@testable import RPC

/// A session in which every kind of message of ZRP/1 is said, the same ones in every run.
///
/// What the two machines say is what `Fixtures/make_messages.py` has written down with python-protobuf.
struct GoldenConversation {
    /// What the ends said, in order.
    var said: [(side: SimulatedSession.Side, frames: [Frame])] = []
    /// Calls that the dialer has opened.
    var opened: [UInt64] = []
    var session: SimulatedSession
    /// What becomes of a message on its way, by its number.
    private let meddle: (Int, [Frame]) -> [Frame]

    static let small: [UInt8] = [1, 2, 3]
    static let large = (0..<1025).map { UInt8(truncatingIfNeeded: $0) }

    static var request: CallRequest {
        CallRequest(
            method: "atelier.echo.Echo/Bidirectional", timeout: .seconds(5), metadata: ["k": "v"], attempt: 2,
            idempotencyKey: Array("key".utf8), waitForReady: true)
    }

    static let unary = CallRequest(
        method: "atelier.echo.Echo/Unary", timeout: .seconds(5), metadata: [:], attempt: 0, idempotencyKey: [],
        waitForReady: false)

    /// The status of the call that fails.
    static var failure: RPCStatus {
        var status = RPCStatus(.notFound, "no such picture ☺", notProcessed: true)
        status.details = [.init(typeURL: "type.example/Why", value: [1, 2])]
        status.trailers = ["x-last": "2"]
        status.retryAfter = .milliseconds(-1)
        return status
    }

    /// Holds the conversation, and ends it.
    ///
    /// - Parameters:
    ///   - compressed: a compressed body, and the bytes that it had before.
    ///   - meddle: what becomes of a message on its way, by its number.
    init(compressed: (body: [UInt8], bytes: Int), meddle: @escaping (Int, [Frame]) -> [Frame] = { $1 }) {
        var limits = SessionLimits()
        limits.inlineAttachmentBytes = 16
        limits.chunkBytes = 1024
        limits.callWindowBytes = 4096
        limits.sessionWindowBytes = 4096
        session = SimulatedSession(limits: limits, connect: false) { side, settings in
            settings.serves = ["atelier.echo.Echo"]
            switch side {
            case .dialer:
                (settings.role, settings.bootID, settings.capacity) = ("sampler", 0x0102_0304_0506_0708, 3)
            case .listener:
                (settings.role, settings.bootID, settings.sessionID) = ("coordinator", 9, 10)
                settings.serves.append("grpc.health.v1.Health")
            }
        }
        self.meddle = meddle
        for side in SimulatedSession.Side.allCases { session.act(side) { $0.linkIsUp() } }
        settle()
        converse(compressed)
        readAll()
        for side in SimulatedSession.Side.allCases { session.act(side) { $0.linkEnded("the conversation is over") } }
        settle()
    }

    private mutating func converse(_ compressed: (body: [UInt8], bytes: Int)) {
        // What fails because of a message that was meddled with is not made good.
        let attachments = [
            Attachment(name: "small", copying: Self.small), Attachment(name: "large", copying: Self.large),
        ]
        var first = OutgoingMessage(body: [0x0a, 1, 0x61], attachments: attachments)
        first.checksums = attachments.map(\.bytes.crc32c)
        var second = OutgoingMessage(body: compressed.body)
        second.uncompressedBytes = compressed.bytes
        open(Self.request, first, isEnd: false)
        say(.dialer) { try? $0.send(1, second) }
        say(.dialer) { $0.endInput(1) }
        say(.listener) { try? $0.sendHeaders(1, ["x-first": "1"]) }
        var status = RPCStatus(.ok, "")
        status.trailers = ["x-last": "2"]
        say(.listener) { $0.respond(1, OutgoingMessage(body: [0x10, 5]), status) }
        say(.dialer) {
            $0.servedCalls = 4
            $0.timerFired(.heartbeat)
        }
        open(Self.unary, OutgoingMessage(body: []), isEnd: true)
        say(.listener) { $0.respond(3, nil, Self.failure) }
        open(Self.unary, nil, isEnd: false)
        say(.dialer) { $0.cancel(5, RPCStatus(.cancelled, "")) }
        say(.listener) { $0.drain("maintenance", grace: .seconds(2)) }
    }

    private mutating func open(_ request: CallRequest, _ message: OutgoingMessage?, isEnd: Bool) {
        let id = say(.dialer) { try? $0.open(request, message: message, isEnd: isEnd) }
        if let id { opened.append(id) }
    }

    @discardableResult
    private mutating func say<Result>(
        _ side: SimulatedSession.Side, _ body: (inout SessionMachine) -> Result
    ) -> Result {
        let result = session.act(side, body)
        settle()
        return result
    }

    /// Both applications read what has come for them, or throw it away.
    private mutating func readAll() {
        for side in SimulatedSession.Side.allCases {
            for id in session.seen[side.rawValue].keys.sorted() {
                while session.seen[side.rawValue][id]?.unread.isEmpty == false { session.read(side, id) }
            }
        }
    }

    /// Delivers everything that is on the way.
    private mutating func settle() {
        while !session.isQuiet {
            for side in SimulatedSession.Side.allCases {
                guard let frames = session.wires[side.rawValue].first else { continue }
                session.wires[side.rawValue][0] = meddle(said.count, frames)
                said.append((side.other, frames))
                session.deliver(to: side)
            }
        }
    }
}
