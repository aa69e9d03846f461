internal import CKernels

/// The number of compute threads: one setting for oneDNN, OpenBLAS and the kernels of this package.
public enum ComputeThreads {
    /// Sets how many threads share each kernel that the calling thread starts.
    ///
    /// OpenMP keeps the number for each thread that starts kernels, so whoever owns a thread of computations sets it there;
    /// other threads begin with the number of processors. oneDNN and our kernels take turns on one pool; OpenBLAS is called
    /// only from inside it and never divides its work.
    public static func set(_ count: Int) {
        precondition(count >= 1, "at least one compute thread is needed, not \(count)")
        atelier_set_threads(Int32(count))
    }

    /// The number that kernels started by the calling thread are shared by.
    public static var current: Int { Int(atelier_threads()) }
}
