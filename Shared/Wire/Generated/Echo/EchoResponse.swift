// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What came back.
public struct EchoResponse: Sendable, Hashable {
    public var text: String
    public var number: UInt32
    public var payload: [UInt8]
    public var attachments: UInt32
    public var attachmentBytes: UInt64
    /// The time left when the handler started.
    public var remainingUs: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(text: "") }

    /// A message with the given fields.
    public init(
        text: String = "", number: UInt32 = 0, payload: [UInt8] = [], attachments: UInt32 = 0,
        attachmentBytes: UInt64 = 0, remainingUs: UInt64 = 0
    ) {
        self.text = text
        self.number = number
        self.payload = payload
        self.attachments = attachments
        self.attachmentBytes = attachmentBytes
        self.remainingUs = remainingUs
    }
}

extension EchoResponse: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Echo__Response()
        atelier__echo__response__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Response.self).pointee
        self.init()
        text = WireValue.string(c.text)
        number = c.number
        payload = WireValue.bytes(c.payload.data, c.payload.len)
        attachments = c.attachments
        attachmentBytes = c.attachment_bytes
        remainingUs = c.remaining_us
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Response.self)
        if !text.isEmpty { c.pointee.text = arena.string(text) }
        c.pointee.number = number
        c.pointee.payload = ProtobufCBinaryData(len: payload.count, data: arena.bytes(payload))
        c.pointee.attachments = attachments
        c.pointee.attachment_bytes = attachmentBytes
        c.pointee.remaining_us = remainingUs
    }
}
