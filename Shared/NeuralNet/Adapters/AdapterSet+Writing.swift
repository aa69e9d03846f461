import Foundation
import TensorCore

extension AdapterSet {
    /// Writes the adapter.
    ///
    /// PEFT's format is a folder, or one folder for each component where there are several; the others are one file, or
    /// `pytorch_lora_weights.safetensors` in a folder if `path` is none of a safetensors file.
    ///
    /// - Returns: the files written.
    /// - Throws: errors of the file system.
    @discardableResult
    public func write(_ format: AdapterFormat, to path: String) throws -> [String] {
        switch format {
        case .peft: return try writePEFT(URL(filePath: path))
        case .diffusers: return [try write(diffusersTensors(), metadata: ["format": "pt"], to: path)]
        case .kohya:
            let modules = components.values.flatMap(\.values)
            let metadata = [
                "format": "pt", "ss_network_module": "networks.lora",
                "ss_network_dim": modules.first.map { "\($0.rank)" } ?? "0",
                "ss_network_alpha": modules.first.map { "\($0.alpha)" } ?? "0",
                "ss_base_model_version": isXL ? "sdxl_base_v1-0" : isOfSecondVersion ? "sd_v2" : "sd_v1",
            ]
            return [try write(kohyaTensors(), metadata: metadata, to: path)]
        }
    }

    private func write(_ tensors: [String: Tensor], metadata: [String: String], to path: String) throws -> String {
        var file = path
        if !path.hasSuffix(".safetensors") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            file = "\(path)/\(Self.diffusersWeights)"
        }
        try SafeTensorsWriter(metadata: metadata).write(tensors, to: file)
        return file
    }

    /// Without alphas, which diffusers does not keep in this format: B takes their part.
    private func diffusersTensors() -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for (component, modules) in components {
            for (path, module) in modules {
                let plain = module.withAlpha(Float(module.rank))
                let name = "\(component.rawValue).\(Self.olderPath(path, component))"
                tensors["\(name).lora_A.weight"] = plain.down
                tensors["\(name).lora_B.weight"] = plain.up
            }
        }
        return tensors
    }

    private func kohyaTensors() -> [String: Tensor] {
        // Readers differ in what they make of several alphas, so all layers get that of the first one.
        let modules = components.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { component, modules in
            modules.sorted { $0.key < $1.key }.map { (component: component, path: $0.key, module: $0.value) }
        }
        let alpha = modules.first?.module.alpha ?? 1
        var tensors: [String: Tensor] = [:]
        for (component, path, module) in modules {
            let name = KohyaNames.name(of: Self.olderPath(path, component), component, isXL: isXL)
            let module = module.withAlpha(alpha)
            tensors["\(name).lora_down.weight"] = module.down
            tensors["\(name).lora_up.weight"] = module.up
            tensors["\(name).alpha"] = Tensor([alpha], shape: [])
        }
        return tensors
    }

    /// The path of a text encoder's layer as all readers of single files know it: below `text_model.`.
    private static func olderPath(_ path: String, _ component: AdapterComponent) -> String {
        let prefix = "text_model."
        return component == .unet || path.hasPrefix(prefix) || path.hasPrefix("text_projection") ? path : prefix + path
    }

    private func writePEFT(_ folder: URL) throws -> [String] {
        var files: [String] = []
        for (component, modules) in components.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let place = components.count == 1 ? folder : folder.appending(path: component.rawValue)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let configuration = PEFTConfiguration(modules, targetModules: targetModules[component])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(configuration).write(
                to: place.appending(path: Self.peftConfiguration), options: .atomic)
            var tensors: [String: Tensor] = [:]
            for (path, module) in modules {
                tensors["\(PEFTConfiguration.prefix)\(path).lora_A.weight"] = module.down
                tensors["\(PEFTConfiguration.prefix)\(path).lora_B.weight"] = module.up
            }
            let file = place.appending(path: Self.peftWeights).path
            try SafeTensorsWriter().write(tensors, to: file)
            files += [place.appending(path: Self.peftConfiguration).path, file]
        }
        return files
    }

    /// The width of the text that cross-attention looks at.
    private var contextWidth: Int? {
        components[.unet]?.first { $0.key.hasSuffix("attn2.to_k") || $0.key.hasSuffix("attn2.to_v") }?.value.down.shape[
            1]
    }

    /// Whether this is an adapter of SDXL itself, whose layers kohya's scripts call by their original names.
    private var isXL: Bool { contextWidth == 2048 }

    private var isOfSecondVersion: Bool { contextWidth == 1024 }
}
