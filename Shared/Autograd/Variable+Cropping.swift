import TensorCore

extension Variable {
    /// The first `height` rows and `width` columns of `[sample, row, column, channel]`.
    public func cropped(height: Int, width: Int) -> Variable {
        let whole = shape
        guard height != whole[1] || width != whole[2] else { return self }
        return Variable(value.cropped(height: height, width: width), inputs: [self]) { gradient in
            [gradient.paddedWithZeros(height: whole[1], width: whole[2])]
        }
    }
}
