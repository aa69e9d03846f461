import ArgumentParser
import Foundation
import Imaging
import Menagerie
import ServiceRuntime

struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Draws what a prompt says in the embedded world itself: pictures as they should be.",
        discussion: "The reference pictures of deploy/configs/menagerie/rpo.yaml were made by it.")

    @Option(help: "What the pictures show, in the words of the embedded world.")
    var prompt: String
    @Option(help: "How many pictures.")
    var count = 4
    @Option(help: "The seed of the first picture; each next one has the next.")
    var seed: UInt64 = 1
    @Option(help: "The folder that takes the pictures: 1.png, 2.png and so on.")
    var out: String

    func validate() throws {
        guard count > 0 else { throw ValidationError("--count: \(count) is not positive.") }
    }

    func run() throws {
        let description: Scene.Description
        do {
            description = try Scene.Description(parsing: prompt)
        } catch {
            throw ServiceError(error.description, exitCode: .refused)
        }
        let folder = URL(fileURLWithPath: out)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for index in 0..<count {
                let picture = Renderer.render(Scene(description, seed: seed &+ UInt64(index)))
                try Data(try picture.pngData()).write(to: folder.appending(path: "\(index + 1).png"))
            }
        } catch {
            throw ServiceError("cannot write to \(out): \(ServiceProcess.oneLine(error))")
        }
    }
}
