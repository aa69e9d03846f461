import Foundation
import TensorCore

extension AdapterSet {
    static let peftWeights = "adapter_model.safetensors"
    static let peftConfiguration = "adapter_config.json"
    static let diffusersWeights = "pytorch_lora_weights.safetensors"

    /// Reads an adapter: a folder of PEFT's or with diffusers' file, a file of diffusers' or kohya's, or a folder with a whole
    /// UNet in its folder `unet`.
    ///
    /// - Throws: ``ParameterError`` naming the file and what of it is not supported; errors of the file.
    public init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ParameterError(path: path, reason: "there is no such adapter")
        }
        self.path = path
        if isFolder.boolValue {
            try read(folder: URL(filePath: path))
        } else if path.hasSuffix("/\(Self.peftWeights)") || path == Self.peftWeights {
            try read(folder: URL(filePath: path).deletingLastPathComponent())
        } else {
            try read(file: path)
        }
    }

    private mutating func read(folder: URL) throws {
        let present = Set((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        if present.contains(Self.peftConfiguration) {
            try readPEFT(folder, component: nil)
            return
        }
        for component in AdapterComponent.allCases {
            let part = folder.appending(path: component.rawValue)
            if FileManager.default.fileExists(atPath: part.appending(path: Self.peftConfiguration).path) {
                try readPEFT(part, component: component)
            }
        }
        guard components.isEmpty else { return }
        let whole = folder.appending(path: AdapterComponent.unet.rawValue)
        if FileManager.default.fileExists(atPath: whole.appending(path: "config.json").path) {
            unet = try SafeTensorsArchive(folder: whole.path, name: "diffusion_pytorch_model")
            return
        }
        let files = present.filter { $0.hasSuffix(".safetensors") }.sorted()
        if let file = files.first(where: { $0 == Self.diffusersWeights }) ?? (files.count == 1 ? files.first : nil) {
            try read(file: folder.appending(path: file).path)
            return
        }
        if let pickle = present.filter({ $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".ckpt") }).min() {
            throw ParameterError(
                path: folder.appending(path: pickle).path,
                reason: "this is a pickle file. \(SafeTensorsError.whyNotPickle)")
        }
        throw ParameterError(
            path: folder.path,
            reason:
                "no adapter is here: neither \(Self.peftConfiguration) nor \(Self.diffusersWeights) nor one safetensors file"
        )
    }

    private mutating func readPEFT(_ folder: URL, component: AdapterComponent?) throws {
        let configuration = try PEFTConfiguration(folder: folder)
        let file = try SafeTensorsFile(path: folder.appending(path: Self.peftWeights).path)
        var matrices = MatrixPairs(file)
        for key in file.keys {
            let name =
                key.hasPrefix(PEFTConfiguration.prefix) ? String(key.dropFirst(PEFTConfiguration.prefix.count)) : key
            try matrices.add(key, named: name)
        }
        let modules = try matrices.modules { configuration.alpha(of: $0, rank: $1) }
        let isText = modules.keys.contains { $0.contains("self_attn") || $0.contains("mlp.fc") }
        let found = component ?? (isText ? .textEncoder : .unet)
        components[found] = modules
        targetModules[found] = configuration.targetNames
        format = .peft
    }

    private mutating func read(file path: String) throws {
        let file = try SafeTensorsFile(path: path)
        guard !file.keys.isEmpty else { throw ParameterError(path: path, reason: "there is no tensor in it") }
        if file.keys.contains(where: { KohyaNames.component(of: $0) != nil }) {
            try readKohya(file)
        } else {
            try readDiffusers(file)
        }
    }

    private mutating func readKohya(_ file: SafeTensorsFile) throws {
        var pairs: [AdapterComponent: MatrixPairs] = [:]
        for key in file.keys {
            guard let (component, name) = KohyaNames.component(of: key) else {
                throw ParameterError(path: file.path, reason: "tensor '\(key)': no key of kohya's scripts")
            }
            try pairs[component, default: MatrixPairs(file)].add(key, named: KohyaNames.path(of: name))
        }
        for (component, pairs) in pairs { components[component] = try pairs.modules { _, _ in nil } }
        format = .kohya
    }

    private mutating func readDiffusers(_ file: SafeTensorsFile) throws {
        var pairs: [AdapterComponent: MatrixPairs] = [:]
        for key in file.keys {
            // Files before diffusers 0.15 hold the UNet's only, without its name.
            let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
            let component = parts.count == 2 ? AdapterComponent(rawValue: parts[0]) : nil
            try pairs[component ?? .unet, default: MatrixPairs(file)].add(
                key, named: component == nil ? key : parts[1])
        }
        for (component, pairs) in pairs {
            let configuration = try PEFTConfiguration(metadata: file, component: component)
            let modules = try pairs.modules { configuration?.alpha(of: $0, rank: $1) }
            components[component] = modules
            targetModules[component] = configuration?.targetNames
        }
        format = .diffusers
    }
}
