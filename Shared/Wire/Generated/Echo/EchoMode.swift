// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

/// How the echo treats the text.
public enum EchoMode: Sendable, Hashable {
    case plain
    case upperCase
    /// Answer with the status code in `number`.
    case fail
    /// A number that this version of the schema does not know.
    case unrecognized(Int32)

    /// The value with a number of the .proto file.
    public init(number: Int32) {
        switch number {
        case 0: self = .plain
        case 1: self = .upperCase
        case 2: self = .fail
        default: self = .unrecognized(number)
        }
    }

    /// The number in the .proto file.
    public var number: Int32 {
        switch self {
        case .plain: 0
        case .upperCase: 1
        case .fail: 2
        case .unrecognized(let number): number
        }
    }
}
