import Imaging
import TensorCore

/// Pictures as floating-point pixels `[picture, height, width, 3]`, 0 (black) to 1 (white).
enum PixelTensor {
    /// A picture as `[1, height, width, 3]`.
    static func of(_ picture: Picture) -> Tensor {
        Tensor(uninitialized: [1, picture.height, picture.width, 3]) { out in
            for (index, byte) in picture.pixels.enumerated() { out[index] = Float(byte) / 255 }
        }
    }

    /// What is wrong with a picture's pixels, if anything is.
    static func fault(_ pixels: Tensor) -> String? {
        pixels.withUnsafeBuffer { buffer in
            // A comparison with what is not a number is false.
            guard let stray = buffer.first(where: { !($0 >= 0 && $0 <= 1) }) else { return nil }
            return "a pixel is \(stray); pixels are 0 (black) to 1 (white)"
        }
    }
}
