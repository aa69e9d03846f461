import Foundation

/// Writes safetensors files: the same tensors give the same bytes, and a path holds the old file or the new one, whole.
public struct SafeTensorsWriter: Sendable {
    /// How elements are written.
    public enum ElementType: String, Codable, CaseIterable, Sendable {
        case f32 = "F32"
        /// IEEE half precision, rounded to nearest even; larger numbers become infinite.
        case f16 = "F16"
        /// The upper half of an f32, rounded to nearest even.
        case bf16 = "BF16"

        var width: Int { self == .f32 ? 4 : 2 }
    }

    /// How elements are written.
    public var elementType: ElementType
    /// The free strings of the header; PyTorch's tools want `format: pt`.
    public var metadata: [String: String]

    public init(elementType: ElementType = .f32, metadata: [String: String] = ["format": "pt"]) {
        self.elementType = elementType
        self.metadata = metadata
    }

    /// Writes tensors, sorted by name, to a temporary file beside the path, syncs it and renames it over the path.
    ///
    /// - Throws: `system` with the reason, for example of a full disk; the temporary file is then removed and whatever was at
    ///   the path is untouched.
    public func write(_ tensors: [String: Tensor], to path: String) throws(SafeTensorsError) {
        let keys = tensors.map { (key: $0.key, shape: $0.value.shape) }
        do {
            try write(keys: keys, to: path) { key in tensors[key] ?? Tensor(zeros: [0]) }
        } catch let error as SafeTensorsError {
            throw error
        } catch {
            preconditionFailure("a dictionary's tensors threw \(error)")
        }
    }

    /// Writes tensors that are made one after the other, in the order of their names: one is in memory at a time.
    ///
    /// - Parameters:
    ///   - keys: names and shapes.
    ///   - path: the file, replaced as a whole as by ``write(_:to:)``.
    ///   - tensor: the tensor of a name, of the shape that was given.
    /// - Throws: as ``write(_:to:)``, and what `tensor` throws.
    public func write(
        keys: [(key: String, shape: [Int])], to path: String, tensor: (String) throws -> Tensor
    ) throws {
        let sorted = keys.sorted { $0.key < $1.key }
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SafeTensorsFile.systemError(path) }
        do {
            try write(header(of: sorted), to: descriptor, path)
            for (key, shape) in sorted {
                let made = try tensor(key)
                precondition(made.shape == shape, "tensor '\(key)' of shape \(made.shape), not \(shape)")
                try write(encode(made), to: descriptor, path)
            }
            guard fsync(descriptor) == 0 else { throw SafeTensorsFile.systemError(path) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = SafeTensorsFile.systemError(path)
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// The file as bytes: what `write` would put at a path.
    public func encode(_ tensors: [String: Tensor]) -> [UInt8] {
        let sorted = tensors.sorted { $0.key < $1.key }
        return sorted.reduce(into: header(of: sorted.map { ($0.key, $0.value.shape) })) { $0 += encode($1.value) }
    }

    private func header(of tensors: [(key: String, shape: [Int])]) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (key, extents) in tensors {
            let end = offset + extents.reduce(1, *) * elementType.width
            let shape = extents.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(key)):{\"dtype\":\"\(elementType.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var json = Array("{\(fields.joined(separator: ","))}".utf8)
        json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20: result += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private func encode(_ tensor: Tensor) -> [UInt8] {
        tensor.withUnsafeBuffer { scalars in
            switch elementType {
            case .f32: Array(UnsafeRawBufferPointer(scalars))
            case .f16: Self.bytes(scalars) { $0.halfBits.littleEndian }
            case .bf16: Self.bytes(scalars) { $0.brainBits.littleEndian }
            }
        }
    }

    @inline(__always)
    private static func bytes(_ scalars: UnsafeBufferPointer<Float>, _ convert: (Float) -> UInt16) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 2 * scalars.count) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in scalars.enumerated() {
                raw.storeBytes(of: convert(value), toByteOffset: 2 * index, as: UInt16.self)
            }
            count = 2 * scalars.count
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(SafeTensorsError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SafeTensorsFile.systemError(path) }
            written += count
        }
    }

    /// A rename is only durable when its folder is.
    private func syncFolder(of path: String) throws(SafeTensorsError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SafeTensorsFile.systemError(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SafeTensorsFile.systemError(folder) }
    }
}
