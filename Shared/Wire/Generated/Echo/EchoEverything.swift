// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// One field of every kind, for tests of the generator and of the codec.
public struct EchoEverything: Sendable, Hashable {
    /// `atelier.echo.Everything.Colour`.
    public enum Colour: Sendable, Hashable {
        case unspecified
        case red
        case green
        /// A number that this version of the schema does not know.
        case unrecognized(Int32)

        /// The value with a number of the .proto file.
        public init(number: Int32) {
            switch number {
            case 0: self = .unspecified
            case 1: self = .red
            case 2: self = .green
            default: self = .unrecognized(number)
            }
        }

        /// The number in the .proto file.
        public var number: Int32 {
            switch self {
            case .unspecified: 0
            case .red: 1
            case .green: 2
            case .unrecognized(let number): number
            }
        }
    }

    /// `atelier.echo.Everything.Inner`.
    public struct Inner: Sendable, Hashable {
        public var name: String
        public var deltas: [Int64]

        /// A message; every field may be left at its default.
        public init() { self.init(name: "") }

        /// A message with the given fields.
        public init(name: String = "", deltas: [Int64] = []) {
            self.name = name
            self.deltas = deltas
        }
    }

    /// One of the fields of `choice`.
    public enum Choice: Sendable, Hashable {
        case label(String)
        case detail(EchoEverything.Inner)
        case tint(EchoEverything.Colour)
        case `default`(Bool)
        case raw([UInt8])
    }

    public var aInt32: Int32
    public var aInt64: Int64
    public var aUint32: UInt32
    public var aUint64: UInt64
    public var aSint32: Int32
    public var aSint64: Int64
    public var aFixed32: UInt32
    public var aFixed64: UInt64
    public var aSfixed32: Int32
    public var aSfixed64: Int64
    public var aFloat: Float
    public var aDouble: Double
    public var aBool: Bool
    public var aString: String
    public var aBytes: [UInt8]
    public var colour: EchoEverything.Colour
    public var inner: EchoEverything.Inner?
    public var numbers: [Int32]
    public var weights: [Float]
    public var flags: [Bool]
    public var words: [String]
    public var blobs: [[UInt8]]
    public var colours: [EchoEverything.Colour]
    public var inners: [EchoEverything.Inner]
    public var scores: [String: Double]
    public var parts: [UInt32: EchoEverything.Inner]
    public var limit: UInt32?
    public var choice: Choice?
    public var point: EchoPoint?

    /// A message; every field may be left at its default.
    public init() { self.init(aInt32: 0) }

    /// A message with the given fields.
    public init(
        aInt32: Int32 = 0, aInt64: Int64 = 0, aUint32: UInt32 = 0, aUint64: UInt64 = 0, aSint32: Int32 = 0,
        aSint64: Int64 = 0, aFixed32: UInt32 = 0, aFixed64: UInt64 = 0, aSfixed32: Int32 = 0, aSfixed64: Int64 = 0,
        aFloat: Float = 0, aDouble: Double = 0, aBool: Bool = false, aString: String = "", aBytes: [UInt8] = [],
        colour: EchoEverything.Colour = EchoEverything.Colour(number: 0), inner: EchoEverything.Inner? = nil,
        numbers: [Int32] = [], weights: [Float] = [], flags: [Bool] = [], words: [String] = [], blobs: [[UInt8]] = [],
        colours: [EchoEverything.Colour] = [], inners: [EchoEverything.Inner] = [], scores: [String: Double] = [:],
        parts: [UInt32: EchoEverything.Inner] = [:], limit: UInt32? = nil, choice: Choice? = nil,
        point: EchoPoint? = nil
    ) {
        self.aInt32 = aInt32
        self.aInt64 = aInt64
        self.aUint32 = aUint32
        self.aUint64 = aUint64
        self.aSint32 = aSint32
        self.aSint64 = aSint64
        self.aFixed32 = aFixed32
        self.aFixed64 = aFixed64
        self.aSfixed32 = aSfixed32
        self.aSfixed64 = aSfixed64
        self.aFloat = aFloat
        self.aDouble = aDouble
        self.aBool = aBool
        self.aString = aString
        self.aBytes = aBytes
        self.colour = colour
        self.inner = inner
        self.numbers = numbers
        self.weights = weights
        self.flags = flags
        self.words = words
        self.blobs = blobs
        self.colours = colours
        self.inners = inners
        self.scores = scores
        self.parts = parts
        self.limit = limit
        self.choice = choice
        self.point = point
    }
}

extension EchoEverything: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Echo__Everything()
        atelier__echo__everything__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Everything.self).pointee
        self.init()
        aInt32 = c.a_int32
        aInt64 = c.a_int64
        aUint32 = c.a_uint32
        aUint64 = c.a_uint64
        aSint32 = c.a_sint32
        aSint64 = c.a_sint64
        aFixed32 = c.a_fixed32
        aFixed64 = c.a_fixed64
        aSfixed32 = c.a_sfixed32
        aSfixed64 = c.a_sfixed64
        aFloat = c.a_float
        aDouble = c.a_double
        aBool = c.a_bool != 0
        aString = WireValue.string(c.a_string)
        aBytes = WireValue.bytes(c.a_bytes.data, c.a_bytes.len)
        colour = EchoEverything.Colour(number: Int32(truncatingIfNeeded: c.colour.rawValue))
        inner = WireValue.message(c.inner)
        numbers = WireValue.array(c.numbers, c.n_numbers) { $0 }
        weights = WireValue.array(c.weights, c.n_weights) { $0 }
        flags = WireValue.array(c.flags, c.n_flags) { $0 != 0 }
        words = WireValue.array(c.words, c.n_words) { WireValue.string($0) }
        blobs = WireValue.array(c.blobs, c.n_blobs) { WireValue.bytes($0.data, $0.len) }
        colours = WireValue.array(c.colours, c.n_colours) {
            EchoEverything.Colour(number: Int32(truncatingIfNeeded: $0.rawValue))
        }
        inners = WireValue.messages(c.inners, c.n_inners)
        scores = WireValue.dictionary(c.scores, c.n_scores) { (WireValue.string($0.key), $0.value) }
        parts = WireValue.dictionary(c.parts, c.n_parts) {
            ($0.key, WireValue.message($0.value) ?? EchoEverything.Inner())
        }
        if c.opt_limit_case.rawValue == 27 { limit = c.limit }
        switch c.choice_case.rawValue {
        case 28: choice = .label(WireValue.string(c.label))
        case 29: choice = (WireValue.message(c.detail)).map { .detail($0) }
        case 30: choice = .tint(EchoEverything.Colour(number: Int32(truncatingIfNeeded: c.tint.rawValue)))
        case 31: choice = .`default`(c.default_ != 0)
        case 32: choice = .raw(WireValue.bytes(c.raw.data, c.raw.len))
        default: break
        }
        point = WireValue.message(c.point)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Everything.self)
        c.pointee.a_int32 = aInt32
        c.pointee.a_int64 = aInt64
        c.pointee.a_uint32 = aUint32
        c.pointee.a_uint64 = aUint64
        c.pointee.a_sint32 = aSint32
        c.pointee.a_sint64 = aSint64
        c.pointee.a_fixed32 = aFixed32
        c.pointee.a_fixed64 = aFixed64
        c.pointee.a_sfixed32 = aSfixed32
        c.pointee.a_sfixed64 = aSfixed64
        c.pointee.a_float = aFloat
        c.pointee.a_double = aDouble
        c.pointee.a_bool = aBool ? 1 : 0
        if !aString.isEmpty { c.pointee.a_string = arena.string(aString) }
        c.pointee.a_bytes = ProtobufCBinaryData(len: aBytes.count, data: arena.bytes(aBytes))
        c.pointee.colour = .init(rawValue: .init(truncatingIfNeeded: colour.number))
        if let inner {
            c.pointee.inner = arena.message(inner).assumingMemoryBound(to: Atelier__Echo__Everything__Inner.self)
        }
        c.pointee.n_numbers = numbers.count
        c.pointee.numbers = arena.array(numbers)
        c.pointee.n_weights = weights.count
        c.pointee.weights = arena.array(weights)
        c.pointee.n_flags = flags.count
        c.pointee.flags = arena.array(flags.map { $0 ? 1 : 0 })
        c.pointee.n_words = words.count
        c.pointee.words = arena.array(words.map { Optional(arena.string($0)) })
        c.pointee.n_blobs = blobs.count
        c.pointee.blobs = arena.array(blobs.map { ProtobufCBinaryData(len: $0.count, data: arena.bytes($0)) })
        c.pointee.n_colours = colours.count
        c.pointee.colours = arena.array(
            colours.map { Atelier__Echo__Everything__Colour(rawValue: .init(truncatingIfNeeded: $0.number)) })
        c.pointee.n_inners = inners.count
        c.pointee.inners = arena.array(
            inners.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Echo__Everything__Inner.self)) })
        let scoresDescriptor: WireDescriptor = {
            var entry = Atelier__Echo__Everything__ScoresEntry()
            atelier__echo__everything__scores_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_scores = scores.count
        c.pointee.scores = arena.array(
            scores.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(scoresDescriptor).assumingMemoryBound(
                    to: Atelier__Echo__Everything__ScoresEntry.self)
                entry.pointee.key = arena.string(pair.key)
                entry.pointee.value = pair.value
                return Optional(entry)
            })
        let partsDescriptor: WireDescriptor = {
            var entry = Atelier__Echo__Everything__PartsEntry()
            atelier__echo__everything__parts_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_parts = parts.count
        c.pointee.parts = arena.array(
            parts.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(partsDescriptor).assumingMemoryBound(
                    to: Atelier__Echo__Everything__PartsEntry.self)
                entry.pointee.key = pair.key
                entry.pointee.value = arena.message(pair.value).assumingMemoryBound(
                    to: Atelier__Echo__Everything__Inner.self)
                return Optional(entry)
            })
        if let limit {
            c.pointee.opt_limit_case = .init(rawValue: 27)
            c.pointee.limit = limit
        }
        switch choice {
        case .label(let value):
            c.pointee.choice_case = .init(rawValue: 28)
            c.pointee.label = arena.string(value)
        case .detail(let value):
            c.pointee.choice_case = .init(rawValue: 29)
            c.pointee.detail = arena.message(value).assumingMemoryBound(to: Atelier__Echo__Everything__Inner.self)
        case .tint(let value):
            c.pointee.choice_case = .init(rawValue: 30)
            c.pointee.tint = .init(rawValue: .init(truncatingIfNeeded: value.number))
        case .`default`(let value):
            c.pointee.choice_case = .init(rawValue: 31)
            c.pointee.default_ = value ? 1 : 0
        case .raw(let value):
            c.pointee.choice_case = .init(rawValue: 32)
            c.pointee.raw = ProtobufCBinaryData(len: value.count, data: arena.bytes(value))
        case nil: break
        }
        if let point { c.pointee.point = arena.message(point).assumingMemoryBound(to: Atelier__Echo__Point.self) }
    }
}

extension EchoEverything.Inner: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Echo__Everything__Inner()
        atelier__echo__everything__inner__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Everything__Inner.self).pointee
        self.init()
        name = WireValue.string(c.name)
        deltas = WireValue.array(c.deltas, c.n_deltas) { $0 }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Echo__Everything__Inner.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
        c.pointee.n_deltas = deltas.count
        c.pointee.deltas = arena.array(deltas)
    }
}
