import Autograd
import Foundation
import Imaging
import TensorCore

/// What is done to pictures before a tower sees them: transformers' `preprocessor_config.json`.
struct PictureProcessor: Hashable, Sendable {
    /// How the size is chosen.
    enum Size: Hashable, Sendable {
        case shortestEdge(Int)
        case exactly(height: Int, width: Int)
    }

    /// `nil` leaves the size alone.
    var size: Size?
    var filter = Picture.Filter.bicubic
    /// The side of the square in the middle that is kept; `nil` keeps everything.
    var crop: Int?
    /// Pixels of 0...1 become `(pixel - mean) / deviation`.
    var mean = [Float](repeating: 0, count: 3)
    var deviation = [Float](repeating: 1, count: 3)

    static let clipMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    static let clipDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// CLIP's: the short side to `side`, bicubic, the square in the middle.
    static func clip(side: Int) -> PictureProcessor {
        PictureProcessor(size: .shortestEdge(side), crop: side, mean: clipMean, deviation: clipDeviation)
    }

    /// DINO's: as CLIP's with ImageNet's statistics; the crop leaves an eighth out, as 224 of 256.
    static func dino(side: Int) -> PictureProcessor {
        PictureProcessor(
            size: .shortestEdge(side * 8 / 7), crop: side, mean: [0.485, 0.456, 0.406],
            deviation: [0.229, 0.224, 0.225])
    }

    /// ALIGN's: 346 pixels, the 289 in the middle, -1 to 1.
    static let align = PictureProcessor(
        size: .exactly(height: 346, width: 346), filter: .bilinear, crop: 289, mean: [0.5, 0.5, 0.5],
        deviation: [0.5, 0.5, 0.5])

    /// The processor of a model's folder; `standard` where it has none.
    ///
    /// - Throws: `RewardError` naming the file.
    static func read(_ folder: URL, standard: PictureProcessor) throws(RewardError) -> PictureProcessor {
        let file = folder.appending(path: "preprocessor_config.json")
        guard let data = FileManager.default.contents(atPath: file.path) else { return standard }
        do {
            return try JSONDecoder().decode(ProcessorFile.self, from: data).processor
        } catch {
            throw RewardError(
                code: .badModel, message: "\(file.path): it is not the configuration of a picture processor: \(error)")
        }
    }

    /// The size of resized pictures, and what is kept of them.
    private func geometry(_ height: Int, _ width: Int) -> (
        resized: (height: Int, width: Int), kept: (rows: Range<Int>, columns: Range<Int>)
    ) {
        var resized = (height: height, width: width)
        switch size {
        case .exactly(let height, let width): resized = (height, width)
        case .shortestEdge(let side):
            // transformers cuts the longer side off to whole pixels.
            resized =
                height < width ? (side, side * width / height) : (side * height / width, side)
        case nil: break
        }
        guard let crop, crop <= min(resized.height, resized.width) else {
            return (resized, (0..<resized.height, 0..<resized.width))
        }
        let (top, left) = ((resized.height - crop) / 2, (resized.width - crop) / 2)
        return (resized, (top..<top + crop, left..<left + crop))
    }

    /// A picture as the tower gets it, `[1, height, width, 3]`; resized in bytes, as Pillow does it.
    func callAsFunction(_ picture: Picture) -> Tensor {
        let (resized, kept) = geometry(picture.height, picture.width)
        let small =
            (picture.height, picture.width) == resized
            ? picture : picture.resized(width: resized.width, height: resized.height, filter)
        return Tensor(uninitialized: [1, kept.rows.count, kept.columns.count, 3]) { out in
            var at = 0
            for row in kept.rows {
                for column in kept.columns {
                    for channel in 0..<3 {
                        let pixel = Float(small.pixels[(row * small.width + column) * 3 + channel]) / 255
                        out[at] = (pixel - mean[channel]) / deviation[channel]
                        at += 1
                    }
                }
            }
        }
    }

    /// Pixels `[picture, height, width, 3]` of 0...1 as the tower gets them; resized in floating point.
    func callAsFunction(_ pixels: Variable) -> Variable {
        let (height, width) = (pixels.shape[1], pixels.shape[2])
        let (resized, kept) = geometry(height, width)
        let resampling = Resampling((height, width), resized: resized, kept: kept, filter)
        let normalised = Self.scaled(resampling(pixels.value), by: deviation.map { 1 / $0 }, less: mean)
        return Variable(normalised, inputs: [pixels]) { gradient in
            [resampling.transposed(Self.scaled(gradient, by: deviation.map { 1 / $0 }, less: [0, 0, 0]))]
        }
    }

    private static func scaled(_ pixels: Tensor, by factors: [Float], less offsets: [Float]) -> Tensor {
        Tensor(uninitialized: pixels.shape) { out in
            pixels.withUnsafeBuffer { pixels in
                for index in pixels.indices { out[index] = (pixels[index] - offsets[index % 3]) * factors[index % 3] }
            }
        }
    }
}

/// `preprocessor_config.json`, as far as it concerns pictures.
private struct ProcessorFile: Decodable {
    /// A size: a number, or an object of sides.
    struct Sides: Decodable {
        var shortestEdge: Int?
        var height: Int?
        var width: Int?
        /// Older files give one number.
        var isNumber = false

        enum CodingKeys: String, CodingKey {
            case height, width
            case shortestEdge = "shortest_edge"
        }

        init(from decoder: any Decoder) throws {
            if let side = try? decoder.singleValueContainer().decode(Int.self) {
                (height, width, isNumber) = (side, side, true)
            } else {
                let keys = try decoder.container(keyedBy: CodingKeys.self)
                shortestEdge = try keys.decodeIfPresent(Int.self, forKey: .shortestEdge)
                height = try keys.decodeIfPresent(Int.self, forKey: .height)
                width = try keys.decodeIfPresent(Int.self, forKey: .width)
            }
        }
    }

    var resizes: Bool?
    var size: Sides?
    var resample: Int?
    var crops: Bool?
    var crop: Sides?
    var rescale: Double?
    var rescalesWithOffset: Bool?
    var normalises: Bool?
    var mean: [Float]?
    var deviation: [Float]?

    enum CodingKeys: String, CodingKey {
        case size, resample
        case resizes = "do_resize"
        case crops = "do_center_crop"
        case crop = "crop_size"
        case rescale = "rescale_factor"
        case rescalesWithOffset = "rescale_offset"
        case normalises = "do_normalize"
        case mean = "image_mean"
        case deviation = "image_std"
    }

    var processor: PictureProcessor {
        get throws {
            var processor = PictureProcessor()
            if resizes ?? true, let size {
                if let side = size.shortestEdge {
                    processor.size = .shortestEdge(side)
                } else if let height = size.height, let width = size.width {
                    // One number is the short side where a crop follows, and both sides where none does.
                    processor.size =
                        size.isNumber && crops == true ? .shortestEdge(height) : .exactly(height: height, width: width)
                }
            }
            switch resample ?? 3 {
            case 2: processor.filter = .bilinear
            case 3: processor.filter = .bicubic
            case let other:
                throw RewardError(
                    code: .badModel, message: "resample \(other) is not supported (2 bilinear, 3 bicubic)")
            }
            if crops ?? false { processor.crop = crop?.height ?? crop?.shortestEdge }
            if normalises ?? true {
                (processor.mean, processor.deviation) = (mean ?? processor.mean, deviation ?? processor.deviation)
            }
            if rescalesWithOffset == true, normalises != true {
                // `pixel · factor - 1` of bytes.
                let factor = Float(255 * (rescale ?? 1 / 127.5))
                processor.mean = [Float](repeating: 1 / factor, count: 3)
                processor.deviation = [Float](repeating: 1 / factor, count: 3)
            }
            guard processor.mean.count == 3, processor.deviation.count == 3 else {
                throw RewardError(code: .badModel, message: "image_mean and image_std need three numbers")
            }
            return processor
        }
    }
}
