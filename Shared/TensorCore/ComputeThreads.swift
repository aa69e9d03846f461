internal import CKernels

/// The number of compute threads: one setting for oneDNN, OpenBLAS and the kernels of this package.
public enum ComputeThreads {
    /// Sets the threads of every kernel of this process.
    ///
    /// oneDNN and our kernels share one OpenMP pool; OpenBLAS is called only from inside that pool and always runs on the
    /// thread that calls it.
    public static func set(_ count: Int) {
        precondition(count >= 1, "at least one compute thread is needed, not \(count)")
        atelier_set_threads(Int32(count))
    }

    public static var current: Int { Int(atelier_threads()) }
}
