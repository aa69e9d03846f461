extension Picture {
    /// The picture with every pixel drawn as a block of `scale` by `scale`.
    public func enlarged(_ scale: Int) -> Picture {
        precondition(scale > 0, "a scale of \(scale) leaves no pixels")
        guard scale > 1 else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count * scale * scale)
        for y in 0..<height {
            let start = result.count
            for x in 0..<width {
                let pixel = pixels[(y * width + x) * 3..<(y * width + x) * 3 + 3]
                for _ in 0..<scale { result.append(contentsOf: pixel) }
            }
            let row = Array(result[start...])
            for _ in 1..<scale { result.append(contentsOf: row) }
        }
        return Picture(width: width * scale, height: height * scale, pixels: result)
    }

    /// A contact sheet on white, filled row by row.
    ///
    /// - Parameters:
    ///   - pictures: at least one picture, all of one size.
    ///   - columns: the number of pictures in a row.
    ///   - padding: white pixels around each picture, counted before enlarging.
    ///   - scale: the side of the block that draws one pixel.
    /// - Returns: the sheet.
    public static func grid(_ pictures: [Picture], columns: Int, padding: Int = 1, scale: Int = 1) -> Picture {
        precondition(!pictures.isEmpty && columns > 0 && padding >= 0, "a grid needs pictures, columns and a padding")
        let (width, height) = (pictures[0].width, pictures[0].height)
        precondition(
            pictures.allSatisfy { $0.width == width && $0.height == height }, "the pictures of a grid differ in size")
        let columns = min(columns, pictures.count)
        let rows = (pictures.count + columns - 1) / columns
        var sheet = Picture(
            width: columns * (width + padding) + padding, height: rows * (height + padding) + padding,
            red: 255, green: 255, blue: 255)
        for (index, picture) in pictures.enumerated() {
            let left = padding + index % columns * (width + padding)
            let top = padding + index / columns * (height + padding)
            for y in 0..<height {
                let target = ((top + y) * sheet.width + left) * 3
                sheet.pixels.replaceSubrange(
                    target..<target + width * 3, with: picture.pixels[y * width * 3..<(y + 1) * width * 3])
            }
        }
        return sheet.enlarged(scale)
    }
}
