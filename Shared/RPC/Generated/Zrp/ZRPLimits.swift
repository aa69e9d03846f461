// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What one end of a session is willing to receive.
///
/// A zero means the default.
package struct ZRPLimits: Sendable, Hashable {
    /// Largest single frame.
    package var maxFrameBytes: UInt32
    /// Largest message: body and attachments together.
    package var maxMessageBytes: UInt64
    /// Largest attachment that may travel as a frame of its message.
    package var inlineAttachmentBytes: UInt32
    /// Bytes of every CHUNK but the last; the value in WELCOME holds for both directions.
    package var chunkBytes: UInt32
    /// Calls that the other end may have open at once.
    package var maxCalls: UInt32
    /// Initial credit of a call.
    package var callWindowBytes: UInt64
    /// Initial credit of the session.
    package var sessionWindowBytes: UInt64
    /// Largest metadata: keys and values together.
    package var maxMetadataBytes: UInt32

    /// A message; every field may be left at its default.
    package init() { self.init(maxFrameBytes: 0) }

    /// A message with the given fields.
    package init(
        maxFrameBytes: UInt32 = 0, maxMessageBytes: UInt64 = 0, inlineAttachmentBytes: UInt32 = 0,
        chunkBytes: UInt32 = 0, maxCalls: UInt32 = 0, callWindowBytes: UInt64 = 0, sessionWindowBytes: UInt64 = 0,
        maxMetadataBytes: UInt32 = 0
    ) {
        self.maxFrameBytes = maxFrameBytes
        self.maxMessageBytes = maxMessageBytes
        self.inlineAttachmentBytes = inlineAttachmentBytes
        self.chunkBytes = chunkBytes
        self.maxCalls = maxCalls
        self.callWindowBytes = callWindowBytes
        self.sessionWindowBytes = sessionWindowBytes
        self.maxMetadataBytes = maxMetadataBytes
    }
}

extension ZRPLimits: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Limits()
        zrp__limits__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Limits.self).pointee
        self.init()
        maxFrameBytes = c.max_frame_bytes
        maxMessageBytes = c.max_message_bytes
        inlineAttachmentBytes = c.inline_attachment_bytes
        chunkBytes = c.chunk_bytes
        maxCalls = c.max_calls
        callWindowBytes = c.call_window_bytes
        sessionWindowBytes = c.session_window_bytes
        maxMetadataBytes = c.max_metadata_bytes
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Limits.self)
        c.pointee.max_frame_bytes = maxFrameBytes
        c.pointee.max_message_bytes = maxMessageBytes
        c.pointee.inline_attachment_bytes = inlineAttachmentBytes
        c.pointee.chunk_bytes = chunkBytes
        c.pointee.max_calls = maxCalls
        c.pointee.call_window_bytes = callWindowBytes
        c.pointee.session_window_bytes = sessionWindowBytes
        c.pointee.max_metadata_bytes = maxMetadataBytes
    }
}
