/// What went wrong with an address or a connection.
public struct MessagingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Hashable, Sendable {
        private enum Value { case invalidAddress, refusedAddress, addressInUse, unreachable, refused, insecure, system }
        private let value: Value

        /// The address is not one that can be read.
        public static let invalidAddress = Self(value: .invalidAddress)
        /// The address may not be bound.
        public static let refusedAddress = Self(value: .refusedAddress)
        /// Something else is bound to the address.
        public static let addressInUse = Self(value: .addressInUse)
        /// Nobody answers at the address.
        public static let unreachable = Self(value: .unreachable)
        /// The peer does not want this key.
        public static let refused = Self(value: .refused)
        /// Keys are demanded, and cannot be checked.
        public static let insecure = Self(value: .insecure)
        /// The operating system refused.
        public static let system = Self(value: .system)
    }

    /// The kind of failure.
    public let code: Code
    /// One line that begins with the address.
    public let description: String

    /// An error with its line.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
