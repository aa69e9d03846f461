import Foundation
import Imaging
import ServiceRuntime

/// The pictures in a run's `samples/`: the same prompts and the same noise at every checkpoint, and the first and the
/// last of them under one another.
struct SampleSheet: Sendable {
    private let folder: URL
    private let columns: Int
    private static let scale = 2

    /// The sheets of the run in this folder.
    init(run: URL, columns: Int) {
        folder = run.appending(path: "samples")
        self.columns = columns
    }

    /// Whether the sheet of a round is there.
    func has(_ round: Int) -> Bool { FileManager.default.fileExists(atPath: file(round).path) }

    /// Writes a round's sheet, and `before-after.png` if it is not the first.
    ///
    /// - Throws: `ServiceError` that names the file.
    func write(_ pictures: [Picture], round: Int) throws {
        guard !pictures.isEmpty else { return }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let sheet = Picture.grid(pictures, columns: columns, padding: 1, scale: Self.scale)
            try AtomicFile.write(Data(try sheet.pngData()), to: file(round))
            guard round > 0, has(0) else { return }
            let before = try Picture(png: Array(Data(contentsOf: file(0))))
            guard before.width == sheet.width, before.height == sheet.height else { return }
            let gap = [UInt8](repeating: 255, count: before.width * 3 * 4 * Self.scale)
            let both = Picture(
                width: before.width, height: before.height * 2 + 4 * Self.scale,
                pixels: before.pixels + gap + sheet.pixels)
            try AtomicFile.write(Data(try both.pngData()), to: folder.appending(path: "before-after.png"))
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError("cannot write samples to \(folder.path): \(ServiceProcess.oneLine(error))")
        }
    }

    private func file(_ round: Int) -> URL { folder.appending(path: String(format: "step-%06d.png", round)) }
}
