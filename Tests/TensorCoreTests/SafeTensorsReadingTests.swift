import Foundation
import TensorCore
import Testing

/// Reading, against files that the reference implementation wrote (`Tests/Fixtures/safetensors/make_safetensors.py`).
struct SafeTensorsReadingTests {
    @Test(arguments: ["single", "half", "brain", "scalar", "empty"])
    func readsFloatsOfEveryWidth(_ key: String) throws {
        let expected = try JSONDecoder().decode(
            [String: [Float]].self, from: Data(contentsOf: URL(fileURLWithPath: SafeTensorsFixture.path("types.json"))))
        let tensor = try SafeTensorsFixture.types().tensor(named: key)
        #expect(tensor.scalars == expected[key])
        let shapes = ["scalar": [], "empty": [0, 4]]
        #expect(tensor.shape == shapes[key, default: [3, 5]])
    }

    @Test func readsIntegers() throws {
        let file = try SafeTensorsFixture.types()
        let ids = try file.integers(named: "ids")
        #expect(ids.values == [49406, 320, -1] && ids.shape == [1, 3])
        #expect(try file.integers(named: "short_ids").values == [7, -7])
    }

    @Test func readsTheMetadata() throws {
        #expect(try SafeTensorsFixture.types().metadata == ["note": "a \"quoted\" é"])
    }

    @Test func convertsEveryHalfAsPyTorchDoes() throws {
        // The checksum is printed by make_safetensors.py.
        var file = Data()
        let header = #"{"x":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}} "#
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(contentsOf: header.utf8)
        for pattern in UInt16.min...UInt16.max {
            withUnsafeBytes(of: pattern.littleEndian) { file.append(contentsOf: $0) }
        }
        let floats = try SafeTensorsFixture.open(file) { try $0.tensor(named: "x").scalars }
        var sum: UInt64 = 0
        for (index, value) in floats.filter({ !$0.isNaN }).enumerated() {
            sum = (sum + UInt64(index + 1) * UInt64(value.bitPattern)) % (1 << 61)
        }
        #expect(sum == 833_681_176_475_467_776)
        #expect(floats.count { $0.isNaN } == 2 * 1023)
        // And back: a half survives the round trip.
        let written = SafeTensorsWriter(elementType: .f16).encode(["x": Tensor(floats, shape: [65536])])
        let again = try SafeTensorsFixture.open(Data(written)) { try $0.tensor(named: "x").scalars }
        #expect(zip(floats, again).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
    }

    @Test func readsTheShardsOfAnIndex() throws {
        let archive = try SafeTensorsArchive(folder: SafeTensorsFixture.path("shards"), name: "model")
        #expect(archive.keys == ["a", "b"])
        let doubled = try archive.tensor(named: "a").scalars.map { $0 * 2 }
        #expect(try archive.tensor(named: "b").scalars == doubled)
        #expect(archive.shape(of: "b") == [3, 5])
        #expect(archive.metadata["format"] == "pt")
    }

    @Test func namesTheFileAndTheKeyOfAMissingTensor() throws {
        let path = SafeTensorsFixture.path("types.safetensors")
        let error = #expect(throws: SafeTensorsError.self) { try SafeTensorsFixture.types().tensor(named: "weight") }
        #expect(error?.code == .missingTensor)
        #expect(error?.description == "\(path): tensor 'weight': there is no such tensor in the file")
    }

    @Test func refusesToGiveIntegersAsFloatsAndTheReverse() throws {
        let file = try SafeTensorsFixture.types()
        for key in ["ids", "mask"] {
            let error = #expect(throws: SafeTensorsError.self) { try file.tensor(named: key) }
            #expect(error?.code == .unsupportedType && error?.key == key)
        }
        #expect(throws: SafeTensorsError.self) { try file.integers(named: "single") }
    }

    @Test(arguments: ["absent.safetensors", "shards"]) func namesAFileThatCannotBeOpened(_ name: String) {
        let path = SafeTensorsFixture.path(name)
        let error = #expect(throws: SafeTensorsError.self) { try SafeTensorsFile(path: path) }
        #expect(error?.code == .system)
        #expect(error?.description.hasPrefix(path) == true)
    }
}

/// Damaged and hostile files: each is refused with an error, none is read past its end.
struct SafeTensorsDamageTests {
    @Test func refusesEveryTruncation() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: SafeTensorsFixture.path("types.safetensors")))
        for count in whole.indices {
            #expect(throws: SafeTensorsError.self) { try SafeTensorsFixture.open(whole.prefix(count)) { _ in } }
        }
    }

    @Test func survivesEveryFlippedByteOfTheHeader() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: SafeTensorsFixture.path("types.safetensors")))
        let headerLength = 8 + Int(whole[0]) + Int(whole[1]) << 8
        var (refused, read) = (0, 0)
        for position in 0..<headerLength {
            for mask in [0x01, 0x10, 0x80] as [UInt8] {
                var damaged = whole
                damaged[position] ^= mask
                do {
                    try SafeTensorsFixture.open(damaged) { file in
                        for key in file.keys where file.shape(of: key) != nil { _ = try? file.tensor(named: key) }
                    }
                    read += 1
                } catch is SafeTensorsError {
                    refused += 1
                }
            }
        }
        #expect(refused > read)  // names and metadata may change harmlessly; lengths, types and ranges may not
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            12
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
            16
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,10]}}"#, 10),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9),
        (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8),
        (#"{"__metadata__":{"format":1}}"#, 0),
        (#"["a"]"#, 0),
        ("{\"a\"", 0),
        (String(repeating: "[", count: 100_000), 0),
    ]) func refusesAnInconsistentHeader(_ header: String, dataSize: Int) {
        var file = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(contentsOf: header.utf8)
        file.append(Data(count: dataSize))
        let error = #expect(throws: SafeTensorsError.self) { try SafeTensorsFixture.open(file) { _ in } }
        #expect(error?.code == .malformed)
    }

    @Test(arguments: [UInt64.max, 1 << 63, 100_000_001, 1 << 20]) func refusesAnImpossibleHeaderLength(_ length: UInt64)
    {
        var file = withUnsafeBytes(of: length.littleEndian) { Data($0) }
        file.append(contentsOf: "{}".utf8)
        #expect(throws: SafeTensorsError.self) { try SafeTensorsFixture.open(file) { _ in } }
    }

    @Test(arguments: [
        #"{"weight_map":{"a":"../types.safetensors"}}"#, #"{"weight_map":{"a":"/etc/passwd"}}"#, #"{"a":"b"}"#,
        "garbage",
        #"{"weight_map":{"a":"absent.safetensors"}}"#,
    ]) func refusesABadIndex(_ json: String) throws {
        try SafeTensorsFixture.withFolder { folder in
            let path = "\(folder)/model.safetensors.index.json"
            try Data(json.utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: SafeTensorsError.self) { try SafeTensorsArchive(path: path) }
        }
    }
}
