import Messaging

/// What the two ends of a session may ask of each other.
///
/// Without a table everything is allowed: on transports without keys nobody has proved to be anybody.
struct SessionAccess: Sendable {
    let permissions: Permissions?
    /// Who the other end has proved to be.
    let peer: PeerIdentity?

    /// Why the other end may not call a method here, or nil if it may.
    func refusal(ofCall method: String) -> RPCStatus? {
        guard let permissions, let peer else { return nil }
        guard !permissions.mayCall(method, as: peer.role) else { return nil }
        let who = peer.role.isEmpty ? "this peer" : "\(peer.name), whose role is \(peer.role),"
        return RPCStatus(.permissionDenied, "\(method): \(who) may not call it", notProcessed: true)
    }

    /// Why this end may not ask the other for a method, or nil if it may.
    ///
    /// A dialer without a list does not know the role: it trusts whoever told it the listener's key.
    func refusal(ofAsking method: String) -> RPCStatus? {
        guard let permissions, let peer, !peer.role.isEmpty else { return nil }
        let service = String(method.prefix { $0 != "/" })
        guard !permissions.mayServe(service, as: peer.role) else { return nil }
        return RPCStatus(
            .permissionDenied, "\(method): \(peer.name), whose role is \(peer.role), may not serve it",
            notProcessed: true)
    }
}

extension Permissions {
    /// Refuses services that an end of a role may not serve.
    ///
    /// - Throws: ``RPCStatus`` permissionDenied that names the service.
    func requireServing(_ services: [ServiceDefinition], as role: String) throws(RPCStatus) {
        for service in services where !mayServe(service.name, as: role) {
            throw RPCStatus(.permissionDenied, "\(service.name): the role \(role) may not serve it")
        }
    }
}
