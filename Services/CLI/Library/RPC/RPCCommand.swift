import ArgumentParser
import RPC
import ServiceRuntime

struct RPCCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc", abstract: "Asks any service of the stack anything: what it can do, and to do it.",
        subcommands: [List.self, Describe.self, Call.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the services at an address, or the methods of one.")

        @OptionGroup var connection: ReflectedConnection
        @Argument(help: "A service's full name; without one, all services.")
        var service: String?

        func run() async throws {
            try await connection.open { peer in
                guard let service else { return Output.lines(peer.services) }
                Output.lines(try peer.service(service).methods.map { "\(service)/\($0.name)" })
            }
        }
    }

    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe", abstract: "Shows a service, method, message or enum as a .proto file would.")

        @OptionGroup var connection: ReflectedConnection
        @Argument(help: "A full name; without one, all services are shown.")
        var symbol: String?

        func run() async throws {
            try await connection.open { peer in
                Output.lines([try symbol.map { try peer.describe($0) } ?? peer.describeAll()])
            }
        }
    }

    struct Call: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "call", abstract: "Calls a method with JSON and prints the replies as JSON, one a line.",
            discussion: """
                For a method that takes a stream, give one JSON object for each message. `-` reads them from standard \
                input, one a line, and sends each as soon as it has read it.
                """)

        @OptionGroup var connection: ReflectedConnection
        @Argument(help: "package.Service/Method.")
        var method: String
        @Argument(help: "The request; without one, the message with every field at its default.")
        var requests: [String] = []
        @Option(help: "Seconds until the call fails.")
        var timeout = 10.0
        @Option(help: "KEY=VALUE of metadata; may be repeated.")
        var metadata: [String] = []
        @Option(help: "NAME=FILE to send as an attachment of the first message; may be repeated.")
        var attach: [String] = []
        @Option(help: "A folder to write the attachments of the replies to, as MESSAGE-NAME.")
        var save: String?
        @Flag(help: "Print one member a line.")
        var pretty = false
        @Flag(help: "Print the metadata of the reply on standard error.")
        var verbose = false

        func run() async throws {
            guard timeout > 0, timeout < 1e9 else {
                throw ServiceError("--timeout \(timeout): expected seconds greater than 0", exitCode: .usage)
            }
            var options = CallOptions(timeout: .seconds(timeout))
            for pair in metadata {
                let (key, value) = try Self.split(pair, "--metadata KEY=VALUE")
                options.metadata.append(key, value)
            }
            let call = ReflectedCall(
                method: method, requests: requests == ["-"] ? nil : requests, options: options,
                attachments: try attach.map { try ReflectedCall.attachment(Self.split($0, "--attach NAME=FILE")) },
                folder: save, isPretty: pretty, isVerbose: verbose)
            try await connection.open { try await call.run($0) }
        }

        private static func split(_ pair: String, _ form: String) throws -> (String, String) {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ServiceError("'\(pair)' is not \(form)", exitCode: .usage)
            }
            return (String(pair[..<equals]), String(pair[pair.index(after: equals)...]))
        }
    }
}

extension Output {
    fileprivate static func lines(_ lines: [String]) {
        for text in lines { line(text) }
    }
}
