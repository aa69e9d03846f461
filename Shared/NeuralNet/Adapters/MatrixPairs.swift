import TensorCore

/// The matrices of a file while they are put together layer by layer.
struct MatrixPairs {
    private let file: SafeTensorsFile
    private var downs: [String: String] = [:]
    private var ups: [String: String] = [:]
    private var alphas: [String: String] = [:]

    init(_ file: SafeTensorsFile) { self.file = file }

    /// What keys end with, as the scripts of several years wrote them.
    private static var endings: [(ending: String, place: WritableKeyPath<MatrixPairs, [String: String]>)] {
        [
            (".lora_A.weight", \.downs), (".lora_B.weight", \.ups), (".lora_A.default.weight", \.downs),
            (".lora_B.default.weight", \.ups), (".lora.down.weight", \.downs), (".lora.up.weight", \.ups),
            (".lora_down.weight", \.downs), (".lora_up.weight", \.ups), (".lora_linear_layer.down.weight", \.downs),
            (".lora_linear_layer.up.weight", \.ups), ("_lora.down.weight", \.downs), ("_lora.up.weight", \.ups),
            (".alpha", \.alphas),
        ]
    }

    /// Updates of other kinds than LoRA, by what their keys contain.
    private static let others = [
        "hada_": "LoHa", "lokr_": "LoKr", "lora_mid": "LoCon with a core tensor (lora_mid)", "dora_scale": "DoRA",
        "lora_magnitude_vector": "DoRA", "oft_": "OFT", "lora_B.bias": "a LoRA with biases",
        ".diff": "a full difference",
        "ia3_": "IA³", "modules_to_save": "a whole layer (modules_to_save)",
    ]

    /// Adds the tensor `key`, which is `name` without the wrappers' and component's names.
    mutating func add(_ key: String, named name: String) throws(ParameterError) {
        for (mark, kind) in Self.others.sorted(by: { $0.key < $1.key }) where name.contains(mark) {
            throw ParameterError(path: file.path, reason: "tensor '\(key)': this is \(kind), which is not supported")
        }
        guard let (ending, place) = Self.endings.first(where: { name.hasSuffix($0.ending) }) else {
            throw ParameterError(path: file.path, reason: "tensor '\(key)': this is no part of a LoRA adapter")
        }
        let layer = Self.currentPath(String(name.dropLast(ending.count)))
        self[keyPath: place][layer] = key
    }

    /// The layer's path now, from the time of attention processors: `attn1.processor.to_out` was `attn1.to_out.0`.
    private static func currentPath(_ layer: String) -> String {
        guard let range = layer.firstRange(of: ".processor.") else { return layer }
        let name = layer[range.upperBound...]
        return "\(layer[..<range.lowerBound]).\(name == "to_out" ? "to_out.0" : String(name))"
    }

    /// The layers' updates; a layer without an alpha of its own asks `alpha`, and else has its rank.
    ///
    /// - Throws: ``ParameterError`` naming the file and the layer that lacks a matrix or whose matrices do not fit.
    func modules(_ alpha: (_ layer: String, _ rank: Int) throws -> Float?) throws -> [String: LoRAModule] {
        var modules: [String: LoRAModule] = [:]
        for layer in Set(downs.keys).union(ups.keys).union(alphas.keys).sorted() {
            guard let down = downs[layer], let up = ups[layer] else {
                let has = downs[layer] ?? ups[layer] ?? alphas[layer] ?? layer
                throw ParameterError(path: file.path, reason: "tensor '\(has)': the layer's other matrix is missing")
            }
            let matrices = (down: try file.tensor(named: down), up: try file.tensor(named: up))
            let own = try alphas[layer].map(number)
            let rank = matrices.down.shape.first ?? 0
            guard
                let module = LoRAModule(
                    down: matrices.down, up: matrices.up, alpha: try own ?? alpha(layer, rank))
            else {
                throw ParameterError(
                    path: file.path,
                    reason:
                        "tensor '\(down)': shapes \(matrices.down.shape) and \(matrices.up.shape) are no low-rank update"
                )
            }
            modules[layer] = module
        }
        return modules
    }

    /// A tensor of one number, of whichever type.
    private func number(_ key: String) throws -> Float {
        let isWhole = file.elementType(of: key)?.hasPrefix("I") == true
        let numbers =
            isWhole ? try file.integers(named: key).values.map(Float.init) : try file.tensor(named: key).scalars
        guard numbers.count == 1 else {
            throw ParameterError(path: file.path, reason: "tensor '\(key)': one number is needed, not \(numbers.count)")
        }
        return numbers[0]
    }
}
