import Messaging

// What the peer sends once the session is open.
extension SessionMachine {
    /// Whether a message has the frames of its kind.
    func isPlausible(_ header: FrameHeader, _ frames: [Frame]) -> Bool {
        switch header.kind {
        case .request, .message:
            frames.count == 2 && header.attachments == 0 || frames.count == 3 + Int(header.attachments)
        case .chunk: frames.count == 2 && header.attachments == 0
        default: frames.count <= 2 && header.attachments == 0
        }
    }

    mutating func dispatch(_ header: FrameHeader, _ frames: [Frame]) {
        switch header.kind {
        case .ping:
            if isWelcomeIdler() { receivePing(header, frames) }
        case .pong: _ = isWelcomeIdler()
        case .headers: receiveHeaders(header, frames)
        case .reset: peerReset(frames)
        case .goAway:
            if !peerIsDraining || isWelcomeIdler() { peerIsGoing(frames) }
        case .request: receiveRequest(header, frames)
        case .message: receiveMessage(header, frames)
        case .chunk: receiveChunk(header, frames[1])
        case .status: receiveStatus(header, frames)
        case .cancel: receiveCancel(header)
        case .credit: receiveCredit(header)
        case .hello, .welcome: violation("\(header.kind) in an open session")
        }
    }

    private mutating func receivePing(_ header: FrameHeader, _ frames: [Frame]) {
        guard let ping: ZRPPing = head(frames) else { return }
        transmit { answer in
            answer.append(FrameHeader(.pong, sequence: header.sequence).frame)
            answer.append(contentsOf: frames.dropFirst())
        }
        guard frames.count > 1 else { return }
        let others = max(0, Int(ping.activeCalls) + Int(ping.queuedCalls) - originatedCount)
        actions.append(.peerLoad(PeerLoad(otherCalls: others, capacity: Int(ping.capacity))))
    }

    /// Metadata before the first message; a call that is over, or was never opened here, has none.
    private mutating func receiveHeaders(_ header: FrameHeader, _ frames: [Frame]) {
        guard let call = calls[header.call] else {
            return receiveLate(header)
        }
        guard call.isOriginated, !call.headersAreDone else {
            return violation("headers of call \(header.call) out of order")
        }
        guard let head: ZRPCallStatus = head(frames) else { return }
        let metadata = Metadata(head.trailers)
        guard metadata.byteCount <= settings.limits.maximumMetadataBytes else {
            return fail(
                header.call, RPCStatus(.resourceExhausted, "\(call.method): headers of \(metadata.byteCount) bytes"))
        }
        calls[header.call]?.headersAreDone = true
        actions.append(.headers(call: header.call, metadata))
    }

    /// Whether the peer may open calls with this id, and this end has not seen it before.
    private func isNewPeerCall(_ id: UInt64) -> Bool {
        id > lastPeerCall && id % 2 == (role == .listener ? 1 : 0)
    }

    /// Whether a frame of an unknown call can be late, rather than invented.
    private func canBeForgotten(_ id: UInt64) -> Bool {
        id > 0 && (id % 2 == nextCall % 2 ? id < nextCall : id <= lastPeerCall)
    }

    private func byteCount(_ frames: [Frame]) -> Int { frames.dropFirst(2).reduce(0) { $0 + $1.count } }

    /// What comes for a call that is over, and does nothing.
    private mutating func receiveLate(_ header: FrameHeader) {
        guard canBeForgotten(header.call) else {
            return violation("\(header.kind) of call \(header.call), which nobody opened")
        }
        _ = isWelcomeIdler()
    }

    /// Counts bytes of the session; false after a violation.
    private mutating func countArrival(_ bytes: Int) -> Bool {
        if receiveWindow.arrived(bytes) { return true }
        violation("more bytes than the session's credit")
        return false
    }

    // MARK: Messages

    private mutating func receiveRequest(_ header: FrameHeader, _ frames: [Frame]) {
        guard isNewPeerCall(header.call) else { return violation("a request with the call id \(header.call)") }
        guard let head: ZRPCallHead = head(frames) else { return }
        lastPeerCall = header.call
        peerCallCount += 1
        // Each call may be cancelled when it is over.
        idleFrames -= 1
        let bytes = byteCount(frames)
        guard countArrival(bytes) else { return }
        let metadata = Metadata(head.metadata)
        let limits = settings.limits
        let refusal: (code: RPCStatus.Code, text: String)? =
            if isDraining {
                (.unavailable, "this end takes no more calls")
            } else if calls.count - originatedCount >= limits.maximumCalls {
                (.resourceExhausted, "\(limits.maximumCalls) calls are open")
            } else if metadata.byteCount > limits.maximumMetadataBytes {
                (
                    .resourceExhausted,
                    "metadata of \(metadata.byteCount) bytes, the limit is \(limits.maximumMetadataBytes)"
                )
            } else if head.idempotencyKey.count > SessionLimits.maximumKeyBytes {
                (
                    .invalidArgument,
                    "an idempotency key of \(head.idempotencyKey.count) bytes, the limit is \(SessionLimits.maximumKeyBytes)"
                )
            } else { nil }
        if let refusal {
            let status = RPCStatus(refusal.code, "\(head.method): \(refusal.text)", notProcessed: true)
            transmitStatus(header.call, status)
            return returnToSession(bytes)
        }
        let timeout =
            head.timeoutUs == 0
            ? settings.defaultTimeout : Duration.microseconds(Int64(clamping: min(head.timeoutUs, 1 << 52)))
        let call = CallRecord(
            method: head.method, isOriginated: false, sendWindow: SendWindow(size: peerLimits.callWindowBytes),
            receiveWindow: ReceiveWindow(size: settings.limits.callWindowBytes))
        call.hasSentRequest = true
        _ = call.receiveWindow.arrived(bytes)
        calls[header.call] = call
        actions.append(
            .accepted(
                call: header.call,
                CallRequest(
                    method: head.method, timeout: timeout, metadata: metadata, attempt: head.attempt,
                    idempotencyKey: head.idempotencyKey, waitForReady: head.waitForReady)))
        actions.append(.startTimer(.deadline(call: header.call), timeout))
        accept(header, call, head.attachments, frames, bytes: bytes, uncompressed: head.uncompressedBytes)
    }

    private mutating func receiveMessage(_ header: FrameHeader, _ frames: [Frame]) {
        let bytes = byteCount(frames)
        guard let head: ZRPMessageHead = head(frames), countArrival(bytes) else { return }
        guard let call = calls[header.call] else { return receiveLate(header.call, bytes) }
        guard call.receiveWindow.arrived(bytes) else { return violation("more bytes than the call's credit") }
        if call.isOriginated { call.headersAreDone = true }
        accept(header, call, head.attachments, frames, bytes: bytes, uncompressed: head.uncompressedBytes)
    }

    private mutating func receiveLate(_ id: UInt64, _ bytes: Int) {
        guard canBeForgotten(id) else { return violation("a message for call \(id), which nobody opened") }
        returnToSession(bytes)
    }

    /// A REQUEST's or MESSAGE's content; the windows have been charged.
    private mutating func accept(
        _ header: FrameHeader, _ call: CallRecord, _ heads: [ZRPAttachment], _ frames: [Frame], bytes: Int,
        uncompressed: UInt32
    ) {
        let id = header.call
        guard call.assembly == nil, !call.receivesEnded, header.sequence == call.receiveSequence else {
            return violation("message \(header.sequence) of call \(id) out of order")
        }
        if header.isEnd { call.receivesEnded = true }
        guard frames.count > 2 else {
            guard heads.isEmpty else { return violation("attachments without a message") }
            if header.isEnd { actions.append(.inputEnded(call: id)) }
            return
        }
        call.receiveSequence &+= 1
        let inline = heads.filter { !$0.chunked }
        guard inline.count == Int(header.attachments), heads.count <= SessionLimits.maximumAttachments,
            zip(inline, frames.dropFirst(3)).allSatisfy({ $0.size == UInt64($1.count) }),
            heads.allSatisfy({ !$0.chunked || $0.size > 0 })
        else { return violation("attachments that are not as announced") }
        guard header.isCompressed == (uncompressed > 0), !header.isCompressed || allowsCompression else {
            return violation("a compressed body that was not agreed on")
        }
        guard Int(uncompressed) <= SessionLimits.maximumBodyBytes else {
            returnToSession(bytes)
            return fail(
                id, RPCStatus(.resourceExhausted, "\(call.method): a compressed body of \(uncompressed) bytes"))
        }
        let chunkedBytes = heads.reduce(UInt64(0)) { sum, head in
            sum.addingReportingOverflow(head.chunked ? head.size : 0).partialValue
        }
        let limit = UInt64(settings.limits.maximumMessageBytes)
        let isTooLarge = heads.contains { $0.size > limit } || chunkedBytes + UInt64(bytes) > limit
        // Names and empty messages too: credits do not count them, and a peer could send them without end.
        let small = heads.reduce(256 + max(bytes, Int(uncompressed))) { $0 + 64 + $1.name.utf8.count }
        let reserved = isTooLarge ? 0 : max(Int(chunkedBytes), small)
        guard !isTooLarge, reserve(reserved) else {
            returnToSession(bytes)
            let what = isTooLarge ? "larger than \(limit) bytes" : "larger than the memory left for messages"
            return fail(id, RPCStatus(.resourceExhausted, "\(call.method): a message \(what)"))
        }
        guard chunkedBytes > 0 else {
            return deliver(
                id, call, assemble(header, heads, frames, credit: bytes, reserved: reserved, uncompressed: uncompressed)
            )
        }
        // The chunks may need the credit of the body, so that is returned as theirs is.
        call.assembly = assemble(header, heads, frames, credit: 0, reserved: reserved, uncompressed: uncompressed)
        returnOrHold(id, call, bytes)
    }

    private func assemble(
        _ header: FrameHeader, _ heads: [ZRPAttachment], _ frames: [Frame], credit: Int, reserved: Int,
        uncompressed: UInt32
    ) -> IncomingAssembly {
        var inline = frames.dropFirst(3).makeIterator()
        var chunked: [(index: Int, count: Int)] = []
        var attachments: [Attachment] = []
        for (index, head) in heads.enumerated() {
            if head.chunked {
                chunked.append((index, Int(head.size)))
                attachments.append(Attachment(name: head.name, .empty))
            } else if let frame = inline.next() {
                let bytes = frame.sharedBuffer ?? frame.withUnsafeBytes { ByteBuffer(copying: $0) }
                attachments.append(Attachment(name: head.name, bytes))
            }
        }
        return IncomingAssembly(
            body: frames[2], attachments: attachments, chunked: chunked, credit: credit, reserved: reserved,
            isEnd: header.isEnd, uncompressedBytes: Int(uncompressed),
            checksums: heads.contains { $0.crc32c != 0 } ? heads.map(\.crc32c) : [])
    }

    private mutating func deliver(_ id: UInt64, _ call: CallRecord, _ assembly: IncomingAssembly) {
        let message = IncomingMessage(
            body: assembly.body, attachments: assembly.attachments, credit: assembly.credit,
            reserved: assembly.reserved, uncompressedBytes: assembly.uncompressedBytes, checksums: assembly.checksums)
        call.assembly = nil
        call.unread += 1
        actions.append(.message(call: id, message))
        if assembly.isEnd { actions.append(.inputEnded(call: id)) }
    }

    private mutating func receiveChunk(_ header: FrameHeader, _ frame: Frame) {
        guard countArrival(frame.count) else { return }
        let id = header.call
        guard let call = calls[id] else { return receiveLate(id, frame.count) }
        guard let assembly = call.assembly else { return violation("a chunk that belongs to no message") }
        if let objection = assembly.objection(to: header, size: frame.count, chunkBytes: chunkBytes) {
            return violation(objection)
        }
        guard call.receiveWindow.arrived(frame.count) else { return violation("more bytes than the call's credit") }
        guard let isComplete = call.assembly?.take(frame, chunkBytes: chunkBytes) else {
            returnToSession(frame.count)
            return fail(id, RPCStatus(.resourceExhausted, "\(call.method): no memory for its attachments"))
        }
        returnOrHold(id, call, frame.count)
        if isComplete, let assembly = call.assembly { deliver(id, call, assembly) }
    }

    /// Returns the credit of bytes whose place was allocated before, unless the application still has a message to read.
    private mutating func returnOrHold(_ id: UInt64, _ call: CallRecord, _ bytes: Int) {
        if call.unread == 0 { returnCredit(id, call, bytes) } else { call.heldChunkBytes += bytes }
    }

    // MARK: Control

    private mutating func receiveStatus(_ header: FrameHeader, _ frames: [Frame]) {
        guard let head: ZRPCallStatus = head(frames) else { return }
        guard let call = calls[header.call] else {
            return receiveLate(header)
        }
        guard call.isOriginated else { return violation("a status from the end that opened the call") }
        let status = RPCStatus(head, code: header.auxiliary)
        if status.code == .ok, call.assembly != nil { return violation("a status before the last chunk") }
        finish(header.call, status)
    }

    private mutating func receiveCancel(_ header: FrameHeader) {
        guard let call = calls[header.call], !call.isOriginated else {
            _ = isWelcomeIdler()
            return
        }
        finish(header.call, RPCStatus(.cancelled, "\(call.method): the caller cancelled"))
    }

    private mutating func receiveCredit(_ header: FrameHeader) {
        let call = header.call == 0 ? nil : calls[header.call]
        guard header.auxiliary > 0, header.call == 0 || call != nil else {
            _ = isWelcomeIdler()
            return
        }
        let bytes = Int(header.auxiliary)
        guard call?.sendWindow.refill(bytes) ?? sendWindow.refill(bytes) else {
            return violation("credit for bytes that were never sent")
        }
        if let call { pump(header.call, call) } else { drainSessionQueue() }
    }
}

extension Frame {
    /// The buffer of which this frame is the whole, if any: the memory transport passes buffers on as they are.
    fileprivate var sharedBuffer: ByteBuffer? {
        if case .buffer(let buffer, let range) = self, range == 0..<buffer.count { buffer } else { nil }
    }
}
