import Autograd
import Diffusion
import Foundation
import Imaging
import TensorCore

/// A subject's reference pictures: the folder cannot be used.
public struct ReferenceError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// The reference pictures of a subject: the PNG and JPEG files of a folder, in the order of their names.
public struct ReferencePictures: Sendable {
    public let pictures: [Picture]

    /// - Throws: ``ReferenceError`` if there is no such folder or no picture in it, or naming a file that is none.
    public init(folder: String) throws(ReferenceError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { name in
            ["png", "jpg", "jpeg"].contains(URL(fileURLWithPath: name).pathExtension.lowercased())
        }
        guard !files.isEmpty else {
            throw ReferenceError(
                description:
                    "algorithm.references: there is no PNG or JPEG file in '\(folder)'; name a folder with 3 to 6 "
                    + "pictures of the subject")
        }
        var pictures: [Picture] = []
        for file in files.sorted() {
            do {
                pictures.append(try Picture(file: "\(folder)/\(file)"))
            } catch {
                throw ReferenceError(description: "algorithm.references: \(error.message)")
            }
        }
        self.pictures = pictures
    }
}

extension DiffusionPolicy {
    /// The size of the pictures that the policy draws, in pixels.
    public var pictureSize: (width: Int, height: Int) {
        let shape = model.latentShape(samples: 1)
        let factor = model.vae.configuration.downsampling
        return (shape[2] * factor, shape[1] * factor)
    }

    /// Pictures brought to the policy's size: the middle of each as a square, resized.
    public func fitted(_ pictures: [Picture]) -> [Picture] {
        let size = pictureSize
        return pictures.map { picture in
            guard picture.width != size.width || picture.height != size.height else { return picture }
            return picture.croppedAtCentre(min(picture.width, picture.height))
                .resized(width: size.width, height: size.height, .bilinear)
        }
    }

    /// The scaled latents of pictures: the mean of the encoder's posterior, `[picture, height, width, channel]`.
    public func encode(_ pictures: [Picture]) -> Tensor {
        let scale = Float(model.vae.configuration.scalingFactor)
        return .concatenating(
            fitted(pictures).map { picture in
                model.vae.encode(Variable(Tensor(pictures: [picture]))).mean.value.scaled(scale)
            })
    }
}
