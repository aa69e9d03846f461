// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.FleetPlanRequest`.
public struct ControlFleetPlanRequest: Sendable, Hashable {
    public var name: String

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(name: String = "") {
        self.name = name
    }
}

extension ControlFleetPlanRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__FleetPlanRequest()
        atelier__control__fleet_plan_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FleetPlanRequest.self).pointee
        self.init()
        name = WireValue.string(c.name)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FleetPlanRequest.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
    }
}
