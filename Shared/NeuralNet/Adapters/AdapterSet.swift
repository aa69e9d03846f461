import Foundation
import TensorCore

/// A part of a checkpoint that an adapter can change; raw values are the names of diffusers.
public enum AdapterComponent: String, CaseIterable, Codable, Sendable {
    case unet
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
}

/// The ways in which a LoRA adapter is kept in files.
public enum AdapterFormat: String, CaseIterable, Codable, Sendable {
    /// PEFT's folder: `adapter_config.json` and `adapter_model.safetensors`; one folder for each component.
    case peft
    /// diffusers' `pytorch_lora_weights.safetensors`.
    case diffusers
    /// The single file of kohya's scripts, which A1111 and ComfyUI read.
    case kohya
}

/// What was learned, of any format, as a value: the updates of a LoRA adapter by component and path, or a whole UNet.
public struct AdapterSet: Sendable {
    /// Updates by the layer's path in the model; text encoders' begin with `text_model.` or, since transformers 5, not.
    public var components: [AdapterComponent: [String: LoRAModule]] = [:]
    /// A UNet that takes the place of the checkpoint's: what `training.parameters: full` leaves.
    public internal(set) var unet: SafeTensorsArchive?
    /// PEFT's `target_modules` of a component, where it came with one.
    public var targetModules: [AdapterComponent: [String]] = [:]
    /// The format that it was read from.
    public internal(set) var format = AdapterFormat.peft
    /// The file or folder that it was read from.
    public internal(set) var path = ""

    public init() {}

    /// What is merged into a checkpoint as it is read.
    ///
    /// - Parameter factor: 1 for the whole adapter, 0 for none; between them it interpolates the base and the tuned model.
    /// - Returns: one for each component that the adapter changes.
    public func deltas(factor: Float = 1) -> [AdapterComponent: AdapterDeltas] {
        var deltas = components.mapValues { AdapterDeltas($0, factor: factor, name: path) }
        if let unet { deltas[.unet] = AdapterDeltas(replacingBy: unet, factor: factor, name: unet.path) }
        return deltas
    }

    /// The components that are changed, in the order of their names.
    public var changed: [AdapterComponent] {
        AdapterComponent.allCases.filter { components[$0] != nil || ($0 == .unet && unet != nil) }
    }

    /// How many layers are updated, or parameters replaced.
    public var layerCount: Int { components.values.reduce(unet?.keys.count ?? 0) { $0 + $1.count } }

    /// The adapter with all updates multiplied by a factor.
    public func scaled(_ factor: Float) -> AdapterSet {
        guard factor != 1 else { return self }
        var scaled = self
        scaled.components = components.mapValues { modules in
            modules.mapValues { module in
                var module = module
                module.up = module.up.scaled(factor)
                return module
            }
        }
        return scaled
    }

    /// The number of the elements of updates, or of the whole UNet.
    public var parameterCount: Int {
        let replaced = unet.map { unet in unet.keys.reduce(0) { $0 + (unet.shape(of: $1)?.reduce(1, *) ?? 0) } } ?? 0
        return components.values.reduce(replaced) { $1.values.reduce($0) { $0 + $1.down.count + $1.up.count } }
    }

    /// The ranks that occur, in rising order.
    public var ranks: [Int] { Set(components.values.flatMap { $0.values.map(\.rank) }).sorted() }
}
