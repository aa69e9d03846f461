// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What to echo.
public struct EchoRequest: Sendable, Hashable {
    public var text: String
    public var mode: EchoMode
    public var number: UInt32
    public var payload: [UInt8]
    /// The handler waits so long before it answers.
    public var delayUs: UInt64
    /// Size of an attachment that the answer carries, filled with (index & 0xff).
    public var attachmentBytes: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(text: "") }

    /// A message with the given fields.
    public init(
        text: String = "", mode: EchoMode = EchoMode(number: 0), number: UInt32 = 0, payload: [UInt8] = [],
        delayUs: UInt64 = 0, attachmentBytes: UInt64 = 0
    ) {
        self.text = text
        self.mode = mode
        self.number = number
        self.payload = payload
        self.delayUs = delayUs
        self.attachmentBytes = attachmentBytes
    }
}

extension EchoRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Echo__Request()
        atelier__echo__request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Request.self).pointee
        self.init()
        text = WireValue.string(c.text)
        mode = EchoMode(number: Int32(truncatingIfNeeded: c.mode.rawValue))
        number = c.number
        payload = WireValue.bytes(c.payload.data, c.payload.len)
        delayUs = c.delay_us
        attachmentBytes = c.attachment_bytes
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Request.self)
        if !text.isEmpty { c.pointee.text = arena.string(text) }
        c.pointee.mode = .init(rawValue: .init(truncatingIfNeeded: mode.number))
        c.pointee.number = number
        c.pointee.payload = ProtobufCBinaryData(len: payload.count, data: arena.bytes(payload))
        c.pointee.delay_us = delayUs
        c.pointee.attachment_bytes = attachmentBytes
    }
}
