/// How a call ended, when it did not end well.
///
/// The codes and their numbers are gRPC's.
public struct RPCStatus: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; a number that is none of gRPC's is read as ``unknown``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: UInt32 {
            case ok, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
            case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, internalError, unavailable
            case dataLoss, unauthenticated
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// The code with a number from the wire.
        public init(number: UInt32) {
            value = Value(rawValue: number) ?? .unknown
        }

        /// The number on the wire, 0 to 16.
        public var number: UInt32 { value.rawValue }

        /// The code's name.
        public var description: String { "\(value)" }

        /// Not a failure.
        public static let ok = Self(.ok)
        /// The caller gave the call up.
        public static let cancelled = Self(.cancelled)
        /// An error that says no more; what a handler threw, if it was not a status.
        public static let unknown = Self(.unknown)
        /// The request is wrong whatever the state of the system.
        public static let invalidArgument = Self(.invalidArgument)
        /// The deadline passed; the call may have been carried out.
        public static let deadlineExceeded = Self(.deadlineExceeded)
        /// What the request names does not exist.
        public static let notFound = Self(.notFound)
        /// What the request would create exists.
        public static let alreadyExists = Self(.alreadyExists)
        /// The caller may not do this.
        public static let permissionDenied = Self(.permissionDenied)
        /// A quota, a limit or memory is used up.
        public static let resourceExhausted = Self(.resourceExhausted)
        /// The system is not in the state that the call needs; do not retry before that is mended.
        public static let failedPrecondition = Self(.failedPrecondition)
        /// A conflict, such as an old fencing token.
        public static let aborted = Self(.aborted)
        /// Past the valid range.
        public static let outOfRange = Self(.outOfRange)
        /// The peer does not serve this method.
        public static let unimplemented = Self(.unimplemented)
        /// A broken invariant.
        public static let internalError = Self(.internalError)
        /// The peer cannot be reached, or went away; the call may be retried if it is idempotent.
        public static let unavailable = Self(.unavailable)
        /// Data is lost or corrupt.
        public static let dataLoss = Self(.dataLoss)
        /// The caller is not known.
        public static let unauthenticated = Self(.unauthenticated)
    }

    /// A machine-readable detail: a type's name and its bytes.
    public struct Detail: Hashable, Sendable {
        /// Names the type of the value.
        public var typeURL: String
        /// The value, encoded.
        public var value: [UInt8]

        /// A detail of a type.
        public init(typeURL: String, value: [UInt8]) {
            self.typeURL = typeURL
            self.value = value
        }
    }

    /// The kind of failure.
    public var code: Code
    /// One line for a person, which names the thing that failed.
    public var message: String
    /// Machine-readable details.
    public var details: [Detail] = []
    /// Metadata that came with the status.
    public var trailers = Metadata()
    /// True if the peer is known not to have started on the call, so that it may be retried whatever it does.
    public var notProcessed = false
    /// When the peer says to try again.
    public var retryAfter: Duration?

    /// A status with its line.
    public init(_ code: Code, _ message: String, notProcessed: Bool = false) {
        self.code = code
        self.message = message
        self.notProcessed = notProcessed
    }

    /// `unavailable: tcp://127.0.0.1:4000: connection refused`.
    public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }

    /// Any error as a status: itself, cancelled, or unknown with its description.
    public init(_ error: any Error) {
        switch error {
        case let status as RPCStatus: self = status
        case is CancellationError: self.init(.cancelled, "the task was cancelled")
        default: self.init(.unknown, "\(error)")
        }
    }
}
