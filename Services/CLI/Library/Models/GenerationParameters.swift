import Diffusion
import Foundation
import ServiceAPI

/// How a picture was made, as the text that A1111's and other tools show of a PNG: its `parameters`.
struct GenerationParameters {
    /// An adapter by name and by the hash of its weights.
    struct Adapter {
        var name: String
        var hash: String

        init(path: String) throws {
            let location = URL(filePath: path)
            let names = ["adapter_model.safetensors", "unet/diffusion_pytorch_model.safetensors"]
            let files = [location] + names.map { location.appending(path: $0) }
            let data = files.lazy.compactMap { try? Data(contentsOf: $0) }.first
            name = location.deletingPathExtension().lastPathComponent
            hash = data.map { String(AdapterHash.of($0).prefix(12)) } ?? ""
        }
    }

    var prompt: String
    var negativePrompt: String?
    var weights: [WeightedPhrase] = []
    var steps: Int
    var method: SamplingMethod
    var guidance: Double
    /// The seed; `nil` for noise from a file.
    var seed: UInt64?
    var width: Int
    var height: Int
    var model: String
    var adapter: Adapter?
    var adapterScale: Float?
    var eta: Double?

    /// The sampler's name in those tools.
    private var sampler: String {
        switch method {
        case .ddim: "DDIM"
        case .ddpm: "DDPM"
        case .eulerAncestral: "Euler a"
        case .euler: "Euler"
        case .dpmSolver: "DPM++ 2M"
        case .pndm: "PLMS"
        }
    }

    /// Prompt, negative prompt and one line of settings.
    var text: String {
        var settings = ["Steps: \(steps)", "Sampler: \(sampler)", "CFG scale: \(guidance)"]
        if let seed { settings.append("Seed: \(seed)") }
        settings += ["Size: \(width)x\(height)", "Model: \(model)"]
        if !weights.isEmpty {
            settings.append(
                "Prompt weights: \"\(weights.map { "\($0.phrase): \($0.weight)" }.joined(separator: ", "))\"")
        }
        if let eta { settings.append("Eta: \(eta)") }
        if let adapter {
            settings.append("Lora hashes: \"\(adapter.name): \(adapter.hash)\"")
            if let adapterScale { settings.append("Lora scale: \(adapterScale)") }
        }
        let negative = negativePrompt.map { "\nNegative prompt: \($0)" } ?? ""
        return "\(prompt)\(negative)\n\(settings.joined(separator: ", ")), Version: atelier"
    }
}
