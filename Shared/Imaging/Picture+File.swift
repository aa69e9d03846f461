import Foundation

extension Picture {
    /// Reads a PNG or JPEG file, told apart by their first bytes.
    ///
    /// - Throws: `ImagingError` that names the file.
    public init(file path: String) throws(ImagingError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ImagingError(.unreadable, "cannot read the picture \(path)")
        }
        do throws(ImagingError) {
            try self.init(bytes: [UInt8](data))
        } catch {
            throw ImagingError(error.code, "\(path): \(error.message)")
        }
    }

    /// Decodes a PNG or a JPEG.
    public init(bytes: [UInt8]) throws(ImagingError) {
        if bytes.starts(with: [0xff, 0xd8]) { try self.init(jpeg: bytes) } else { try self.init(png: bytes) }
    }

    /// The texts of a PNG file by keyword, for instance `parameters`; none of a file that is no PNG.
    ///
    /// - Throws: `ImagingError` that names the file which cannot be read.
    public static func texts(ofPNGFile path: String) throws(ImagingError) -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ImagingError(.unreadable, "cannot read the picture \(path)")
        }
        return PNGText.texts(of: [UInt8](data))
    }
}
