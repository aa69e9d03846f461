#if canImport(Glibc)
    internal import Glibc
#endif

/// How many descriptors this process may have open: every connection takes one, every socket of libzmq several.
enum DescriptorLimit {
    /// What a process needs that talks to a few others.
    static let least: rlim_t = 128
    /// What a coordinator of a large fleet needs.
    static let wanted: rlim_t = 65_536

    /// What it means that the limit is lower than that, in a line; nil if it is not.
    static var warning: String? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wanted else {
            return nil
        }
        return
            "only \(limit.rlim_cur) files may be open at once, so that fewer peers than that can connect; for large fleets "
            + "raise the hard limit to \(wanted) (`ulimit -Hn \(wanted)`)"
    }

    /// Raises the limit as far as it may be raised without privileges.
    ///
    /// - Throws: ``MessagingError`` system when that is too little.
    static func raise() throws(MessagingError) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(limit.rlim_max, wanted)
        _ = setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < least else { return }
        throw MessagingError(
            .system,
            "only \(limit.rlim_cur) files may be open at once, \(least) are needed: raise the limit (`ulimit -n \(wanted)`)"
        )
    }
}
