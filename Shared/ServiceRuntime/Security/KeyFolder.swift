public import Foundation
public import Messaging

/// A folder of keys, mode 0700: the list of who may connect (`allowed`), and the key of each holder (`NAME.key`).
public struct KeyFolder: Sendable {
    /// Where it is.
    public let url: URL

    /// A folder that may or may not be there.
    public init(_ url: URL) {
        self.url = url
    }

    /// The list of who may connect.
    public var list: URL { url.appending(path: "allowed") }

    /// A holder's key.
    public func file(_ name: String) -> URL { url.appending(path: "\(name).key") }

    /// The keys that all programs of this user use for tcp addresses of this machine when none are named.
    public static var ofUser: KeyFolder {
        let environment = ProcessInfo.processInfo.environment
        let configuration =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
            ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".config")
        return KeyFolder(configuration.appending(path: "atelier/keys"))
    }

    /// Whether there is a list.
    public var exists: Bool { FileManager.default.fileExists(atPath: list.path) }

    // MARK: Making and changing

    /// Makes the folder with one key for each role.
    ///
    /// It comes into being as a whole, so that of two processes that make it at once one wins and the other finds it.
    ///
    /// - Throws: `ServiceError`: refused if there is a list already.
    public func make() throws(ServiceError) {
        guard !exists else {
            throw ServiceError(
                "there are keys in \(url.path) already: `atelier keys add` makes another one", exitCode: .refused)
        }
        let work = url.deletingLastPathComponent().appending(path: ".keys-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: work) }
        do {
            try FileManager.default.createDirectory(
                at: work, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ServiceError("cannot make the folder of keys \(url.path): \(ServiceProcess.oneLine(error))")
        }
        let draft = KeyFolder(work)
        var allowed = AllowList()
        let coordinator = try Self.generate()
        for role in Role.allCases {
            let keys = role == .coordinator ? coordinator : try Self.generate()
            try draft.write(
                KeyFile(name: role.rawValue, role: role, keys: keys, coordinator: coordinator.publicKey))
            try Self.refusing {
                () throws(KeyError) in
                try allowed.add(PeerIdentity(name: role.rawValue, role: role.rawValue, key: keys.publicKey))
            }
        }
        try draft.write(allowed)
        // An empty folder that the user made is no obstacle.
        rmdir(url.path)
        guard rename(work.path, url.path) == 0 else {
            let reason = String(cString: strerror(errno))
            if exists { return }
            throw ServiceError("cannot make the folder of keys \(url.path): \(reason)")
        }
    }

    /// Adds a holder, with a fresh key, or with the public half of one that was made elsewhere.
    ///
    /// - Throws: `ServiceError`: refused if the name is taken or there is no list.
    public func add(_ name: String, _ role: Role, publicKey: PublicKey? = nil) throws(ServiceError) {
        try locked { () throws(ServiceError) in
            var allowed = try read()
            let keys = publicKey == nil ? try Self.generate() : nil
            guard let key = publicKey ?? keys?.publicKey else { return }
            try Self.refusing { () throws(KeyError) in
                try allowed.add(PeerIdentity(name: name, role: role.rawValue, key: key))
            }
            if let keys {
                let coordinator = allowed.entries.first { $0.role == Role.coordinator.rawValue }
                try write(KeyFile(name: name, role: role, keys: keys, coordinator: coordinator?.key))
            }
            try write(allowed)
        }
    }

    /// Shuts a holder out, now and for ever: its sessions end, and its key is deleted.
    ///
    /// - Throws: `ServiceError`: refused if nobody has the name.
    public func revoke(_ name: String) throws(ServiceError) {
        try locked { () throws(ServiceError) in
            var allowed = try read()
            guard allowed.remove(name) != nil else {
                throw ServiceError("nobody called '\(name)' is in \(list.path)", exitCode: .refused)
            }
            try write(allowed)
            unlink(file(name).path)
        }
    }

    /// Who may connect.
    ///
    /// - Throws: `ServiceError`: refused if there is no list, or others can write to it.
    public func read() throws(ServiceError) -> AllowList {
        guard exists else {
            throw ServiceError(
                "no keys in \(url.path): make them with `atelier keys init \(url.path)`", exitCode: .refused)
        }
        return try Self.refusing { () throws(KeyError) in
            do throws(KeyError) {
                return try AllowList(text: try GuardedFile.text(list.path, secret: false))
            } catch {
                throw KeyError(error.description.contains(list.path) ? error.description : "\(list.path): \(error)")
            }
        }
    }

    private func write(_ allowed: AllowList) throws(ServiceError) {
        try AtomicFile.write(Data(allowed.text.utf8), to: list, mode: 0o600)
    }

    private func write(_ key: KeyFile) throws(ServiceError) {
        try AtomicFile.write(Data(key.text.utf8), to: file(key.name), mode: 0o600)
    }

    /// Two commands that change the list at once would lose a change.
    private func locked(_ body: () throws(ServiceError) -> Void) throws(ServiceError) {
        let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ServiceError(
                "no keys in \(url.path): make them with `atelier keys init \(url.path)`", exitCode: .refused)
        }
        defer { close(descriptor) }
        flock(descriptor, LOCK_EX)
        try body()
    }

    private static func generate() throws(ServiceError) -> KeyPair {
        try refusing { () throws(KeyError) in try KeyPair.generate() }
    }

    private static func refusing<Result>(_ body: () throws(KeyError) -> Result) throws(ServiceError) -> Result {
        do throws(KeyError) { return try body() } catch {
            throw ServiceError(error.description, exitCode: .refused)
        }
    }
}
