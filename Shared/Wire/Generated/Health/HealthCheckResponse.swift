// Written by WireGenerator from grpc/health.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `grpc.health.v1.HealthCheckResponse`.
public struct HealthCheckResponse: Sendable, Hashable {
    /// `grpc.health.v1.HealthCheckResponse.ServingStatus`.
    public enum ServingStatus: Sendable, Hashable {
        case unknown
        case serving
        case notServing
        /// Of Watch only: the service may come.
        case serviceUnknown
        /// A number that this version of the schema does not know.
        case unrecognized(Int32)

        /// The value with a number of the .proto file.
        public init(number: Int32) {
            switch number {
            case 0: self = .unknown
            case 1: self = .serving
            case 2: self = .notServing
            case 3: self = .serviceUnknown
            default: self = .unrecognized(number)
            }
        }

        /// The number in the .proto file.
        public var number: Int32 {
            switch self {
            case .unknown: 0
            case .serving: 1
            case .notServing: 2
            case .serviceUnknown: 3
            case .unrecognized(let number): number
            }
        }
    }

    public var status: HealthCheckResponse.ServingStatus

    /// A message; every field may be left at its default.
    public init() { self.init(status: HealthCheckResponse.ServingStatus(number: 0)) }

    /// A message with the given fields.
    public init(status: HealthCheckResponse.ServingStatus = HealthCheckResponse.ServingStatus(number: 0)) {
        self.status = status
    }
}

extension HealthCheckResponse: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Grpc__Health__V1__HealthCheckResponse()
        grpc__health__v1__health_check_response__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthCheckResponse.self).pointee
        self.init()
        status = HealthCheckResponse.ServingStatus(number: Int32(truncatingIfNeeded: c.status.rawValue))
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Grpc__Health__V1__HealthCheckResponse.self)
        c.pointee.status = .init(rawValue: .init(truncatingIfNeeded: status.number))
    }
}
