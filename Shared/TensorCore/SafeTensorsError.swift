/// Why a safetensors file cannot be read or written: names the file and, where there is one, the key.
public struct SafeTensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// The file cannot be opened, mapped, written or renamed; the message ends with the system's reason.
        case system
        /// The bytes are not a whole, consistent safetensors file, or the index of one is not.
        case malformed
        /// There is no tensor of that name.
        case missingTensor
        /// The tensor's type cannot be given as what was asked for.
        case unsupportedType
    }

    /// The kind of failure.
    public let code: Code
    /// The file.
    public let path: String
    /// The tensor, if the failure is about one.
    public let key: String?
    /// What is wrong, without path and key.
    public let reason: String

    public init(_ code: Code, path: String, key: String? = nil, _ reason: String) {
        self.code = code
        self.path = path
        self.key = key
        self.reason = reason
    }

    /// Why pickle files are refused, and what to do instead.
    public static let whyNotPickle =
        "Loading a pickle runs whatever code is in it, so none is loaded: convert it to safetensors first "
        + "(safetensors.torch.save_file)"

    public var description: String {
        if let key { "\(path): tensor '\(key)': \(reason)" } else { "\(path): \(reason)" }
    }
}
