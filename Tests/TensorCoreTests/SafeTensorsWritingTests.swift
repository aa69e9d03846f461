import Foundation
import TensorCore
import Testing

struct SafeTensorsWritingTests {
    @Test(arguments: zip(["f32", "f16", "bf16"], SafeTensorsWriter.ElementType.allCases))
    func writesTheBytesOfTheReferenceImplementation(_ name: String, _ type: SafeTensorsWriter.ElementType) throws {
        let values = try SafeTensorsFixture.types().tensor(named: "single")
        let tensors = ["b.weight": values, "a": Tensor(values.scalars[..<5].map { $0 * 3 }, shape: [5])]
        let expected = try Data(
            contentsOf: URL(fileURLWithPath: SafeTensorsFixture.path("written-\(name).safetensors")))
        #expect(Data(SafeTensorsWriter(elementType: type).encode(tensors)) == expected)
        try SafeTensorsFixture.withFolder { folder in
            let path = "\(folder)/x.safetensors"
            for _ in 0..<2 {
                try SafeTensorsWriter(elementType: type).write(tensors, to: path)
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x.safetensors"])
        }
    }

    @Test func keepsNamesAndMetadataThatNeedEscapes() throws {
        let metadata = ["note": "tab\t \"quote\" back\\slash \u{1F998} \u{0}"]
        let name = "weird \"key\" \n 日本"
        let bytes = SafeTensorsWriter(metadata: metadata).encode([name: Tensor([1, 2], shape: [2])])
        let (read, values) = try SafeTensorsFixture.open(Data(bytes)) { file in
            try (file.metadata, file.tensor(named: name).scalars)
        }
        #expect(read == metadata)
        #expect(values == [1, 2])
        #expect(bytes.count % 8 == 0)
    }

    @Test func writesNoTensorsAtAll() throws {
        let bytes = SafeTensorsWriter(metadata: [:]).encode([:])
        #expect(try SafeTensorsFixture.open(Data(bytes)) { $0.keys } == [])
    }

    @Test func leavesTheOldFileWhereTheNewOneCannotBeWritten() throws {
        #expect(throws: SafeTensorsError.self) {
            try SafeTensorsWriter().write(["a": Tensor([1], shape: [1])], to: "/nonexistent-folder/a.safetensors")
        }
        try SafeTensorsFixture.withFolder { folder in
            // A folder at the path makes the rename fail after the data is written.
            let path = "\(folder)/x.safetensors"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let error = #expect(throws: SafeTensorsError.self) {
                try SafeTensorsWriter().write(["a": Tensor([1], shape: [1])], to: path)
            }
            #expect(error?.path == path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x.safetensors"])
        }
    }
}
