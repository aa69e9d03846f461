/// Where a call stands in a trace: W3C Trace Context, `traceparent`.
public struct TraceContext: Hashable, Sendable {
    /// The metadata key.
    public static let key = "traceparent"
    /// The context of the task, for the calls that it makes.
    @TaskLocal public static var current: TraceContext?

    /// The whole trace, 16 bytes that are not all 0.
    public let trace: [UInt8]
    /// This span, 8 bytes that are not all 0.
    public let span: [UInt8]
    /// Whether somebody keeps the trace.
    public let isSampled: Bool

    /// The first span of a new trace.
    public init(isSampled: Bool = true) {
        trace = Self.random(16)
        span = Self.random(8)
        self.isSampled = isSampled
    }

    private init(trace: [UInt8], span: [UInt8], isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// A span of the same trace below this one.
    public func child() -> TraceContext {
        TraceContext(trace: trace, span: Self.random(8), isSampled: isSampled)
    }

    /// Reads `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`; nil for what is not of that form.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, let version = Self.bytes(parts[0], 1), version != [0xff],
            version != [0] || parts.count == 4, let trace = Self.bytes(parts[1], 16),
            trace.contains(where: { $0 != 0 }),
            let span = Self.bytes(parts[2], 8), span.contains(where: { $0 != 0 }), let flags = Self.bytes(parts[3], 1)
        else { return nil }
        self.init(trace: trace, span: span, isSampled: flags[0] & 1 == 1)
    }

    /// The value of the metadata.
    public var traceparent: String { "00-\(Self.text(trace))-\(Self.text(span))-\(isSampled ? "01" : "00")" }

    /// The whole trace as 32 digits, for logs.
    public var traceText: String { Self.text(trace) }

    private static func random(_ count: Int) -> [UInt8] {
        // A number at a time, because each is a system call; never 0, which would be no identifier.
        (0..<count / 8).flatMap { _ in withUnsafeBytes(of: UInt64.random(in: 1 ... .max)) { Array($0) } }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Lower-case digits only, as the recommendation says.
    private static func bytes(_ text: Substring, _ count: Int) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard digits.count == count * 2 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
