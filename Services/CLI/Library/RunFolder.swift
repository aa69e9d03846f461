import Foundation
import RunConfiguration
import ServiceRuntime

/// A run's folder, held by one `atelier run` at a time.
final class RunFolder: Sendable {
    let url: URL
    /// The folder of the sockets: private, and short enough for an ipc address.
    let sockets: URL
    private let lock: Int32

    var configuration: URL { url.appending(path: "config.yaml") }
    var summary: URL { url.appending(path: "summary.json") }

    /// The keys of the run's processes and commands.
    var keys: KeyFolder { KeyFolder(url.appending(path: "keys")) }

    /// The file that says where the run's admin socket is.
    static func addressFile(in folder: URL) -> URL { folder.appending(path: "address") }

    /// Takes a folder in which a run must be if this one is `resuming` it, and otherwise none may be.
    ///
    /// Throws `ServiceError` with exit code `refused` if another run holds the folder or has used it.
    init(_ url: URL, resuming: Bool) throws {
        self.url = url
        let ledger = url.appending(path: "ledger.sqlite").path
        let isUsed = FileManager.default.fileExists(atPath: ledger)
        if resuming, !isUsed {
            throw ServiceError("nothing to resume in \(url.path): ledger.sqlite is missing", exitCode: .refused)
        }
        if !resuming, isUsed {
            throw ServiceError(
                "\(url.path) holds a run already; `atelier run --resume \(url.path)` goes on with it",
                exitCode: .refused)
        }
        do {
            for folder in [url, url.appending(path: "logs"), url.appending(path: "checkpoints")] {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
        } catch {
            throw ServiceError("cannot make the folder \(url.path): \(ServiceProcess.oneLine(error))")
        }
        lock = open(url.appending(path: ".lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw ServiceError("cannot write to \(url.path): \(String(cString: strerror(errno)))") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw ServiceError("another `atelier run` is working in \(url.path)", exitCode: .refused)
        }
        var template = Array((FileManager.default.temporaryDirectory.path + "/atelier-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ServiceError("cannot make a folder for sockets: \(String(cString: strerror(errno)))")
        }
        sockets = URL(
            fileURLWithPath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        if !keys.exists { try keys.make() }
        // Whoever knows the address of a socket finds the keys beside it.
        symlink(keys.url.path, sockets.appending(path: "keys").path)
    }

    deinit {
        close(lock)
    }

    /// Writes the resolved configuration.
    func write(_ configuration: RunConfiguration) throws {
        try AtomicFile.write(Data(configuration.yaml().utf8), to: self.configuration)
    }

    /// Says where the run answers, and makes `latest` beside the folder point to it.
    func announce(_ address: String) throws {
        try AtomicFile.write(Data((address + "\n").utf8), to: Self.addressFile(in: url))
        let parent = url.deletingLastPathComponent()
        let latest = parent.appending(path: "latest")
        // Only among runs: a folder that the user named elsewhere gets no link beside it.
        guard parent.lastPathComponent == "runs" else { return }
        unlink(latest.path)
        symlink(url.lastPathComponent, latest.path)
    }

    /// Removes what only a running stack needs.
    func cleanUp() {
        try? FileManager.default.removeItem(at: sockets)
        unlink(Self.addressFile(in: url).path)
    }

    func socket(_ name: String) -> String { "ipc://\(sockets.path)/\(name)" }

    func log(_ name: String) -> String { url.appending(path: "logs/\(name).log").path }
}
