import Diffusion

extension UNetConfiguration {
    /// Floating-point operations of one sample's forward pass: two for each multiplication of a matrix product or a
    /// convolution; what is done element by element is not counted.
    func operations(height: Int, width: Int, context: Int) -> Double {
        var count = OperationCount(timeWidth: timeWidth, context: context, configuration: self)
        let widths = blockOutChannels
        var pixels = height * width
        count.convolve(inChannels, widths[0], pixels)
        count.multiply(widths[0], timeWidth, rows: 1)
        count.multiply(timeWidth, timeWidth, rows: 1)
        var channels = widths[0]
        var skips = [channels]
        for level in widths.indices {
            for _ in 0..<layersPerBlock[level] {
                count.resnet(channels, widths[level], pixels)
                channels = widths[level]
                if downBlockTypes[level] == "CrossAttnDownBlock2D" { count.transformer(channels, pixels, level: level) }
                skips.append(channels)
            }
            if level < widths.count - 1 {
                pixels /= 4
                count.convolve(channels, channels, pixels)
                skips.append(channels)
            }
        }
        count.resnet(channels, channels, pixels)
        count.transformer(channels, pixels, level: widths.count - 1)
        count.resnet(channels, channels, pixels)
        for (index, level) in widths.indices.reversed().enumerated() {
            for _ in 0...layersPerBlock[level] {
                count.resnet(channels + skips.removeLast(), widths[level], pixels)
                channels = widths[level]
                if upBlockTypes[index] == "CrossAttnUpBlock2D" { count.transformer(channels, pixels, level: level) }
            }
            if level > 0 {
                pixels *= 4
                count.convolve(channels, channels, pixels)
            }
        }
        count.convolve(channels, outChannels, pixels)
        return count.total
    }
}

private struct OperationCount {
    let timeWidth: Int
    let context: Int
    let configuration: UNetConfiguration
    var total = 0.0

    mutating func multiply(_ inputs: Int, _ outputs: Int, rows: Int) {
        total += 2 * Double(inputs) * Double(outputs) * Double(rows)
    }

    mutating func convolve(_ inputs: Int, _ outputs: Int, _ pixels: Int) { multiply(9 * inputs, outputs, rows: pixels) }

    mutating func resnet(_ inputs: Int, _ outputs: Int, _ pixels: Int) {
        convolve(inputs, outputs, pixels)
        convolve(outputs, outputs, pixels)
        multiply(timeWidth, outputs, rows: 1)
        if inputs != outputs { multiply(inputs, outputs, rows: pixels) }
    }

    mutating func transformer(_ width: Int, _ pixels: Int, level: Int) {
        multiply(width, 2 * width, rows: pixels)
        for _ in 0..<configuration.transformerLayersPerBlock[level] {
            attend(width, queries: pixels, keys: pixels, keyWidth: width)
            attend(width, queries: pixels, keys: context, keyWidth: configuration.crossAttentionDimension[level])
            multiply(width, 8 * width, rows: pixels)
            multiply(4 * width, width, rows: pixels)
        }
    }

    private mutating func attend(_ width: Int, queries: Int, keys: Int, keyWidth: Int) {
        multiply(width, 2 * width, rows: queries)
        multiply(keyWidth, 2 * width, rows: keys)
        multiply(width, 2 * keys, rows: queries)
    }
}
