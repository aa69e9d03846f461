#if canImport(Glibc)
    internal import Glibc
#endif

/// The memory that this process holds now.
enum ResidentMemory {
    private static let pageBytes = sysconf(Int32(_SC_PAGESIZE))

    /// In bytes; 0 where the system does not say.
    static var bytes: Int {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return 0 }
        let words = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * pageBytes : 0
    }
}
