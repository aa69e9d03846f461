internal import CZeroMQ
internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the allocator keeps after a burst, in case it is needed again: given back to the system now and then.
///
/// A server that has held many large messages at once would hold their memory for ever otherwise: their blocks lie between
/// others, and glibc returns by itself only what lies at the end of one of its heaps.
enum KeptMemory {
    private static let interval = 20.0
    /// Less is not worth the walk through the free blocks.
    private static let remarkable: Int64 = 16 << 20

    /// Begins to look; the timer lives as long as the process.
    static func watch() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .seconds(2))
        timer.setEventHandler { if atelier_kept_bytes() > remarkable { malloc_trim(0) } }
        timer.activate()
        return timer
    }
}
