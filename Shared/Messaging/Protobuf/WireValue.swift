/// What generated code calls to read a C struct of protobuf-c.
public enum WireValue {
    /// A string; protobuf-c has ended it with a NUL, and ``WireCheck`` has seen that it is UTF-8.
    public static func string(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }

    /// A bytes field.
    public static func bytes(_ pointer: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count))
    }

    /// A message field, nil if it is absent.
    @inlinable
    public static func message<C, Message: WireMessage>(_ pointer: UnsafeMutablePointer<C>?) -> Message? {
        pointer.map { Message(wire: UnsafeRawPointer($0)) }
    }

    /// A repeated field of anything but messages.
    public static func array<C, Element>(
        _ pointer: UnsafeMutablePointer<C>?, _ count: Int, _ convert: (C) -> Element
    ) -> [Element] {
        UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count).map(convert)
    }

    /// A repeated field of messages.
    ///
    /// Inlined, and at once where there is none, as in most heads: it would look up types at run time.
    @inlinable
    public static func messages<C, Message: WireMessage>(
        _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int
    ) -> [Message] {
        guard count > 0 else { return [] }
        return UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count).compactMap { message($0) }
    }

    /// A map field; the last of several entries with one key wins, as protobuf demands.
    public static func dictionary<C, Key: Hashable, Value>(
        _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int, _ convert: (C) -> (Key, Value)
    ) -> [Key: Value] {
        let entries = UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count).compactMap { $0?.pointee }
        return Dictionary(entries.map(convert)) { _, last in last }
    }
}
