import Foundation

/// A safetensors file, mapped into memory and checked when it is opened.
///
/// Sendable because the mapping is read-only and lives exactly as long as the object. Do not truncate a file that is open:
/// replace it by renaming another over it, as `SafeTensorsWriter` does.
public final class SafeTensorsFile: @unchecked Sendable {
    /// The path that the file was opened by.
    public let path: String
    /// The free strings of the header's `__metadata__`.
    public let metadata: [String: String]
    private let header: SafeTensorsHeader
    private let bytes: UnsafeRawBufferPointer
    /// Whether the bytes are a mapping, or a copy of our own.
    private let isMapped: Bool

    /// Maps a file and checks its header: lengths, types, shapes, and that the data ranges tile the file.
    public init(path: String) throws(SafeTensorsError) {
        self.path = path
        bytes = try Self.map(path)
        isMapped = true
        do {
            header = try SafeTensorsHeader(of: bytes, path: path)
        } catch {
            Self.unmap(bytes)
            throw error
        }
        metadata = header.metadata
    }

    /// Reads a file's bytes that came another way, under a name for messages; checked as a file is.
    public init(bytes source: [UInt8], name: String) throws(SafeTensorsError) {
        path = name
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 64)
        copy.copyBytes(from: source)
        bytes = UnsafeRawBufferPointer(rebasing: copy[0..<source.count])
        isMapped = false
        do {
            header = try SafeTensorsHeader(of: bytes, path: name)
        } catch {
            copy.deallocate()
            throw error
        }
        metadata = header.metadata
    }

    deinit {
        if isMapped { Self.unmap(bytes) } else { bytes.deallocate() }
    }

    /// The names of all tensors, sorted.
    public var keys: [String] { header.entries.keys.sorted() }

    /// The shape of a tensor, or nil if there is none of that name.
    public func shape(of key: String) -> [Int]? { header.entries[key]?.shape }

    /// The format's name of a tensor's element type, for instance `F16`, or nil if there is no such tensor.
    public func elementType(of key: String) -> String? { header.entries[key]?.type }

    /// A tensor of floating-point numbers (F32, F16 or BF16) as f32.
    ///
    /// The elements of a mapped file are read when they are first used, as f32 or by a kernel that takes them as they are.
    ///
    /// - Throws: `missingTensor`, or `unsupportedType` for integers and other types.
    public func tensor(named key: String) throws(SafeTensorsError) -> Tensor {
        let (entry, data) = try find(key)
        guard let type = StoredFloat(rawValue: entry.type) else {
            throw SafeTensorsError(
                .unsupportedType, path: path, key: key, "it holds \(entry.type); F32, F16 or BF16 is needed")
        }
        guard isMapped, data.count > 0, 1.littleEndian == 1 else {
            return Tensor(uninitialized: entry.shape) { type.read(data, into: $0) }
        }
        let source = TensorSource(file: self, entry: entry, type: type)
        return Tensor(storage: TensorStorage(source), shape: entry.shape)
    }

    /// The bytes of a tensor.
    func data(of entry: SafeTensorsHeader.Entry) -> UnsafeRawBufferPointer {
        let range = header.dataOffset + entry.range.lowerBound..<header.dataOffset + entry.range.upperBound
        return UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// A tensor of integers (I64 or I32) and its shape.
    ///
    /// - Throws: `missingTensor`, or `unsupportedType` for any other type.
    public func integers(named key: String) throws(SafeTensorsError) -> (values: [Int], shape: [Int]) {
        let (entry, data) = try find(key)
        switch entry.type {
        case "I64":
            return (Self.elements(data) { Int(Int64(littleEndian: $0)) }, entry.shape)
        case "I32":
            return (Self.elements(data) { Int(Int32(littleEndian: $0)) }, entry.shape)
        default:
            throw SafeTensorsError(
                .unsupportedType, path: path, key: key, "it holds \(entry.type); I64 or I32 is needed")
        }
    }

    private func find(_ key: String) throws(SafeTensorsError) -> (SafeTensorsHeader.Entry, UnsafeRawBufferPointer) {
        guard let entry = header.entries[key] else {
            throw SafeTensorsError(.missingTensor, path: path, key: key, "there is no such tensor in the file")
        }
        return (entry, data(of: entry))
    }

    private static func elements<Stored, Value>(
        _ data: UnsafeRawBufferPointer, _ convert: (Stored) -> Value
    ) -> [Value] {
        let width = MemoryLayout<Stored>.stride
        return (0..<data.count / width).map {
            convert(data.loadUnaligned(fromByteOffset: $0 * width, as: Stored.self))
        }
    }

    private static func map(_ path: String) throws(SafeTensorsError) -> UnsafeRawBufferPointer {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SafeTensorsError(.system, path: path, "this is not a file")
        }
        guard status.st_size > 0 else {
            throw SafeTensorsError(.malformed, path: path, "the file is empty")
        }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw systemError(path)
        }
        return UnsafeRawBufferPointer(start: address, count: size)
    }

    private static func unmap(_ bytes: UnsafeRawBufferPointer) {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    static func systemError(_ path: String) -> SafeTensorsError {
        SafeTensorsError(.system, path: path, String(cString: strerror(errno)))
    }
}
