// Written by WireGenerator from grpc/health.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `grpc.health.v1.HealthListResponse`.
public struct HealthListResponse: Sendable, Hashable {
    public var statuses: [String: HealthCheckResponse]

    /// A message; every field may be left at its default.
    public init() { self.init(statuses: [:]) }

    /// A message with the given fields.
    public init(statuses: [String: HealthCheckResponse] = [:]) {
        self.statuses = statuses
    }
}

extension HealthListResponse: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Grpc__Health__V1__HealthListResponse()
        grpc__health__v1__health_list_response__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthListResponse.self).pointee
        self.init()
        statuses = WireValue.dictionary(c.statuses, c.n_statuses) {
            (WireValue.string($0.key), WireValue.message($0.value) ?? HealthCheckResponse())
        }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthListResponse.self)
        let statusesDescriptor: WireDescriptor = {
            var entry = Grpc__Health__V1__HealthListResponse__StatusesEntry()
            grpc__health__v1__health_list_response__statuses_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_statuses = statuses.count
        c.pointee.statuses = arena.array(
            statuses.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(statusesDescriptor).assumingMemoryBound(
                    to: Grpc__Health__V1__HealthListResponse__StatusesEntry.self)
                entry.pointee.key = arena.string(pair.key)
                entry.pointee.value = arena.message(pair.value).assumingMemoryBound(
                    to: Grpc__Health__V1__HealthCheckResponse.self)
                return Optional(entry)
            })
    }
}
