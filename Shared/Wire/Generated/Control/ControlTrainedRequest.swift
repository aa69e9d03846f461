// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.TrainedRequest`.
public struct ControlTrainedRequest: Sendable, Hashable {
    public var policy: ControlPolicy?
    public var report: ControlRoundReport?

    /// A message; every field may be left at its default.
    public init() { self.init(policy: nil) }

    /// A message with the given fields.
    public init(policy: ControlPolicy? = nil, report: ControlRoundReport? = nil) {
        self.policy = policy
        self.report = report
    }
}

extension ControlTrainedRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__TrainedRequest()
        atelier__control__trained_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__TrainedRequest.self).pointee
        self.init()
        policy = WireValue.message(c.policy)
        report = WireValue.message(c.report)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__TrainedRequest.self)
        if let policy {
            c.pointee.policy = arena.message(policy).assumingMemoryBound(to: Atelier__Control__Policy.self)
        }
        if let report {
            c.pointee.report = arena.message(report).assumingMemoryBound(to: Atelier__Control__RoundReport.self)
        }
    }
}
