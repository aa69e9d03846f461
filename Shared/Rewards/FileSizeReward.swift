public import Imaging

/// DDPO's compressibility and incompressibility (arXiv 2305.13301): the size of the picture as a file, in kB of 1000.
///
/// The size of a white picture of the same shape is subtracted: at 64x64 the headers are most of a file.
public struct FileSizeReward: RewardModel {
    /// How the picture is written.
    public enum Format: Hashable, Sendable {
        /// libjpeg's baseline with 4:2:0 chroma; the quality is 1 to 100.
        case jpeg(quality: Int)
        case png
    }

    public let format: Format
    /// Whether small files are good (compressibility: the reward is the size, negated).
    public let favoursSmall: Bool
    public let identity: RewardIdentity

    public init(_ format: Format = .jpeg(quality: 95), favoursSmall: Bool) {
        self.format = format
        self.favoursSmall = favoursSmall
        identity = RewardIdentity(
            id: RewardConfiguration.fileSize(format, favoursSmall: favoursSmall).specification, revision: 1)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        var floors: [[Int]: Int] = [:]
        return pictures.map { picture in
            do throws(ImagingError) {
                let shape = [picture.width, picture.height]
                let white = Picture(width: shape[0], height: shape[1], red: 255, green: 255, blue: 255)
                let floor = if let known = floors[shape] { known } else { try size(white) }
                floors[shape] = floor
                let size = try size(picture)
                let kilobytes = Double(size - floor) / 1000
                return .value(favoursSmall ? -kilobytes : kilobytes, detail: ["bytes": Double(size)])
            } catch {
                return .invalid(error.message)
            }
        }
    }

    private func size(_ picture: Picture) throws(ImagingError) -> Int {
        switch format {
        case .jpeg(let quality): try picture.jpegData(quality: quality).count
        case .png: try picture.pngData().count
        }
    }
}
