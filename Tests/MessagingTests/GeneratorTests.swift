import Foundation
import Testing

@testable import WireGenerator

/// What the generator does not write code for: a peer could do harm with it, or protoc-c does not know it.
///
/// The descriptor sets are protoc's own (`Fixtures/make_schemas.py`).
@Suite("What may stand in a .proto file")
struct GeneratorTests {
    private let schemas: [String: [UInt8]]

    init() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/schemas.txt")
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
        schemas = try Dictionary(
            uniqueKeysWithValues: lines.map { (String($0[0]), try GoldenMessages.bytes(String($0[1]))) })
    }

    private func generate(_ name: String) throws -> [String: String] {
        let schema = try SchemaReader.read(try #require(schemas[name]))
        let outputs = try Generator(schema: schema, access: "public").generate(files: ["a.proto"])
        return Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0.text) })
    }

    @Test func whatIsAllowedIsWritten() throws {
        let outputs = try generate("fine")
        #expect(
            outputs.keys.sorted() == [
                "A/ForestService.swift", "A/Kind.swift", "A/Leaf.swift", "A/Tree.swift", "Schema/WireCatalogue.swift",
            ])
        #expect(outputs["A/Tree.swift"]?.contains("public struct Tree: Sendable, Hashable") == true)
        #expect(outputs["A/Tree.swift"]?.contains("public var named: [String: Leaf]") == true)
        #expect(outputs["Schema/WireCatalogue.swift"]?.contains("Tree.self,") == true)
    }

    static let refusals = [
        ("itself", "message a.Node contains itself (a.Node > a.Node)"),
        ("each-other", "message a.Egg contains itself (a.Egg > a.Hen > a.Egg)"),
        ("by-a-map", "message a.Node contains itself (a.Node > a.Node.ChildrenEntry > a.Node)"),
        ("by-a-oneof", "message a.Node contains itself (a.Node > a.Node)"),
        ("by-its-inner", "message a.Outer contains itself (a.Outer > a.Outer.Inner > a.Outer)"),
        ("by-an-import", "message google.protobuf.Struct contains itself (a.Holder > google.protobuf.Struct > "),
        ("required", "a.proto: only proto3 is supported"),
        ("group", "a.proto: only proto3 is supported"),
        ("no-syntax", "a.proto: only proto3 is supported"),
        ("optional", "a.New.name: write `oneof opt_name { … }`; protoc-c has no `optional`"),
        ("extension", "a.Holder: extensions are not supported"),
        ("same-name", "two declarations want the Swift name KindService: set `option swift_prefix`"),
    ]

    @Test(arguments: refusals)
    func whatIsNotAllowedIsRefusedByItsName(name: String, reason: String) throws {
        let error = try #require(throws: GeneratorError.self) { try generate(name) }
        #expect(error.description.hasPrefix(reason), "\(error)")
    }

    @Test func everySchemaIsLookedAt() {
        #expect(Set(schemas.keys) == Set(Self.refusals.map(\.0) + ["fine"]))
    }

    @Test func bytesThatAreNoSchemaAreRefused() {
        let error = #expect(throws: GeneratorError.self) { try SchemaReader.read([0xff]) }
        #expect(error?.description == "not a FileDescriptorSet")
    }
}
