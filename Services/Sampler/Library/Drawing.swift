public import Foundation
public import ServiceAPI

/// What draws the units that a sampler leases.
///
/// Two implementations: ``DrawingHost``, and the one of `atelier bench fleet`, which takes a time and draws nothing.
public protocol Drawing: Sendable {
    /// Binds an adapter.
    ///
    /// - Returns: the hash of the bytes that were bound, and how many modules they bind.
    /// - Throws: if the bytes are no adapter of the model.
    func bind(_ bytes: Data, name: String) async throws -> (sha256: String, modules: Int)

    /// Draws a unit with the adapter that is bound.
    func draw(_ order: DrawingOrder, worker: String) async throws -> DrawnUnit
}
