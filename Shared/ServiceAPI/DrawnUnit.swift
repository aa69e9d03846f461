public import Imaging
public import Ledger
public import RPC
public import TensorCore
public import Wire

/// A unit as a sampler drew it: the trajectory that the learner trains on, and the pictures that the rewards see.
public struct DrawnUnit: Sendable {
    public var unit: UnitID
    public var token: FencingToken
    public var worker: String
    public var policyVersion: Int
    /// SHA-256 of the adapter that drew it.
    public var adapter: String
    public var runSeed: UInt64
    public var prompts: [String]
    /// f32 [steps + 1, samples, height, width, channels], x_T first; x_0 alone where the trajectory is not wanted.
    public var latents: Tensor
    /// f32 [steps, samples], mean over elements.
    public var logProbabilities: Tensor
    public var pictures: [Picture]

    public init(
        unit: UnitID, token: FencingToken, worker: String, policyVersion: Int, adapter: String, runSeed: UInt64,
        prompts: [String], latents: Tensor, logProbabilities: Tensor, pictures: [Picture]
    ) {
        self.unit = unit
        self.token = token
        self.worker = worker
        self.policyVersion = policyVersion
        self.adapter = adapter
        self.runSeed = runSeed
        self.prompts = prompts
        self.latents = latents
        self.logProbabilities = logProbabilities
        self.pictures = pictures
    }

    /// - Throws: `PeerError` that names what does not fit, or says that a number is not finite.
    public init(_ wire: DataTrajectory, _ attachments: [Attachment]) throws(PeerError) {
        guard attachments.count == 3 else {
            throw PeerError("\(attachments.count) attachments where latents, log-probabilities and pictures are due")
        }
        let samples = wire.prompts.count
        guard samples > 0, wire.steps <= 10_000 else {
            throw PeerError("a trajectory without prompts, or with \(wire.steps) steps")
        }
        let steps = Int(wire.steps)
        unit = UnitID(wire.unit)
        token = FencingToken(wire.token)
        worker = wire.worker
        policyVersion = Int(wire.policyVersion)
        adapter = wire.adapterSha256
        runSeed = wire.runSeed
        prompts = wire.prompts
        latents = try Self.tensor(
            attachments[0], "latents", [steps + 1, samples, Int(wire.height), Int(wire.width), Int(wire.channels)])
        logProbabilities =
            steps == 0
            ? Tensor(zeros: [0, samples]) : try Self.tensor(attachments[1], "log-probabilities", [steps, samples])
        pictures = try Pixels.pictures(
            attachments[2], count: samples, width: Int(wire.pictureWidth), height: Int(wire.pictureHeight))
    }

    public var wire: DataTrajectory {
        DataTrajectory(
            unit: unit.rawValue, token: token.rawValue, worker: worker, policyVersion: UInt32(policyVersion),
            adapterSha256: adapter, prompts: prompts, steps: UInt32(latents.shape[0] - 1),
            height: UInt32(latents.shape[2]), width: UInt32(latents.shape[3]), channels: UInt32(latents.shape[4]),
            pictureHeight: UInt32(pictures[0].height), pictureWidth: UInt32(pictures[0].width), runSeed: runSeed)
    }

    /// What the rewards are asked about.
    public var pictureBatch: PictureBatch {
        PictureBatch(pictures: pictures, prompts: prompts, unit: unit.rawValue)
    }

    public var attachments: [Attachment] {
        [
            Attachment(name: "latents", copying: latents.scalars),
            Attachment(name: "log-probabilities", copying: logProbabilities.scalars),
            Pixels.attachment(pictures),
        ]
    }

    private static func tensor(_ attachment: Attachment, _ name: String, _ shape: [Int]) throws(PeerError) -> Tensor {
        var count = MemoryLayout<Float>.stride
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow else { throw PeerError("\(name) of shape \(shape)") }
            count = product
        }
        guard attachment.bytes.count == count else {
            throw PeerError("\(attachment.bytes.count) bytes of \(name) do not fill shape \(shape)")
        }
        let scalars = attachment.bytes.elements(as: Float.self)
        guard scalars.allSatisfy(\.isFinite) else { throw PeerError("\(name) are not all finite") }
        return Tensor(scalars, shape: shape)
    }
}
