internal import CProtobufC

/// The protobuf-c descriptor of a message type.
///
/// It points to constant data of the program, which is why it may be `Sendable`.
public struct WireDescriptor: @unchecked Sendable {
    let pointer: UnsafePointer<ProtobufCMessageDescriptor>

    /// Wraps a descriptor.
    ///
    /// - Parameter pointer: a `const ProtobufCMessageDescriptor *` of generated code; a C constant has no address in
    ///   Swift, so generated code takes it from an initialised message.
    public init(_ pointer: UnsafeRawPointer) {
        self.pointer = pointer.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
    }

    /// The full name, such as `atelier.echo.Request`.
    public var name: String { String(cString: pointer.pointee.name) }
}
