import Foundation
public import Logging
public import Messaging
public import RPC

/// The keys of a process, from the place that was named or the one that fits its addresses, and the endpoint with them.
///
/// Named: `--keys` with a folder of keys, or with one key's file. Otherwise those of a local run, which lie in `keys` beside its
/// sockets. Otherwise, for tcp, those of the user, which are made at their first use: no tcp socket is without keys. An
/// ipc socket is without keys if none are named; its folder lets nobody else in.
public enum ProcessKeys {
    /// Makes an endpoint that proves who it is, and asks everybody else to.
    ///
    /// - Parameters:
    ///   - name: what the process is called in the fleet.
    ///   - role: what it is; nil for a command, which is whatever its key says.
    ///   - keys: the folder or file that was named, if any.
    ///   - binds: addresses that it will bind.
    ///   - dials: addresses that it will dial.
    ///   - isPlain: whether to use no keys at all, whatever is found.
    ///   - log: is told of refused connections and of changes of the list.
    /// - Returns: the endpoint; without keys if there are none to be used.
    /// - Throws: `ServiceError`: refused if the keys are missing, wrong or readable by others.
    public static func endpoint(
        name: String, role: Role?, keys: String?, binds: [String] = [], dials: [String] = [], isPlain: Bool = false,
        log: Logger
    ) throws(ServiceError) -> Endpoint {
        let held = isPlain ? nil : try find(name: name, role: role, keys: keys, binds: binds, dials: dials, log)
        var configuration = EndpointConfiguration()
        configuration.permissions = RunPermissions.table
        configuration.metrics = CallMetrics()
        configuration.install(Tracing())
        configuration.onTurnedAway = {
            log.warning("\($0) connections were turned away: few descriptors are left (raise `ulimit -n`)")
        }
        configuration.onLongTurn = { duration, isOver in
            log.warning(
                "the thread of the sockets \(isOver ? "was" : "has been") busy for \(duration)\(isOver ? "" : ", and still is")"
            )
        }
        do throws(RPCStatus) {
            return try Endpoint(
                name: name, role: (held?.role ?? role ?? .operator).rawValue,
                transport: ZeroMQTransport(security: held?.security), configuration: configuration)
        } catch {
            throw ServiceError("cannot start \(name): \(error.message)")
        }
    }

    /// The transport of an endpoint that has another table of permissions than a run's, or none.
    ///
    /// - Parameters:
    ///   - name: what the process is called.
    ///   - role: what it is.
    ///   - keys: the folder or file that was named.
    ///   - log: is told of changes of the list.
    /// - Returns: a transport whose every connection proves its keys.
    /// - Throws: `ServiceError`: refused if the keys are missing, wrong or readable by others.
    public static func transport(
        name: String, role: Role, keys: String, log: Logger
    ) throws(ServiceError) -> ZeroMQTransport {
        ZeroMQTransport(security: try held(at: URL(fileURLWithPath: keys), name, role, log).security)
    }

    private struct Held {
        let role: Role
        let security: TransportSecurity
    }

    private static func find(
        name: String, role: Role?, keys: String?, binds: [String], dials: [String], _ log: Logger
    ) throws(ServiceError) -> Held? {
        if let keys { return try held(at: URL(fileURLWithPath: keys), name, role, log) }
        if let beside = dials.lazy.compactMap(besideSocket).first { return try held(at: beside, name, role, log) }
        // Others could reach it: the transport refuses to bind it without keys that somebody has named.
        guard !binds.contains(where: ZeroMQTransport.isPublic) else { return nil }
        guard (binds + dials).contains(where: { $0.hasPrefix("tcp://") }) else { return nil }
        let folder = KeyFolder.ofUser
        if !folder.exists {
            try folder.make()
            log.info("made keys for this user in \(folder.url.path)")
        }
        return try held(at: folder.url, name, role, log)
    }

    /// The keys of a local run, of which only the path of a socket is known.
    private static func besideSocket(_ address: String) -> URL? {
        guard address.hasPrefix("ipc:///") else { return nil }
        let socket = URL(fileURLWithPath: String(address.dropFirst("ipc://".count).prefix { $0 != "#" }))
        let folder = KeyFolder(socket.deletingLastPathComponent().appending(path: "keys"))
        return folder.exists ? folder.url : nil
    }

    private static func held(
        at place: URL, _ name: String, _ role: Role?, _ log: Logger
    ) throws(ServiceError) -> Held {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
            let advice = place.pathExtension == "key" ? "`atelier keys add`" : "`atelier keys init \(place.path)`"
            throw ServiceError("no keys at \(place.path): make them with \(advice)", exitCode: .refused)
        }
        let folder = KeyFolder(isFolder.boolValue ? place : place.deletingLastPathComponent())
        let key = try KeyFile(at: isFolder.boolValue ? file(in: folder, name, role ?? .operator).path : place.path)
        if let role, key.role != role {
            throw ServiceError(
                "\(place.path) is the key of a \(key.role.rawValue), and this is a \(role.rawValue)", exitCode: .refused
            )
        }
        var authenticator: Authenticator?
        if folder.exists {
            do throws(KeyError) {
                authenticator = try Authenticator(file: folder.list.path) { log.warning("\($0)") }
            } catch {
                throw ServiceError(error.description, exitCode: .refused)
            }
        }
        return Held(
            role: key.role,
            security: TransportSecurity(keys: key.keys, authenticator: authenticator, pinned: key.coordinator))
    }

    /// The process's own key, or its role's.
    private static func file(in folder: KeyFolder, _ name: String, _ role: Role) throws(ServiceError) -> URL {
        for candidate in [name, role.rawValue] where AllowList.isWord(candidate) {
            let file = folder.file(candidate)
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        throw ServiceError(
            "no \(role.rawValue).key in \(folder.url.path): make one with `atelier keys add \(role.rawValue) "
                + "\(role.rawValue) --keys \(folder.url.path)`", exitCode: .refused)
    }
}
