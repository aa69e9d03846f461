import Messaging

// What the application does, and what this end sends for it.
extension SessionMachine {
    /// Opens a call; returns its id.
    ///
    /// The message is the first one, nil for a call that begins without; `isEnd` says that none follows.
    ///
    /// - Throws: ``RPCStatus`` unavailable (not processed) when the session takes no calls, resourceExhausted or
    ///   invalidArgument when the peer would not take this one.
    package mutating func open(
        _ request: CallRequest, message: OutgoingMessage?, isEnd: Bool, ticket: UInt64? = nil
    ) throws(RPCStatus) -> UInt64 {
        guard phase == .ready, !peerIsDraining else {
            throw RPCStatus(.unavailable, "\(request.method): the session takes no calls", notProcessed: true)
        }
        guard originatedCount < peerLimits.maximumCalls else {
            throw RPCStatus(
                .resourceExhausted, "\(request.method): \(peerLimits.maximumCalls) calls are open", notProcessed: true)
        }
        let metadataBytes = request.metadata.byteCount
        guard metadataBytes <= peerLimits.maximumMetadataBytes else {
            throw RPCStatus(
                .resourceExhausted,
                "\(request.method): metadata of \(metadataBytes) bytes, the peer takes \(peerLimits.maximumMetadataBytes)"
            )
        }
        try check(message, request.method)
        let id = nextCall
        let plan = message.map { self.plan($0) }
        let head = ZRPCallHead(
            method: request.method, timeoutUs: UInt64(max(1, request.timeout.microseconds)),
            metadata: request.metadata.wire, attempt: request.attempt, idempotencyKey: request.idempotencyKey,
            attachments: plan?.heads ?? [], waitForReady: request.waitForReady,
            uncompressedBytes: UInt32(message?.uncompressedBytes ?? 0))
        let headBytes: [UInt8]
        do throws(WireError) { headBytes = try head.encoded() } catch {
            throw RPCStatus(.invalidArgument, "\(request.method): \(error)")
        }
        guard headBytes.count <= SessionLimits.maximumHeadBytes else {
            throw RPCStatus(.invalidArgument, "\(request.method): a head of \(headBytes.count) bytes")
        }
        guard request.idempotencyKey.count <= SessionLimits.maximumKeyBytes else {
            throw RPCStatus(
                .invalidArgument,
                "\(request.method): an idempotency key of \(request.idempotencyKey.count) bytes, "
                    + "the limit is \(SessionLimits.maximumKeyBytes)")
        }
        nextCall += 2
        originatedCount += 1
        let call = CallRecord(
            method: request.method, isOriginated: true, sendWindow: SendWindow(size: peerLimits.callWindowBytes),
            receiveWindow: ReceiveWindow(size: settings.limits.callWindowBytes))
        call.outbox.append(unit(.request, id, message, plan, isEnd: isEnd, sequence: 0, head: headBytes, ticket))
        call.sendSequence = message == nil ? 0 : 1
        call.sendsEnded = isEnd
        calls[id] = call
        actions.append(.startTimer(.deadline(call: id), request.timeout.bounded))
        pump(id, call)
        return id
    }

    /// Sends a further message of a call; a call that is over swallows it.
    ///
    /// - Throws: ``RPCStatus`` failedPrecondition after the end of the stream, resourceExhausted or invalidArgument for what
    ///   the peer would not take.
    package mutating func send(
        _ id: UInt64, _ message: OutgoingMessage, isEnd: Bool = false, ticket: UInt64? = nil
    ) throws(RPCStatus) {
        if let call = calls[id] { try send(id, call, message, isEnd: isEnd, ticket: ticket) }
    }

    private mutating func send(
        _ id: UInt64, _ call: CallRecord, _ message: OutgoingMessage, isEnd: Bool, ticket: UInt64? = nil
    ) throws(RPCStatus) {
        guard !call.sendsEnded else {
            throw RPCStatus(.failedPrecondition, "\(call.method): a message after the end of the stream")
        }
        try check(message, call.method)
        let plan = plan(message)
        var head: [UInt8] = []
        do throws(WireError) {
            // That of most messages is empty.
            if !plan.heads.isEmpty || message.uncompressedBytes > 0 {
                head = try ZRPMessageHead(
                    attachments: plan.heads, uncompressedBytes: UInt32(message.uncompressedBytes)
                ).encoded()
            }
        } catch {
            throw RPCStatus(call.isOriginated ? .invalidArgument : .internalError, "\(call.method): \(error)")
        }
        guard head.count <= SessionLimits.maximumHeadBytes else {
            throw RPCStatus(.resourceExhausted, "\(call.method): names of attachments, \(head.count) bytes")
        }
        var unit = self.unit(.message, id, message, plan, isEnd: isEnd, sequence: call.sendSequence, head: head, ticket)
        // What a caller asks for and does not read waits in our memory.
        if !call.isOriginated {
            guard reserve(message.byteCount) else {
                throw RPCStatus(.resourceExhausted, "\(call.method): too many answers that nobody has read")
            }
            unit.reserved = message.byteCount
            call.reservedOutbox += unit.reserved
        }
        call.sendSequence &+= 1
        call.sendsEnded = isEnd
        // Those of the end that opened the call are still to come.
        if !call.isOriginated { call.headersAreDone = true }
        call.outbox.append(unit)
        pump(id, call)
    }

    /// Sends metadata ahead of the first message of an accepted call; a call that is over swallows it.
    package mutating func sendHeaders(_ id: UInt64, _ metadata: Metadata) throws(RPCStatus) {
        guard let call = calls[id], !call.isOriginated, !call.sendsEnded else { return }
        guard !call.headersAreDone else {
            throw RPCStatus(.failedPrecondition, "\(call.method): headers after the first message, or twice")
        }
        guard metadata.byteCount <= peerLimits.maximumMetadataBytes else {
            throw RPCStatus(
                .resourceExhausted,
                "\(call.method): headers of \(metadata.byteCount) bytes, the peer takes \(peerLimits.maximumMetadataBytes)"
            )
        }
        let head: [UInt8]
        do throws(WireError) { head = try ZRPCallStatus(trailers: metadata.wire).encoded() } catch {
            throw RPCStatus(.internalError, "\(call.method): \(error)")
        }
        guard head.count <= SessionLimits.maximumHeadBytes else {
            throw RPCStatus(.resourceExhausted, "\(call.method): headers of \(head.count) bytes")
        }
        call.headersAreDone = true
        call.outbox.append(OutgoingUnit(header: FrameHeader(.headers, call: id), head: head))
        pump(id, call)
    }

    /// Says that no further message comes.
    package mutating func endInput(_ id: UInt64) {
        guard let call = calls[id], !call.sendsEnded else { return }
        let header = FrameHeader(.message, call: id, flags: FrameHeader.endFlag, sequence: call.sendSequence)
        call.sendsEnded = true
        call.outbox.append(OutgoingUnit(header: header, head: []))
        pump(id, call)
    }

    /// Whether something of a call is still to come or to be sent.
    func isOpen(_ id: UInt64) -> Bool { calls[id] != nil }

    /// Ends an accepted call: a last message, if any, and the status.
    package mutating func respond(_ id: UInt64, _ message: OutgoingMessage?, _ status: RPCStatus) {
        guard let call = calls[id], !call.isOriginated else { return }
        var status = status
        if let message {
            do throws(RPCStatus) { try send(id, call, message, isEnd: true) } catch { status = error }
        }
        call.sendsEnded = true
        let isPlain = status == RPCStatus(.ok, "")
        if !isPlain { status = sendable(status, call.method) }
        call.outbox.append(
            OutgoingUnit(header: statusHeader(id, status), head: isPlain ? nil : encode(status.wire)))
        pump(id, call)
    }

    /// The status, or what is wrong with it: the peer would take it for malformed, and end the session with all its calls.
    private func sendable(_ status: RPCStatus, _ method: String) -> RPCStatus {
        guard status.trailers.byteCount <= peerLimits.maximumMetadataBytes else {
            return RPCStatus(.resourceExhausted, "\(method): trailers of \(status.trailers.byteCount) bytes")
        }
        do throws(WireError) {
            let size = try status.wire.encoded().count
            if size <= SessionLimits.maximumHeadBytes { return status }
            return RPCStatus(.resourceExhausted, "\(method): a status of \(size) bytes")
        } catch {
            return RPCStatus(.internalError, "\(method): \(error)")
        }
    }

    /// Gives an originated call up.
    package mutating func cancel(_ id: UInt64, _ status: RPCStatus) {
        fail(id, status)
    }

    /// The application has read a message, or thrown it away.
    package mutating func consumed(_ id: UInt64, _ message: IncomingMessage) {
        release(message.reserved)
        returnCredit(id, message)
    }

    /// The application has read a message, and holds it for longer: its memory is the application's to give back.
    package mutating func handedOver(_ id: UInt64, _ message: IncomingMessage) {
        reservedBytes -= message.reserved
        returnCredit(id, message)
    }

    private mutating func returnCredit(_ id: UInt64, _ message: IncomingMessage) {
        var bytes = message.credit
        if let call = calls[id] {
            call.unread -= 1
            if call.unread == 0 {
                bytes += call.heldChunkBytes
                call.heldChunkBytes = 0
            }
            returnCredit(id, call, bytes)
        } else {
            returnToSession(bytes)
        }
    }

    // MARK: Parts

    private func check(_ message: OutgoingMessage?, _ method: String) throws(RPCStatus) {
        guard let message else { return }
        let bodyBytes = max(message.body.count, message.uncompressedBytes)
        guard bodyBytes <= SessionLimits.maximumBodyBytes else {
            throw RPCStatus(
                .resourceExhausted,
                "\(method): a body of \(bodyBytes) bytes, the limit is \(SessionLimits.maximumBodyBytes): "
                    + "use an attachment")
        }
        guard message.body.count <= peerLimits.maximumFrameBytes else {
            throw RPCStatus(
                .resourceExhausted,
                "\(method): a body of \(message.body.count) bytes, the peer takes frames of "
                    + "\(peerLimits.maximumFrameBytes): use an attachment")
        }
        guard message.attachments.count <= SessionLimits.maximumAttachments else {
            throw RPCStatus(
                .resourceExhausted,
                "\(method): \(message.attachments.count) attachments, the limit is \(SessionLimits.maximumAttachments)")
        }
        guard message.byteCount <= peerLimits.maximumMessageBytes else {
            throw RPCStatus(
                .resourceExhausted,
                "\(method): a message of \(message.byteCount) bytes, the peer takes \(peerLimits.maximumMessageBytes)")
        }
    }

    private struct AttachmentPlan {
        var heads: [ZRPAttachment] = []
        var inline: [ByteBuffer] = []
        var chunked: [(index: Int, bytes: ByteBuffer)] = []
    }

    private func plan(_ message: OutgoingMessage) -> AttachmentPlan {
        var plan = AttachmentPlan()
        var room = min(peerLimits.inlineAttachmentBytes, peerLimits.maximumFrameBytes)
        for (index, attachment) in message.attachments.enumerated() {
            let size = attachment.bytes.count
            let isChunked = size > room
            let checksum = index < message.checksums.count ? message.checksums[index] : 0
            plan.heads.append(
                ZRPAttachment(size: UInt64(size), chunked: isChunked, crc32c: checksum, name: attachment.name))
            if isChunked {
                plan.chunked.append((index, attachment.bytes))
            } else {
                plan.inline.append(attachment.bytes)
                room -= size
            }
        }
        return plan
    }

    private func unit(
        _ kind: FrameKind, _ id: UInt64, _ message: OutgoingMessage?, _ plan: AttachmentPlan?, isEnd: Bool,
        sequence: UInt32, head: [UInt8], _ ticket: UInt64?
    ) -> OutgoingUnit {
        let compression = message.map { $0.uncompressedBytes > 0 } == true ? FrameHeader.compressedFlag : 0
        let header = FrameHeader(
            kind, call: id, flags: (isEnd ? FrameHeader.endFlag : 0) | compression,
            attachments: UInt16(plan?.inline.count ?? 0),
            sequence: sequence)
        return OutgoingUnit(
            header: header, head: head, body: message?.body, inline: plan?.inline ?? [], chunked: plan?.chunked ?? [],
            ticket: ticket)
    }

    private func statusHeader(_ id: UInt64, _ status: RPCStatus) -> FrameHeader {
        FrameHeader(.status, call: id, flags: FrameHeader.endFlag, auxiliary: status.code.number)
    }

    mutating func transmitStatus(_ id: UInt64, _ status: RPCStatus) {
        transmit(statusHeader(id, status), head: encode(status.wire))
    }

    // MARK: The outbox

    /// Sends what the windows admit; true if credit of the session is what stops it.
    @discardableResult
    mutating func pump(_ id: UInt64, _ call: CallRecord, isTurn: Bool = false) -> Bool {
        guard phase == .ready else { return false }
        var waitsForSession = false
        var isOver = false
        while !isOver, !waitsForSession, let unit = call.outbox.first {
            if !unit.hasStarted {
                let cost = unit.cost
                let mustQueue = !isTurn && !sessionQueue.isEmpty && (cost > 0 || unit.header.kind == .request)
                guard call.sendWindow.admits(cost) else { break }
                waitsForSession = mustQueue || !sendWindow.admits(cost)
                if waitsForSession { break }
                call.sendWindow.spend(cost)
                sendWindow.spend(cost)
                transmit { unit.write(to: &$0) }
                call.hasSentRequest = true
                call.outbox.first?.hasStarted = true
            }
            guard let chunk = unit.nextChunk(chunkBytes) else {
                if let ticket = unit.ticket { actions.append(.sent(call: id, ticket: ticket)) }
                isOver = unit.header.kind == .status
                call.reservedOutbox -= unit.reserved
                release(unit.reserved)
                _ = call.outbox.popFirst()
                continue
            }
            guard call.sendWindow.admits(chunk.range.count) else { break }
            waitsForSession = !isTurn && !sessionQueue.isEmpty || !sendWindow.admits(chunk.range.count)
            if waitsForSession { break }
            call.sendWindow.spend(chunk.range.count)
            sendWindow.spend(chunk.range.count)
            let header = FrameHeader(
                .chunk, call: id, sequence: UInt32(unit.chunk), auxiliary: UInt32(chunk.index))
            transmit { frames in
                frames.append(header.frame)
                frames.append(.buffer(chunk.bytes, chunk.range))
            }
            call.outbox.first?.advance(chunkBytes)
        }
        if waitsForSession, !isTurn, !sessionQueue.contains(id) { sessionQueue.append(id) }
        if isOver {
            actions.append(.stopTimer(.deadline(call: id)))
            calls[id] = nil
            retire(call)
        }
        return waitsForSession
    }

    /// Gives the calls that wait for the session's credit their turns.
    mutating func drainSessionQueue() {
        while let id = sessionQueue.first {
            if let call = calls[id], pump(id, call, isTurn: true) { return }
            // That was the last call of a session that drains, and the end of it, if nobody is left.
            if sessionQueue.first == id { sessionQueue.removeFirst() }
        }
    }

    // MARK: The end of a call

    /// Ends a call from this side, and tells the peer.
    mutating func fail(_ id: UInt64, _ status: RPCStatus) {
        guard let call = calls[id] else { return }
        if !call.isOriginated {
            transmitStatus(id, status)
        } else if call.hasSentRequest {
            transmit(FrameHeader(.cancel, call: id))
        }
        finish(id, status)
    }

    /// Forgets a call, and tells the application.
    mutating func finish(_ id: UInt64, _ status: RPCStatus) {
        guard let call = calls.removeValue(forKey: id) else { return }
        actions.append(.stopTimer(.deadline(call: id)))
        actions.append(.finished(call: id, status))
        retire(call)
        // Those behind it in the queue must not wait for a call that is gone.
        if let place = sessionQueue.firstIndex(of: id) {
            sessionQueue.remove(at: place)
            drainSessionQueue()
        }
    }

    /// Returns what a forgotten call still holds of the session.
    private mutating func retire(_ call: CallRecord) {
        if call.isOriginated { originatedCount -= 1 }
        release(call.heldBytes)
        returnToSession(call.heldChunkBytes + (call.assembly?.credit ?? 0))
        endIfDrained()
    }

    /// Returns credit of a call and of the session.
    mutating func returnCredit(_ id: UInt64, _ call: CallRecord, _ bytes: Int) {
        if !call.receivesEnded || call.assembly != nil {
            let credit = call.receiveWindow.consumed(bytes)
            if credit > 0 { transmit(FrameHeader(.credit, call: id, auxiliary: UInt32(clamping: credit))) }
        }
        returnToSession(bytes)
    }

    mutating func returnToSession(_ bytes: Int) {
        let credit = receiveWindow.consumed(bytes)
        if credit > 0, phase == .ready { transmit(FrameHeader(.credit, auxiliary: UInt32(clamping: credit))) }
    }
}
