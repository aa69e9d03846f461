import ServiceAPI

/// The newest manifest, for all who want to hear of it.
struct HintBoard {
    private var newest: AdapterManifest?
    private var readers: [UInt64: AsyncStream<AdapterManifest>.Continuation] = [:]
    private var nextReader: UInt64 = 0

    /// Tells everybody, if it is news.
    mutating func post(_ manifest: AdapterManifest) {
        guard manifest != newest else { return }
        newest = manifest
        for reader in readers.values { reader.yield(manifest) }
    }

    /// A reader that keeps one hint only: the newest is the one that counts.
    ///
    /// - Parameter onEnd: is told the reader's number when nobody reads any more, on any thread.
    /// - Returns: the newest hint, and later ones.
    mutating func read(onEnd: @escaping @Sendable (UInt64) -> Void) -> AsyncStream<AdapterManifest> {
        let (stream, reader) = AsyncStream.makeStream(of: AdapterManifest.self, bufferingPolicy: .bufferingNewest(1))
        nextReader += 1
        let number = nextReader
        readers[number] = reader
        reader.onTermination = { _ in onEnd(number) }
        if let newest { reader.yield(newest) }
        return stream
    }

    mutating func forget(_ reader: UInt64) { readers[reader] = nil }
}
