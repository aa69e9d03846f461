// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A number together with the parts it was made of.
public struct ScoreNumber: Sendable, Hashable {
    public var value: Double
    /// By name; `success` is 1 where the picture is right and 0 where it is not, for rewards that can say so.
    public var detail: [String: Double]

    /// A message; every field may be left at its default.
    public init() { self.init(value: 0) }

    /// A message with the given fields.
    public init(value: Double = 0, detail: [String: Double] = [:]) {
        self.value = value
        self.detail = detail
    }
}

extension ScoreNumber: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__Number()
        atelier__score__number__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__Number.self).pointee
        self.init()
        value = c.value
        detail = WireValue.dictionary(c.detail, c.n_detail) { (WireValue.string($0.key), $0.value) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__Number.self)
        c.pointee.value = value
        let detailDescriptor: WireDescriptor = {
            var entry = Atelier__Score__Number__DetailEntry()
            atelier__score__number__detail_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_detail = detail.count
        c.pointee.detail = arena.array(
            detail.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(detailDescriptor).assumingMemoryBound(
                    to: Atelier__Score__Number__DetailEntry.self)
                entry.pointee.key = arena.string(pair.key)
                entry.pointee.value = pair.value
                return Optional(entry)
            })
    }
}
