// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Head of STATUS, RESET and HEADERS (which uses trailers only).
package struct ZRPCallStatus: Sendable, Hashable {
    package var code: UInt32
    package var text: String
    package var trailers: [ZRPMeta]
    package var details: [ZRPDetail]
    package var retryAfterMs: Int32
    package var notProcessed: Bool

    /// A message; every field may be left at its default.
    package init() { self.init(code: 0) }

    /// A message with the given fields.
    package init(
        code: UInt32 = 0, text: String = "", trailers: [ZRPMeta] = [], details: [ZRPDetail] = [],
        retryAfterMs: Int32 = 0, notProcessed: Bool = false
    ) {
        self.code = code
        self.text = text
        self.trailers = trailers
        self.details = details
        self.retryAfterMs = retryAfterMs
        self.notProcessed = notProcessed
    }
}

extension ZRPCallStatus: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__CallStatus()
        zrp__call_status__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__CallStatus.self).pointee
        self.init()
        code = c.code
        text = WireValue.string(c.text)
        trailers = WireValue.messages(c.trailers, c.n_trailers)
        details = WireValue.messages(c.details, c.n_details)
        retryAfterMs = c.retry_after_ms
        notProcessed = c.not_processed != 0
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__CallStatus.self)
        c.pointee.code = code
        if !text.isEmpty { c.pointee.text = arena.string(text) }
        c.pointee.n_trailers = trailers.count
        c.pointee.trailers = arena.array(
            trailers.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Meta.self)) })
        c.pointee.n_details = details.count
        c.pointee.details = arena.array(
            details.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Detail.self)) })
        c.pointee.retry_after_ms = retryAfterMs
        c.pointee.not_processed = notProcessed ? 1 : 0
    }
}
