import Foundation
import Pretraining
import TensorCore

let words = CommandLine.arguments
ComputeThreads.set(Int(words[4]) ?? 2)
if words[1] == "vae" {
    var configuration = VAETraining.Configuration()
    configuration.steps = Int(words[3]) ?? 100
    try VAETraining(configuration, folder: URL(filePath: words[2])).run()
} else {
    var configuration = ModelTraining.Configuration()
    configuration.steps = Int(words[3]) ?? 100
    try ModelTraining(configuration, folder: URL(filePath: words[2])).run()
}
