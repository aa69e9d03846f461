import Foundation
import Ledger

extension RunEvent {
    /// The event as one line of JSON, as it is decoded.
    ///
    /// Three events make up nearly all of a history; they are put together by hand, in a twentieth of the encoder's time.
    ///
    /// - Throws: what the encoder throws.
    func json(_ encoder: JSONEncoder) throws -> String {
        switch self {
        case .leased(let unit, let worker, let version) where Self.isPlain(worker):
            #"{"leased":{"unit":\#(unit.rawValue),"worker":"\#(worker)","policyVersion":\#(version)}}"#
        case .settled(let unit, let result) where Self.isPlain(result.worker) && Self.isPlain(result.adapter):
            #"{"settled":{"unit":\#(unit.rawValue),"_1":{"token":\#(result.token.rawValue),"worker":"\#(result.worker)","#
                + #""policyVersion":\#(result.policyVersion),"adapter":"\#(result.adapter)"}}}"#
        case .scored(let unit):
            #"{"scored":{"unit":\#(unit.rawValue)}}"#
        default:
            String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Whether a text stands in JSON as it is.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}
