/// A dense array in row-major order: a value, copied when written while shared.
///
/// The elements are f32, except for activations of a network that computes in bf16: those pass from layer to layer, and
/// ``widened()`` makes them f32 for everything else. Pictures and latents are `[sample, height, width, channel]` (NHWC), tokens `[sample, token, channel]`.
public struct Tensor: Sendable {
    var storage: TensorStorage

    /// Extents, outermost first; empty for a scalar.
    public private(set) var shape: [Int]

    /// The type of the elements.
    public let precision: ComputePrecision

    /// Number of elements.
    public var count: Int { precision == .f32 ? storage.count : shape.reduce(1, *) }

    /// A tensor of the given elements, in row-major order.
    ///
    /// - Precondition: `scalars.count` is the product of `shape`.
    public init(_ scalars: [Float], shape: [Int]) {
        self.init(uninitialized: shape) { buffer in
            precondition(scalars.count == buffer.count, "\(scalars.count) scalars do not fill shape \(shape)")
            _ = buffer.initialize(from: scalars)
        }
    }

    /// A tensor whose elements `fill` writes; it must write all of them.
    public init(uninitialized shape: [Int], fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        storage = TensorStorage(count: shape.reduce(1, *))
        self.shape = shape
        precision = .f32
        try fill(UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
    }

    public init(repeating value: Float, shape: [Int]) {
        self.init(uninitialized: shape) { $0.update(repeating: value) }
    }

    public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

    init(storage: TensorStorage, shape: [Int], precision: ComputePrecision = .f32) {
        self.storage = storage
        self.shape = shape
        self.precision = precision
    }

    /// The elements in row-major order, copied.
    public var scalars: [Float] { withUnsafeBuffer(Array.init) }

    /// Lends the elements, in row-major order, for the duration of `body`.
    ///
    /// - Precondition: the elements are f32.
    public func withUnsafeBuffer<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) {
            try body(UnsafeBufferPointer(start: pointer, count: storage.count))
        }
    }

    /// Lends the elements for writing; other tensors that shared them keep the old ones.
    public mutating func withUnsafeMutableBuffer<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        becomeUnique()
        return try withExtendedLifetime(storage) {
            try body(UnsafeMutableBufferPointer(start: pointer, count: storage.count))
        }
    }

    /// Makes the elements this value's own, to write to them.
    mutating func becomeUnique() {
        if isKnownUniquelyReferenced(&storage), !storage.isFile {
            storage.valuesChanged()
        } else {
            let copy = TensorStorage(count: storage.count)
            copy.pointer.update(from: storage.pointer, count: storage.count)
            storage = copy
        }
    }

    /// The same elements under another shape; one extent may be -1 and is inferred.
    public func reshaped(_ shape: [Int]) -> Tensor {
        var shape = shape
        if let inferred = shape.firstIndex(of: -1) {
            shape[inferred] = count / shape.enumerated().reduce(1) { $1.offset == inferred ? $0 : $0 * $1.element }
        }
        precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) into \(shape)")
        return Tensor(storage: storage, shape: shape, precision: precision)
    }

    /// Rows `range` of the outermost dimension, copied.
    public subscript(rows range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of shape \(shape)")
        let width = shape[0] == 0 ? 0 : count / shape[0]
        return Tensor(uninitialized: [range.count] + shape.dropFirst()) { out in
            withUnsafeBuffer { _ = out.initialize(from: $0[range.lowerBound * width..<range.upperBound * width]) }
        }
    }

    /// One row of the outermost dimension, copied, without that dimension.
    public subscript(row: Int) -> Tensor { self[rows: row..<row + 1].reshaped(Array(shape.dropFirst())) }

    /// Tensors of equal inner shape, one after the other along the outermost dimension.
    public static func concatenating(_ parts: [Tensor]) -> Tensor {
        precondition(!parts.isEmpty, "nothing to concatenate")
        let inner = Array(parts[0].shape.dropFirst())
        return Tensor(uninitialized: [parts.reduce(0) { $0 + $1.shape[0] }] + inner) { out in
            var at = 0
            for part in parts {
                precondition(
                    Array(part.shape.dropFirst()) == inner, "shapes \(parts[0].shape) and \(part.shape) differ")
                part.withUnsafeBuffer { _ = out[at...].initialize(from: $0) }
                at += part.count
            }
        }
    }

    /// Tensors of one shape as rows of a new outermost dimension.
    public static func stacking(_ parts: [Tensor]) -> Tensor {
        concatenating(parts.map { $0.reshaped([1] + $0.shape) })
    }
}

extension Tensor {
    var pointer: UnsafeMutablePointer<Float> {
        precondition(precision == .f32, "this operation needs f32 elements, not \(precision.rawValue)")
        return storage.pointer
    }

    /// The elements, whatever their type.
    var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(storage.pointer) }

    /// An uninitialised tensor that a kernel is about to fill.
    static func output(_ shape: [Int], _ precision: ComputePrecision = .f32) -> Tensor {
        let storage = TensorStorage(count: precision.floats(shape.reduce(1, *)))
        return Tensor(storage: storage, shape: shape, precision: precision)
    }

    var channels: Int { shape.last ?? 1 }
    var rows: Int { channels == 0 ? 0 : count / channels }

    func requireSameShape(_ other: Tensor, _ operation: StaticString = #function) {
        precondition(
            shape == other.shape && precision == other.precision,
            "\(operation): \(precision.rawValue) \(shape) and \(other.precision.rawValue) \(other.shape) differ")
    }
}

extension Tensor {
    /// The element at a place of the flattened tensor.
    public func scalar(_ index: Int) -> Float {
        precondition(index >= 0 && index < count, "element \(index) of \(count)")
        return withUnsafeBuffer { $0[index] }
    }
}
