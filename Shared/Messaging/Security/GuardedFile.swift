#if canImport(Glibc)
    internal import Glibc
#endif

/// A version of a file: another one has another stamp.
struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// The version that is there now, or nil without a file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    fileprivate init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // The change time, not the modification time: nobody can set it back.
        seconds = Int64(status.st_ctim.tv_sec)
        nanoseconds = Int64(status.st_ctim.tv_nsec)
    }
}

/// Small files that security rests on: read only if nobody else can have tampered with them.
public enum GuardedFile {
    /// Larger files are no keys.
    private static let maximumBytes = 1 << 20

    /// The text of a file and its version.
    ///
    /// Others may not write to the file, and not read it either if it is secret.
    ///
    /// - Throws: ``KeyError`` that names the file and what to do.
    static func read(_ path: String, secret: Bool) throws(KeyError) -> (text: String, stamp: FileStamp) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeyError("cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        // Of the open file, so that nobody can exchange it between the look and the reading.
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw KeyError("\(path) is not a file")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw KeyError("\(path) belongs to another user: its owner must be the one who runs this program")
        }
        let forbidden: mode_t = secret ? 0o077 : 0o022
        guard status.st_mode & forbidden == 0 else {
            throw KeyError(
                "others can \(secret ? "read" : "change") \(path): run `chmod \(secret ? 600 : 644) \(path)`")
        }
        guard status.st_size <= maximumBytes else { throw KeyError("\(path) is too large to be a file of keys") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            guard read > 0 else { break }
            count += read
        }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw KeyError("\(path) is not UTF-8 text")
        }
        return (text, FileStamp(status))
    }

    /// The text of a file; see ``read(_:secret:)``.
    public static func text(_ path: String, secret: Bool) throws(KeyError) -> String {
        try read(path, secret: secret).text
    }
}
