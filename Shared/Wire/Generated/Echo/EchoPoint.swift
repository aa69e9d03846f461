// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A point, as an example of a nested message.
public struct EchoPoint: Sendable, Hashable {
    public var x: Double
    public var y: Float

    /// A message; every field may be left at its default.
    public init() { self.init(x: 0) }

    /// A message with the given fields.
    public init(x: Double = 0, y: Float = 0) {
        self.x = x
        self.y = y
    }
}

extension EchoPoint: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Echo__Point()
        atelier__echo__point__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Point.self).pointee
        self.init()
        x = c.x
        y = c.y
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Point.self)
        c.pointee.x = x
        c.pointee.y = y
    }
}
