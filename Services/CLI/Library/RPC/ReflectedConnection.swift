import ArgumentParser
import Logging
import Messaging
import RPC
import RPCServices
import ServiceRuntime
import Wire

/// An address whose services are known by reflection only.
struct ReflectedConnection: ParsableArguments {
    @Argument(help: "Where it listens: ipc:///folder/socket or tcp://127.0.0.1:port.")
    var address: String
    @Option(help: "A folder of keys or one key's file; a local run's are found without it.")
    var keys: String?
    @Flag(help: "Use no keys: for a peer on this machine that has none.")
    var plain = false

    /// Connects, asks what there is, and lends the peer.
    ///
    /// - Throws: `ServiceError` in one line: usage for what does not exist there, else failed.
    func open(_ body: (ReflectedPeer) async throws -> Void) async throws {
        guard !plain || keys == nil && !ZeroMQTransport.isPublic(address) else {
            throw ServiceError("--plain is for addresses of this machine, and not with --keys", exitCode: .usage)
        }
        let endpoint = try ProcessKeys.endpoint(
            name: "atelier", role: nil, keys: keys, dials: [address], isPlain: plain, log: Logger(label: "atelier"))
        let result: Result<Void, any Error>
        do {
            let channel = endpoint.channel(address)
            result = .success(try await body(try await ReflectedPeer(channel, address: address)))
        } catch {
            result = .failure(error)
        }
        await endpoint.close()
        do { try result.get() } catch let error as SchemaError {
            throw ServiceError(error.description, exitCode: .usage)
        } catch let status as RPCStatus {
            let isRefusal = [.permissionDenied, .unauthenticated].contains(status.code)
            throw ServiceError(ServiceProcess.oneLine(status), exitCode: isRefusal ? .refused : .failed)
        }
    }
}

/// What a peer serves, as it says itself.
struct ReflectedPeer {
    let channel: Channel
    let services: [String]
    let schema: Schema

    init(_ channel: Channel, address: String) async throws {
        self.channel = channel
        let client = ReflectionClient(channel)
        do {
            services = try await client.services(ReflectionServicesRequest(), options: .command).message.services
            let reply = try await client.schema(ReflectionSchemaRequest(), options: .command).message
            schema = try Schema(descriptorSet: reply.descriptorSet)
        } catch let status as RPCStatus where status.code == .unimplemented {
            throw ServiceError("\(address) does not serve reflection: \(ServiceProcess.oneLine(status))")
        }
    }

    /// - Throws: `SchemaError` that lists the services when there is none of that name.
    func service(_ name: String) throws -> Schema.Service {
        guard services.contains(name), let service = schema.services[name] else {
            throw ServiceError(
                "there is no service '\(name)' here; there are: \(services.joined(separator: ", "))", exitCode: .usage)
        }
        return service
    }

    /// - Throws: `ServiceError` that lists the methods when there is none of that name.
    func method(_ path: String) throws -> (Schema.Service, Schema.Method) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw ServiceError("'\(path)' is not package.Service/Method", exitCode: .usage)
        }
        let service = try service(String(parts[0]))
        guard let method = service.methods.first(where: { $0.name == parts[1] }) else {
            let names = service.methods.map(\.name).joined(separator: ", ")
            throw ServiceError("\(service.name) has no method '\(parts[1])'; it has: \(names)", exitCode: .usage)
        }
        return (service, method)
    }

    /// Everything that is served, as a .proto file would say it.
    func describeAll() throws -> String {
        try services.map { try describe($0) }.joined(separator: "\n\n")
    }

    /// One symbol.
    ///
    /// - Throws: `ServiceError` when nothing has that name.
    func describe(_ symbol: String) throws -> String {
        if symbol.contains("/") {
            let (_, method) = try method(symbol)
            return ([Self.text(method)] + [method.input, method.output].compactMap { schema.description(of: $0) })
                .joined(separator: "\n\n")
        }
        if let service = schema.services[symbol] {
            let methods = service.methods.map { "  " + Self.text($0).replacing("\n", with: "\n  ") }
            return (["service \(service.name) {"] + methods + ["}"]).joined(separator: "\n")
        }
        guard let text = schema.description(of: symbol) else {
            throw ServiceError("nothing here is called '\(symbol)'", exitCode: .usage)
        }
        return text
    }

    private static func text(_ method: Schema.Method) -> String {
        let (input, output) = (
            (method.clientStreams ? "stream " : "") + method.input,
            (method.serverStreams ? "stream " : "") + method.output
        )
        let level = [1: "NO_SIDE_EFFECTS", 2: "IDEMPOTENT"][method.idempotency]
        let options = level.map { " { option idempotency_level = \($0); }" } ?? ";"
        return "rpc \(method.name)(\(input)) returns (\(output))\(options)"
    }
}
