import Foundation
import Imaging

/// A picture and where it was read.
struct PictureFile {
    let file: URL
    let picture: Picture

    /// The pictures of a folder, in the order of their names.
    ///
    /// - Throws: `RewardError` naming the folder or the file.
    static func all(in folder: URL) throws(RewardError) -> [PictureFile] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().filter {
            ["png", "jpg", "jpeg"].contains(URL(filePath: $0).pathExtension.lowercased())
        }
        guard !names.isEmpty else {
            throw RewardError(
                code: .badModel,
                message: "\(folder.path): there is no picture (png, jpg) in it; references name a folder of pictures")
        }
        var files: [PictureFile] = []
        for name in names {
            let file = folder.appending(path: name)
            do {
                files.append(PictureFile(file: file, picture: try Picture(bytes: [UInt8](Data(contentsOf: file)))))
            } catch {
                throw RewardError(code: .badModel, message: "\(file.path): it is no picture: \(error)")
            }
        }
        return files
    }
}
