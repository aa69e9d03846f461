// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A drawn unit.
///
/// Attachments, little-endian, in this order: 0 latents f32 [steps + 1, samples, height, width, channels], x_T first;
/// with 0 steps x_0 alone 1 log-probabilities f32 [steps, samples], mean over elements 2 pictures u8 [samples,
/// picture_height, picture_width, 3].
public struct DataTrajectory: Sendable, Hashable {
    public var unit: UInt64
    public var token: UInt64
    public var worker: String
    public var policyVersion: UInt32
    public var adapterSha256: String
    public var prompts: [String]
    public var steps: UInt32
    public var height: UInt32
    public var width: UInt32
    public var channels: UInt32
    public var pictureHeight: UInt32
    public var pictureWidth: UInt32
    public var runSeed: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(
        unit: UInt64 = 0, token: UInt64 = 0, worker: String = "", policyVersion: UInt32 = 0, adapterSha256: String = "",
        prompts: [String] = [], steps: UInt32 = 0, height: UInt32 = 0, width: UInt32 = 0, channels: UInt32 = 0,
        pictureHeight: UInt32 = 0, pictureWidth: UInt32 = 0, runSeed: UInt64 = 0
    ) {
        self.unit = unit
        self.token = token
        self.worker = worker
        self.policyVersion = policyVersion
        self.adapterSha256 = adapterSha256
        self.prompts = prompts
        self.steps = steps
        self.height = height
        self.width = width
        self.channels = channels
        self.pictureHeight = pictureHeight
        self.pictureWidth = pictureWidth
        self.runSeed = runSeed
    }
}

extension DataTrajectory: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__Trajectory()
        atelier__data__trajectory__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__Trajectory.self).pointee
        self.init()
        unit = c.unit
        token = c.token
        worker = WireValue.string(c.worker)
        policyVersion = c.policy_version
        adapterSha256 = WireValue.string(c.adapter_sha256)
        prompts = WireValue.array(c.prompts, c.n_prompts) { WireValue.string($0) }
        steps = c.steps
        height = c.height
        width = c.width
        channels = c.channels
        pictureHeight = c.picture_height
        pictureWidth = c.picture_width
        runSeed = c.run_seed
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__Trajectory.self)
        c.pointee.unit = unit
        c.pointee.token = token
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        c.pointee.policy_version = policyVersion
        if !adapterSha256.isEmpty { c.pointee.adapter_sha256 = arena.string(adapterSha256) }
        c.pointee.n_prompts = prompts.count
        c.pointee.prompts = arena.array(prompts.map { Optional(arena.string($0)) })
        c.pointee.steps = steps
        c.pointee.height = height
        c.pointee.width = width
        c.pointee.channels = channels
        c.pointee.picture_height = pictureHeight
        c.pointee.picture_width = pictureWidth
        c.pointee.run_seed = runSeed
    }
}
