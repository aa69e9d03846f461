import Foundation

/// The place of a tensor in a mapped file, where its elements can be read as often as need be.
struct TensorSource: Sendable {
    let file: SafeTensorsFile
    let entry: SafeTensorsHeader.Entry
    let type: StoredFloat

    /// Number of elements.
    var count: Int { entry.shape.reduce(1, *) }

    /// The elements as the file has them: read-only, little-endian, at any address; there is at least one.
    var stored: UnsafeRawPointer {
        guard let base = file.data(of: entry).baseAddress else {
            preconditionFailure("an empty tensor has no elements")
        }
        return base
    }

    /// The elements themselves, where the file has them as aligned f32.
    var inPlace: UnsafeMutablePointer<Float>? {
        guard type == .f32, UInt(bitPattern: stored).isMultiple(of: UInt(MemoryLayout<Float>.alignment)) else {
            return nil
        }
        return UnsafeMutableRawPointer(mutating: stored).assumingMemoryBound(to: Float.self)
    }

    func read(into out: UnsafeMutableBufferPointer<Float>) { type.read(file.data(of: entry), into: out) }

    /// Gives the whole pages of the elements back: they stay in the system's cache of the file, but are no longer this
    /// process's memory, until they are read again.
    func forget() {
        let data = file.data(of: entry)
        guard let base = data.baseAddress else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let first = (UInt(bitPattern: base) + page - 1) / page * page
        let end = (UInt(bitPattern: base) + UInt(data.count)) / page * page
        guard first < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), Int32(MADV_DONTNEED))
    }
}
