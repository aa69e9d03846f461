// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Attachment 0: the pictures, f32 (little-endian) [samples, height, width, 3], from 0 (black) to 1 (white).
public struct ScoreGradientRequest: Sendable, Hashable {
    /// What the pictures were drawn for, one each.
    public var prompts: [String]
    public var height: UInt32
    public var width: UInt32
    /// For the service's log.
    public var unit: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(prompts: []) }

    /// A message with the given fields.
    public init(prompts: [String] = [], height: UInt32 = 0, width: UInt32 = 0, unit: UInt64 = 0) {
        self.prompts = prompts
        self.height = height
        self.width = width
        self.unit = unit
    }
}

extension ScoreGradientRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__GradientRequest()
        atelier__score__gradient_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__GradientRequest.self).pointee
        self.init()
        prompts = WireValue.array(c.prompts, c.n_prompts) { WireValue.string($0) }
        height = c.height
        width = c.width
        unit = c.unit
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__GradientRequest.self)
        c.pointee.n_prompts = prompts.count
        c.pointee.prompts = arena.array(prompts.map { Optional(arena.string($0)) })
        c.pointee.height = height
        c.pointee.width = width
        c.pointee.unit = unit
    }
}
