internal import CZeroMQ

#if canImport(Glibc)
    internal import Glibc
#endif

/// The memory that this process uses now.
enum ProcessMemory {
    private static let pageBytes = sysconf(Int32(_SC_PAGESIZE))

    /// Bytes that the allocator has given out and not taken back, and where it does not say, those that are resident.
    ///
    /// Not the resident ones wherever possible: what somebody has freed before would be used up first, and that is no
    /// growth.
    static var usedBytes: Int {
        let allocated = atelier_allocated_bytes()
        return allocated > 0 ? Int(allocated) : residentBytes
    }

    /// In bytes; 0 where the system does not say.
    static var residentBytes: Int {
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
