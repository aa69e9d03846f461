// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

/// What a process is for.
public enum ControlWorkerKind: Sendable, Hashable {
    case unspecified
    case sampler
    case learner
    case reward
    /// Starts and stops processes on its machine as the fleet plan says.
    case host
    /// A number that this version of the schema does not know.
    case unrecognized(Int32)

    /// The value with a number of the .proto file.
    public init(number: Int32) {
        switch number {
        case 0: self = .unspecified
        case 1: self = .sampler
        case 2: self = .learner
        case 3: self = .reward
        case 4: self = .host
        default: self = .unrecognized(number)
        }
    }

    /// The number in the .proto file.
    public var number: Int32 {
        switch self {
        case .unspecified: 0
        case .sampler: 1
        case .learner: 2
        case .reward: 3
        case .host: 4
        case .unrecognized(let number): number
        }
    }
}
