import Imaging
import TensorCore

extension Tensor {
    /// Pictures of one size as `[sample, height, width, 3]`, -1 (black) to 1 (white).
    public init(pictures: [Picture]) {
        guard let first = pictures.first else {
            self.init(zeros: [0, 0, 0, 3])
            return
        }
        self.init(uninitialized: [pictures.count, first.height, first.width, 3]) { out in
            var at = 0
            for picture in pictures {
                precondition(picture.pixels.count == first.pixels.count, "pictures of different sizes")
                for byte in picture.pixels {
                    out[at] = Float(byte) / 127.5 - 1
                    at += 1
                }
            }
        }
    }
}

extension Picture {
    /// Pixels `[sample, height, width, 3]`, -1…1 and clamped there, as pictures.
    public static func pictures(_ pixels: Tensor) -> [Picture] {
        let (height, width) = (pixels.shape[1], pixels.shape[2])
        let size = height * width * 3
        return pixels.withUnsafeBuffer { buffer in
            (0..<pixels.shape[0]).map { sample in
                Picture(
                    width: width, height: height,
                    pixels: buffer[sample * size..<(sample + 1) * size].map { value in
                        UInt8(min(max((value + 1) * 127.5, 0), 255).rounded())
                    })
            }
        }
    }
}
