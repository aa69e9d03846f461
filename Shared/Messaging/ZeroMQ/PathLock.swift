#if canImport(Glibc)
    internal import Glibc
#endif

/// The right to bind an ipc path: a lock on `PATH.lock`, in a folder that lets nobody else in.
///
/// It is held until this object goes; the kernel lets go of it when the process dies. What was made for the address goes
/// with it: the socket, which libzmq leaves behind, the lock's file, and the folder, if this object made it and nothing
/// else is in it.
final class PathLock: Sendable {
    private let descriptor: Int32
    private let path: String
    private let file: String
    /// The folder, if it was made here.
    private let madeFolder: String?

    /// Makes the folder if it is missing, and takes the lock.
    ///
    /// - Parameters:
    ///   - path: the ipc path, absolute.
    ///   - address: what messages name.
    /// - Throws: ``MessagingError`` invalidAddress, refusedAddress, addressInUse or system.
    init(_ path: String, of address: String) throws(MessagingError) {
        self.path = path
        file = path + ".lock"
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let (descriptor, isMade) = try Self.take(file, in: folder, of: address)
        self.descriptor = descriptor
        madeFolder = isMade ? folder : nil
    }

    deinit {
        // While the lock is held: whoever opens the file after this makes another one.
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        unlink(file)
        if let madeFolder { rmdir(madeFolder) }
        close(descriptor)
    }

    private static func take(
        _ file: String, in folder: String, of address: String
    ) throws(MessagingError) -> (descriptor: Int32, madeFolder: Bool) {
        var isMade = false
        // Again when the last holder has removed folder or file in between: a lock on that file would keep nobody out.
        for _ in 0..<100 {
            if mkdir(folder, 0o700) == 0 {
                isMade = true
            } else if errno != EEXIST {
                throw MessagingError(.system, "\(address): cannot make the folder \(folder): \(reason)")
            }
            try requirePrivate(folder, of: address)
            let descriptor = open(file, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else {
                throw MessagingError(.system, "\(address): cannot open \(file): \(reason)")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw MessagingError(.addressInUse, "\(address): in use by another process")
            }
            if isSame(descriptor, file) { return (descriptor, isMade) }
            close(descriptor)
        }
        throw MessagingError(.system, "\(address): \(folder) comes and goes")
    }

    private static var reason: String { String(cString: strerror(errno)) }

    private static func requirePrivate(_ folder: String, of address: String) throws(MessagingError) {
        var status = stat()
        // Of a link it would be somebody else who says where the socket is.
        guard lstat(folder, &status) == 0 else {
            if errno == ENOENT { return }
            throw MessagingError(.invalidAddress, "\(address): \(folder): \(reason)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            let what = status.st_mode & S_IFMT == S_IFLNK ? "a link: name the folder itself" : "not a folder"
            throw MessagingError(.invalidAddress, "\(address): \(folder) is \(what)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw MessagingError(
                .refusedAddress, "\(address): others may enter the folder \(folder): use one with mode 0700")
        }
        guard status.st_uid == geteuid() else {
            throw MessagingError(.refusedAddress, "\(address): the folder \(folder) belongs to another user")
        }
    }

    private static func isSame(_ descriptor: Int32, _ file: String) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(file, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
