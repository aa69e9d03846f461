import Foundation

/// Writes a descriptor set as Swift, for reflection.
struct DescriptorWriter {
    let access: String

    func write(_ descriptorSet: Data) -> String {
        var source = SourceText()
        source.line("// Written by WireGenerator. Do not edit: run protos/generate.sh.")
        source.line()
        source.documentation("", otherwise: "What the .proto files declare, as `protoc` describes it.")
        source.block("\(access) enum WireSchema") { source in
            source.documentation("", otherwise: "A google.protobuf.FileDescriptorSet in base 64, without comments.")
            source.line("\(access) static let descriptorSet = \"\"\"")
            let text = Array(descriptorSet.base64EncodedString().utf8)
            for start in stride(from: 0, to: text.count, by: 110) {
                let line = String(decoding: text[start..<min(start + 110, text.count)], as: UTF8.self)
                source.line("    \(line)\(start + 110 < text.count ? "\\" : "")")
            }
            source.line("    \"\"\"")
        }
        return source.text
    }
}
