import Messaging
import RPC
import Synchronization
import Wire

/// The service of the contract suite.
struct EchoImplementation: EchoService {
    /// What tests want to know of the handlers.
    let journal = Journal()
    /// Where `relay` sends its call.
    var next: (any Caller)?

    func unary(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
        let remaining = context.remaining
        let wishes = try await wishes(context)
        if let report = wishes.report { return Reply(report) }
        if request.mode == .fail { throw failure(request, wishes.trailers) }
        if request.delayUs > 0 {
            journal.add("begun")
            do { try await Task.sleep(for: .microseconds(Int64(request.delayUs))) } catch {
                journal.add("cancelled")
                throw error
            }
        }
        var response = EchoResponse(
            text: request.mode == .upperCase ? request.text.uppercased() : request.text, number: request.number,
            payload: request.payload, attachments: UInt32(context.attachments.count),
            attachmentBytes: UInt64(context.attachments.reduce(0) { $0 + $1.bytes.count }))
        response.remainingUs = UInt64(max(0, remaining / .microseconds(1)))
        var attachments = context.attachments
        if request.attachmentBytes > 0 {
            attachments.append(
                Attachment(
                    name: "made",
                    ByteBuffer(count: Int(request.attachmentBytes)) { memory in
                        for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index) }
                    }))
        }
        return Reply(response, attachments: attachments, trailers: wishes.trailers)
    }

    func serverStream(
        _ request: EchoRequest, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
    ) async throws {
        do {
            for number in 0..<request.number {
                try await replies.send(EchoResponse(text: request.text, number: number, payload: request.payload))
                journal.add("sent")
            }
        } catch {
            journal.add("cancelled")
            throw error
        }
        if request.mode == .fail { throw RPCStatus(.aborted, "after \(request.number)") }
    }

    func clientStream(
        _ requests: MessageStream<EchoRequest>, _ context: ServerContext
    ) async throws -> Reply<EchoResponse> {
        var response = EchoResponse()
        for try await item in requests {
            response.number += 1
            response.text += item.message.text
            response.attachmentBytes += UInt64(item.attachments.reduce(0) { $0 + $1.bytes.count })
            if item.message.mode == .fail { throw RPCStatus(.outOfRange, "enough") }
        }
        return Reply(response)
    }

    func bidirectional(
        _ requests: MessageStream<EchoRequest>, _ replies: MessageWriter<EchoResponse>, _ context: ServerContext
    ) async throws {
        for try await item in requests {
            try await replies.send(
                EchoResponse(text: item.message.text, number: item.message.number), attachments: item.attachments)
        }
    }

    func relay(_ request: EchoRequest, _ context: ServerContext) async throws -> Reply<EchoResponse> {
        try await EchoClient(next ?? context.session).unary(request, attachments: context.attachments)
    }
}

/// Events of handlers, and somebody who waits for them.
final class Journal: Sendable {
    private struct State {
        var events: [String] = []
        var waiters: [(event: String, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func add(_ event: String) {
        let ready = state.withLock { state in
            state.events.append(event)
            let ready = state.waiters.filter { $0.event == event }
            state.waiters.removeAll { $0.event == event }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    func count(_ event: String) -> Int { state.withLock { $0.events.count { $0 == event } } }

    /// Waits until the event has happened once.
    func wait(for event: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.events.contains(event) { return true }
                state.waiters.append((event, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
