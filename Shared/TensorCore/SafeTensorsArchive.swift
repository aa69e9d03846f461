import Foundation

/// The tensors of a model: one safetensors file, or the shards that an index names.
public struct SafeTensorsArchive: Sendable {
    /// The file or index that the archive was opened by.
    public let path: String
    private let files: [SafeTensorsFile]
    private let fileOfKey: [String: Int]

    /// Opens a `.safetensors` file or the shards of a `.safetensors.index.json`.
    public init(path: String) throws(SafeTensorsError) {
        self.path = path
        guard path.hasSuffix(".json") else {
            files = [try SafeTensorsFile(path: path)]
            fileOfKey = Dictionary(uniqueKeysWithValues: files[0].keys.map { ($0, 0) })
            return
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let weightMap = try Self.weightMap(path)
        for (key, name) in weightMap.sorted(by: { $0.key < $1.key })
        where !FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) {
            throw SafeTensorsError(.system, path: path, key: key, "its shard \(name) is missing")
        }
        var (files, numbers, fileOfKey) = ([SafeTensorsFile](), [String: Int](), [String: Int]())
        for name in Set(weightMap.values).sorted() {
            guard !name.contains("/"), name.hasSuffix(".safetensors") else {
                throw SafeTensorsError(
                    .malformed, path: path, "weight_map names '\(name)', which is no shard beside it")
            }
            numbers[name] = files.count
            files.append(try SafeTensorsFile(path: folder.appendingPathComponent(name).path))
        }
        for (key, name) in weightMap {
            guard let number = numbers[name], files[number].shape(of: key) != nil else {
                throw SafeTensorsError(
                    .missingTensor, path: path, key: key, "the index places it in \(name), which lacks it")
            }
            fileOfKey[key] = number
        }
        self.files = files
        self.fileOfKey = fileOfKey
    }

    /// The names of all tensors, sorted.
    public var keys: [String] { fileOfKey.keys.sorted() }

    /// The free strings of the first file's header.
    public var metadata: [String: String] { files.first?.metadata ?? [:] }

    /// The shape of a tensor, or nil if there is none of that name.
    public func shape(of key: String) -> [Int]? { fileOfKey[key].flatMap { files[$0].shape(of: key) } }

    /// The format's name of a tensor's element type, for instance `F16`, or nil if there is no such tensor.
    public func elementType(of key: String) -> String? { fileOfKey[key].flatMap { files[$0].elementType(of: key) } }

    /// The file that holds a tensor: the archive's own or a shard.
    public func file(holding key: String) -> String { fileOfKey[key].map { files[$0].path } ?? path }

    /// A tensor of floating-point numbers (F32, F16 or BF16) as f32; the error names the file and the key.
    public func tensor(named key: String) throws(SafeTensorsError) -> Tensor {
        try file(of: key).tensor(named: key)
    }

    /// A tensor of integers (I64 or I32) and its shape.
    public func integers(named key: String) throws(SafeTensorsError) -> (values: [Int], shape: [Int]) {
        try file(of: key).integers(named: key)
    }

    private func file(of key: String) throws(SafeTensorsError) -> SafeTensorsFile {
        guard let number = fileOfKey[key] else {
            throw SafeTensorsError(.missingTensor, path: path, key: key, "there is no such tensor in the file")
        }
        return files[number]
    }

    private static func weightMap(_ path: String) throws(SafeTensorsError) -> [String: String] {
        struct Index: Decodable {
            let weightMap: [String: String]
            enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SafeTensorsError(.system, path: path, "it cannot be read")
        }
        guard let index = try? JSONDecoder().decode(Index.self, from: data) else {
            throw SafeTensorsError(.malformed, path: path, "it has no weight_map from tensor names to file names")
        }
        return index.weightMap
    }
}
