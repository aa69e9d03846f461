import Foundation

/// Files that are either whole or absent, whatever happens while they are written.
public enum AtomicFile {
    /// Writes data beside its place, makes it durable, and moves it there.
    ///
    /// - Throws: `ServiceError` that names the path and the reason, for example a full disk.
    public static func write(_ data: Data, to path: URL, mode: mode_t = 0o644) throws(ServiceError) {
        let temporary = path.deletingLastPathComponent().appending(path: ".\(path.lastPathComponent).\(getpid()).part")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        do throws(ServiceError) {
            defer { close(descriptor) }
            try writeAll(data, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw failure("write", path) }
        } catch {
            unlink(temporary.path)
            throw error
        }
        guard rename(temporary.path, path.path) == 0 else {
            let error = failure("write", path)
            unlink(temporary.path)
            throw error
        }
        try synchronize(path.deletingLastPathComponent())
    }

    /// Moves a finished folder to its place and makes that durable.
    ///
    /// A folder that is there already is replaced.
    ///
    /// - Throws: `ServiceError` that names the path and the reason.
    public static func move(folder: URL, to place: URL) throws(ServiceError) {
        if FileManager.default.fileExists(atPath: place.path) {
            do {
                try FileManager.default.removeItem(at: place)
            } catch {
                throw ServiceError("cannot replace \(place.path): \(ServiceProcess.oneLine(error))")
            }
        }
        guard rename(folder.path, place.path) == 0 else { throw failure("write", place) }
        try synchronize(place.deletingLastPathComponent())
    }

    /// Makes a file's content or a folder's entries durable.
    ///
    /// - Throws: `ServiceError` that names the path and the reason.
    public static func synchronize(_ path: URL) throws(ServiceError) {
        let descriptor = open(path.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write", path) }
    }

    private static func writeAll(_ data: Data, to descriptor: Int32, _ path: URL) throws(ServiceError) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func failure(_ verb: String, _ path: URL) -> ServiceError {
        ServiceError("cannot \(verb) \(path.path): \(String(cString: strerror(errno)))")
    }
}
