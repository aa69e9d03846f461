public import Diffusion
import Foundation
public import NeuralNet
import TensorCore

/// What a policy has learned, as a value that travels and is kept.
public enum PolicyWeights: Sendable {
    /// LoRA matrices, in PEFT's files.
    case adapter(Adapter)
    /// Every parameter of the UNet, in diffusers' files.
    case unet(UNetWeights)

    /// The bytes of the file with the weights: the same for the same values.
    public func bytes() -> [UInt8] {
        switch self {
        case .adapter(let adapter): adapter.weights()
        case .unet(let unet): unet.bytes()
        }
    }

    /// How many layers are adapted, or how many parameters there are.
    public var modules: Int {
        switch self {
        case .adapter(let adapter): adapter.matrices.count / 2
        case .unet(let unet): unet.parameters.count
        }
    }
}

extension DiffusionPolicy {
    /// What has been learned until now.
    public var weights: PolicyWeights {
        switch part {
        case .lora(let lora): .adapter(Adapter(lora, model.trained))
        case .network: .unet(UNetWeights(model.trained))
        }
    }

    /// Takes over what another policy of the same kind has learned; all or nothing.
    ///
    /// - Returns: the number of modules bound.
    /// - Throws: `ParameterError` if a value is missing, has no place, or has another shape.
    @discardableResult
    public func bind(_ weights: PolicyWeights) throws -> Int {
        switch weights {
        case .adapter(let adapter): try adapter.load(into: model.trained)
        case .unet(let unet): try ParameterStore.bind(unet.parameters, to: model.trained, from: "weights")
        }
        return weights.modules
    }

    /// As ``bind(_:)``, from the bytes of a file of weights; `name` is what errors call them.
    @discardableResult
    public func bind(bytes: [UInt8], name: String) throws -> Int {
        switch part {
        case .lora(let lora): try bind(.adapter(Adapter(lora, weights: bytes, name: name)))
        case .network: try bind(.unet(UNetWeights(bytes: bytes, name: name)))
        }
    }

    /// Writes what has been learned into a checkpoint's folder, which exists.
    public func write(to checkpoint: URL) throws {
        switch weights {
        case .adapter(let adapter): try adapter.write(to: checkpoint)
        case .unet(let unet):
            try unet.write(to: checkpoint, configuration: folder.appending(path: "unet/config.json"))
        }
    }

    /// Takes up what ``write(to:)`` wrote.
    public func read(from checkpoint: URL) throws {
        switch part {
        case .lora: try bind(.adapter(Adapter(folder: checkpoint)))
        case .network: try bind(.unet(UNetWeights(checkpoint: checkpoint)))
        }
    }
}
