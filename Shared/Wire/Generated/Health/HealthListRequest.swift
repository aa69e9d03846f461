// Written by WireGenerator from grpc/health.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `grpc.health.v1.HealthListRequest`.
public struct HealthListRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension HealthListRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Grpc__Health__V1__HealthListRequest()
        grpc__health__v1__health_list_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
