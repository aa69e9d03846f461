// Written by WireGenerator from grpc/health.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `grpc.health.v1.HealthCheckRequest`.
public struct HealthCheckRequest: Sendable, Hashable {
    /// A service's full name; empty: the process as a whole.
    public var service: String

    /// A message; every field may be left at its default.
    public init() { self.init(service: "") }

    /// A message with the given fields.
    public init(service: String = "") {
        self.service = service
    }
}

extension HealthCheckRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Grpc__Health__V1__HealthCheckRequest()
        grpc__health__v1__health_check_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthCheckRequest.self).pointee
        self.init()
        service = WireValue.string(c.service)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthCheckRequest.self)
        if !service.isEmpty { c.pointee.service = arena.string(service) }
    }
}
