import Foundation

extension SafeTensorsArchive {
    /// Opens the weights of a model's folder: `NAME.safetensors`, or the shards of its index, as diffusers and transformers
    /// name them.
    ///
    /// A variant stands before the extension, as in `NAME.fp16.safetensors`. Where none is asked for, the file without one is
    /// taken, or the only variant there is.
    ///
    /// - Throws: ``SafeTensorsError`` naming the folder or the file: nothing is there, several variants are, or only a pickle.
    public init(
        folder: String, name: String = "diffusion_pytorch_model", variant: String? = nil
    ) throws(SafeTensorsError) {
        let present = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        if let file = Self.files(name, variant).first(where: present.contains) {
            try self.init(path: "\(folder)/\(file)")
            return
        }
        let variants = Self.variants(of: name, among: present)
        if variant == nil, variants.count == 1, let file = Self.files(name, variants[0]).first(where: present.contains)
        {
            try self.init(path: "\(folder)/\(file)")
            return
        }
        let wanted = "\(folder)/\(Self.files(name, variant)[0])"
        if !variants.isEmpty {
            throw SafeTensorsError(
                .system, path: wanted,
                "it is not there; there are the variants \(variants.joined(separator: ", ")): choose one with --variant"
            )
        }
        let stem = "\(name)\(variant.map { ".\($0)" } ?? "")-"
        if let shard = present.filter({ $0.hasPrefix(stem) && $0.hasSuffix(".safetensors") }).min() {
            throw SafeTensorsError(
                .system, path: "\(wanted).index.json", "the index of the shards is missing; \(shard) is there")
        }
        let pickles = present.filter { file in [".bin", ".ckpt", ".pt", ".pth", ".pkl"].contains { file.hasSuffix($0) }
        }
        if let pickle = pickles.min() {
            throw SafeTensorsError(
                .malformed, path: "\(folder)/\(pickle)", "this is a pickle file. \(SafeTensorsError.whyNotPickle)")
        }
        throw SafeTensorsError(.system, path: wanted, "there is no such file")
    }

    /// File names to look for, the best first.
    private static func files(_ name: String, _ variant: String?) -> [String] {
        guard let variant else { return ["\(name).safetensors", "\(name).safetensors.index.json"] }
        return [
            "\(name).\(variant).safetensors", "\(name).safetensors.index.\(variant).json",
            "\(name).\(variant).safetensors.index.json",
        ]
    }

    private static func variants(of name: String, among present: Set<String>) -> [String] {
        var variants: Set<String> = []
        for file in present where file.hasPrefix("\(name).") {
            let parts = file.dropFirst(name.count + 1).split(separator: ".").map(String.init)
            // "fp16.safetensors", "safetensors.index.fp16.json" or "fp16.safetensors.index.json"; a shard is none of them.
            if parts.count == 2, parts[1] == "safetensors", !parts[0].contains("-of-") { variants.insert(parts[0]) }
            if parts.count == 4, parts[0] == "safetensors", parts[1] == "index" { variants.insert(parts[2]) }
            if parts.count == 4, parts[1] == "safetensors", parts[2] == "index" { variants.insert(parts[0]) }
        }
        return variants.sorted()
    }
}
