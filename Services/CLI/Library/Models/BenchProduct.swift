import ArgumentParser
import TensorCore

/// A large matrix product: the ceiling that the other benchmarks are held against.
struct BenchProduct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "product", abstract: "A product of two square matrices: what this machine can do at most.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Rows and columns.")
    var size = 2048

    func validate() throws {
        guard (16...16384).contains(size) else { throw ValidationError("--size \(size): 16 to 16384 are possible") }
    }

    func run() async throws {
        let precision = try options.dtype.available()
        options.compute.apply()
        let weight = options.random([size, size])
        let input = options.random([options.batch * size, size], index: 1).converted(to: precision)
        let operations = 2 * Double(options.batch) * Double(size) * Double(size) * Double(size)
        try options.measure("product", details: ["size": size], operations: operations) {
            _ = input.linear(weight: weight, bias: nil, precision: precision)
        }
    }
}
