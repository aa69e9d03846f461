// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.score.DescribeRequest`.
public struct ScoreDescribeRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension ScoreDescribeRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__DescribeRequest()
        atelier__score__describe_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
