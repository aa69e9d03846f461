import Foundation

extension Double {
    /// `ln(sigma · √(2π))`, the normaliser of a Gaussian's log-density.
    static func logOfRoot2Pi(times sigma: Double) -> Double { log(sigma) + 0.5 * log(2 * .pi) }
}
