/// Why a picture could not be read or written.
public struct ImagingError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        private enum Value { case unreadable, unwritable, malformed }
        private let value: Value
        /// The file could not be opened or read.
        public static let unreadable = Self(value: .unreadable)
        /// The file could not be written.
        public static let unwritable = Self(value: .unwritable)
        /// The bytes are not a picture of the expected format.
        public static let malformed = Self(value: .malformed)
    }

    public let code: Code
    /// One line that names the file or the bytes, and the reason.
    public let message: String
    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
