import Messaging

/// Bulk data that travels beside a message: latents, pictures, an adapter.
///
/// The bytes go from this buffer to the socket, and from the socket into one buffer of the receiver, without being
/// encoded.
public struct Attachment: Sendable, Equatable {
    /// What the receiver looks it up by; may be empty.
    public var name: String
    /// The bytes.
    public var bytes: ByteBuffer

    /// An attachment that shares a buffer.
    public init(name: String = "", _ bytes: ByteBuffer) {
        self.name = name
        self.bytes = bytes
    }

    /// An attachment with a copy of an array's elements.
    public init<Element: BitwiseCopyable>(name: String = "", copying elements: [Element]) {
        self.init(name: name, ByteBuffer(copying: elements))
    }

    /// The bytes as elements of a type.
    ///
    /// - Throws: ``RPCStatus`` invalidArgument when the size is not a multiple of the element's.
    public func elements<Element: BitwiseCopyable>(as type: Element.Type) throws(RPCStatus) -> [Element] {
        guard bytes.count % MemoryLayout<Element>.stride == 0 else {
            throw RPCStatus(.invalidArgument, "attachment \(name): \(bytes.count) bytes are not whole \(Element.self)s")
        }
        return bytes.elements(as: type)
    }
}

extension [Attachment] {
    /// The attachment with a name.
    ///
    /// - Throws: ``RPCStatus`` invalidArgument when there is none.
    public func named(_ name: String) throws(RPCStatus) -> Attachment {
        guard let attachment = first(where: { $0.name == name }) else {
            throw RPCStatus(.invalidArgument, "no attachment named \(name)")
        }
        return attachment
    }
}
