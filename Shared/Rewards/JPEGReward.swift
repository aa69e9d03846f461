public import Imaging

/// DDPO's compressibility and incompressibility (arXiv 2305.13301): the size of the picture as a JPEG, in kB of 1000.
///
/// The size of a white picture of the same shape is subtracted: at 64x64 the headers are most of a file.
public struct JPEGReward: RewardModel {
    public let quality: Int
    /// Whether small files are good (compressibility: the reward is the size, negated).
    public let favoursSmall: Bool
    public let identity: RewardIdentity

    /// - Parameters:
    ///   - quality: 1 to 100, libjpeg's scale.
    ///   - favoursSmall: compressibility rather than incompressibility.
    public init(quality: Int = 95, favoursSmall: Bool) {
        self.quality = quality
        self.favoursSmall = favoursSmall
        let configuration: RewardConfiguration =
            favoursSmall ? .jpegCompressibility(quality: quality) : .jpegIncompressibility(quality: quality)
        identity = RewardIdentity(id: configuration.specification, revision: 1)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        var floors: [[Int]: Int] = [:]
        return pictures.map { picture in
            do throws(ImagingError) {
                let shape = [picture.width, picture.height]
                let white = Picture(width: shape[0], height: shape[1], red: 255, green: 255, blue: 255)
                let floor = if let known = floors[shape] { known } else { try white.jpegData(quality: quality).count }
                floors[shape] = floor
                let size = try picture.jpegData(quality: quality).count
                let kilobytes = Double(size - floor) / 1000
                return .value(favoursSmall ? -kilobytes : kilobytes, detail: ["bytes": Double(size)])
            } catch {
                return .invalid(error.message)
            }
        }
    }
}
