/// Writes what a service needs: the protocol to implement, the client to call, and the table of methods.
struct ServiceWriter {
    let schema: Schema
    let access: String

    func write(_ service: Schema.Service, to source: inout SourceText) throws {
        let stem = service.name.hasSuffix("Service") ? String(service.name.dropLast("Service".count)) : service.name
        try writeProtocol(service, stem, to: &source)
        source.line()
        try writeMethods(service, stem, to: &source)
        source.line()
        writeDefinition(service, stem, to: &source)
        source.line()
        try writeClient(service, stem, to: &source)
    }

    private func name(_ method: Schema.Method) -> String { Naming.escaped(Naming.lowerFirst(method.name)) }

    private func types(_ method: Schema.Method) throws -> (input: String, output: String) {
        (try schema.swiftName(ofMessage: method.input), try schema.swiftName(ofMessage: method.output))
    }

    private func writeProtocol(_ service: Schema.Service, _ stem: String, to source: inout SourceText) throws {
        source.documentation(service.comment, otherwise: "`\(service.fullName)`.")
        try source.block("\(access) protocol \(stem)Service: Sendable") { source in
            for method in service.methods {
                let (input, output) = try types(method)
                source.documentation(method.comment)
                let request = method.clientStreams ? "_ requests: MessageStream<\(input)>" : "_ request: \(input)"
                if method.serverStreams {
                    source.line(
                        "func \(name(method))(\(request), _ replies: MessageWriter<\(output)>, _ context: ServerContext) async throws"
                    )
                } else {
                    source.line(
                        "func \(name(method))(\(request), _ context: ServerContext) async throws -> Reply<\(output)>")
                }
            }
        }
    }

    private func kind(_ method: Schema.Method) -> String {
        switch (method.clientStreams, method.serverStreams) {
        case (false, false): "unary"
        case (false, true): "serverStreaming"
        case (true, false): "clientStreaming"
        case (true, true): "bidirectional"
        }
    }

    private func writeMethods(_ service: Schema.Service, _ stem: String, to source: inout SourceText) throws {
        source.documentation("", otherwise: "The methods of `\(service.fullName)`.")
        try source.block("\(access) enum \(stem)Methods") { source in
            for method in service.methods {
                let (input, output) = try types(method)
                let idempotency = [0: "unknown", 1: "noSideEffects", 2: "idempotent"][method.idempotency] ?? "unknown"
                source.documentation(method.comment)
                source.line(
                    "\(access) static let \(name(method)) = Method<\(input), \(output)>(service: \"\(service.fullName)\", name: \"\(method.name)\", kind: .\(kind(method)), idempotency: .\(idempotency))"
                )
            }
            source.documentation("", otherwise: "All of them, in the order of the .proto file.")
            let all = service.methods.map { "\(name($0)).descriptor" }.joined(separator: ", ")
            source.line("\(access) static let all: [MethodDescriptor] = [\(all)]")
        }
    }

    private func writeDefinition(_ service: Schema.Service, _ stem: String, to source: inout SourceText) {
        source.block("extension ServiceDefinition") { source in
            source.documentation("", otherwise: "`\(service.fullName)`, served by an implementation.")
            let function = Naming.escaped(Naming.lowerFirst(stem))
            source.block("\(access) static func \(function)(_ service: some \(stem)Service) -> ServiceDefinition") {
                $0.line("ServiceDefinition(name: \"\(service.fullName)\", handlers: [")
                for method in service.methods {
                    let call =
                        method.serverStreams
                        ? "try await service.\(name(method))($0, $1, $2)" : "try await service.\(name(method))($0, $1)"
                    $0.line("    MethodHandler(\(kind(method)): \(stem)Methods.\(name(method))) { \(call) },")
                }
                $0.line("])")
            }
        }
    }

    private func writeClient(_ service: Schema.Service, _ stem: String, to source: inout SourceText) throws {
        source.documentation("", otherwise: "Calls `\(service.fullName)` over a session or a channel.")
        try source.block("\(access) struct \(stem)Client: Sendable") { source in
            source.documentation("", otherwise: "Where the calls go.")
            source.line("\(access) let caller: any Caller")
            source.line()
            source.documentation("", otherwise: "A client of the peer at the other end.")
            source.block("\(access) init(_ caller: any Caller)") { $0.line("self.caller = caller") }
            for method in service.methods {
                source.line()
                source.documentation(method.comment)
                try writeCall(method, "\(stem)Methods.\(name(method))", to: &source)
            }
        }
    }

    private func writeCall(_ method: Schema.Method, _ descriptor: String, to source: inout SourceText) throws {
        let (input, output) = try types(method)
        let head = "\(access) func \(name(method))"
        let options = "options: CallOptions = CallOptions()"
        let request = "_ request: \(input), attachments: [Attachment] = [], \(options)"
        switch (method.clientStreams, method.serverStreams) {
        case (false, false):
            source.block("\(head)(\(request)) async throws(RPCStatus) -> Reply<\(output)>") {
                $0.line("try await caller.unary(\(descriptor), request, attachments: attachments, options: options)")
            }
        case (false, true):
            source.block("\(head)(\(request)) async throws(RPCStatus) -> MessageStream<\(output)>") {
                $0.line(
                    "try await caller.serverStreaming(\(descriptor), request, attachments: attachments, options: options)"
                )
            }
        case (true, false):
            source.block(
                "\(head)(\(options), _ send: (MessageWriter<\(input)>) async throws -> Void) async throws -> Reply<\(output)>"
            ) {
                $0.line("try await caller.clientStreaming(\(descriptor), options: options, send)")
            }
        case (true, true):
            source.block(
                "\(head)<Result>(\(options), _ body: (MessageWriter<\(input)>, MessageStream<\(output)>) async throws -> Result) async throws -> Result"
            ) {
                $0.line("try await caller.bidirectional(\(descriptor), options: options, body)")
            }
        }
    }
}
