import Encoders
import Foundation
import TensorCore

/// A reward that is a model of a folder, as transformers writes it: a path, or `menagerie/NAME` for one that the repository
/// carries.
///
///     NAME?model=DIR[&precision=f32|bf16][&truncate=no|yes]
///     clip-score…[&scale=1]   aesthetic…&head=FILE   imagereward…[&head=FILE]   clip-i|dino|align-image…&references=DIR
public struct ModelRewardConfiguration: Hashable, Sendable {
    /// Whether prompts that do not fit are cut.
    private enum Truncation: String, CaseIterable {
        case no, yes
    }

    public let name: RewardConfiguration.Name
    /// The model's folder.
    public let model: String
    /// The file of the head.
    public let head: String?
    /// The folder of reference pictures.
    public let references: String?
    /// What the cosine is multiplied by.
    public let scale: Double
    public let precision: ComputePrecision
    public let truncates: Bool

    init(_ name: RewardConfiguration.Name, _ specification: inout RewardSpecification) throws(RewardError) {
        self.name = name
        model = try specification.take("model")
        var known = ["model", "precision"]
        switch name {
        case .clipI, .dino, .alignImage:
            references = try specification.take("references")
            known.append("references")
        default: references = nil
        }
        switch name {
        case .aesthetic:
            head = try specification.take("head")
            known.append("head")
        case .imageReward:
            head = specification.takeOptional("head")
            known.append("head")
        default: head = nil
        }
        switch name {
        case .clipScore:
            scale = try specification.take("scale", default: 1)
            known.append("scale")
        default: scale = 1
        }
        switch name {
        case .aesthetic, .clipI, .dino, .alignImage: truncates = false
        default:
            truncates = try specification.take("truncate", default: Truncation.no) == .yes
            known.append("truncate")
        }
        precision = try specification.take("precision", default: ComputePrecision.f32)
        try specification.refuseRest(known: known)
    }

    /// The settings that can change a score.
    private var settings: [String: String] {
        var settings = ["precision": precision.rawValue]
        if name == .clipScore { settings["scale"] = "\(scale)" }
        if truncates { settings["truncate"] = Truncation.yes.rawValue }
        return settings
    }

    private func text(_ settings: [String: String]) -> String {
        let pairs = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(name.rawValue)?\(pairs.joined(separator: "&"))"
    }

    /// The canonical form.
    var specification: String {
        let paths = ["model": model, "head": head, "references": references].compactMapValues { $0 }
        return text(settings.merging(paths) { $1 })
    }

    /// Reads the files and makes the model.
    ///
    /// - Throws: an error that names the file.
    func makeModel(_ library: RewardLibrary) throws -> any RewardModel {
        ProportionedReward(base: try makeBareModel(library))
    }

    private func makeBareModel(_ library: RewardLibrary) throws -> any RewardModel {
        let folder = TransformersFolder(try EmbeddedRewards.locate(model))
        var digests = [try library.digest(of: folder)]
        let head = try head.map { (path) throws(RewardError) in try EmbeddedRewards.locate(path) }
        if let head { digests.append(try RewardIdentity.digest([head])) }
        var pictures: [PictureFile] = []
        if let references {
            pictures = try PictureFile.all(in: URL(filePath: references))
            digests.append(try RewardIdentity.digest(pictures.map(\.file)))
        }
        let identity = RewardIdentity(id: specification, revision: 1, settings: text(settings), weights: digests)
        func texts() throws -> TextEmbedder {
            try library.texts(folder, isALIGN: name == .align, precision, truncates: truncates)
        }
        switch name {
        case .clipScore:
            return TwoTowerReward(
                identity, try library.clip(folder, precision).pictures, try texts(), CosineScale(factor: scale))
        case .clipT:
            return TwoTowerReward(
                identity, try library.clip(folder, precision).pictures, try texts(), CosineScale(least: 0))
        case .hps:
            return TwoTowerReward(identity, try library.clip(folder, precision).pictures, try texts(), CosineScale())
        case .pickScore:
            let archive = try folder.archive()
            guard archive.shape(of: "logit_scale") != nil else {
                throw RewardError(
                    code: .badModel, message: "\(archive.path): there is no logit_scale; a whole CLIP is needed")
            }
            let scale = exp(Double(try archive.tensor(named: "logit_scale").scalars[0]))
            return TwoTowerReward(
                identity, try library.clip(folder, precision).pictures, try texts(), CosineScale(factor: scale))
        case .align:
            return TwoTowerReward(
                identity, try library.align(folder, precision), try texts(), CosineScale(factor: 0.5, offset: 0.5))
        case .aesthetic:
            let (tower, width) = try library.clip(folder, precision)
            let file = try SafeTensorsArchive(path: head?.path ?? "")
            return AestheticReward(identity, tower, try AffineHead(file, prefix: "layers", width: width))
        case .imageReward: return try library.imageReward(identity, folder, head: head, precision, truncates: truncates)
        case .clipI:
            return ReferenceReward(
                identity, try library.clip(folder, precision).pictures, references: pictures.map(\.picture),
                CosineScale())
        case .dino:
            return ReferenceReward(
                identity, try library.dino(folder, precision), references: pictures.map(\.picture), CosineScale())
        case .alignImage:
            return ReferenceReward(
                identity, try library.align(folder, precision), references: pictures.map(\.picture),
                CosineScale(factor: 0.5, offset: 0.5))
        default: preconditionFailure("\(name) is no model of a folder")
        }
    }
}
