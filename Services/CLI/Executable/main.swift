import Foundation
import Pretraining
import TensorCore

ComputeThreads.set(Int(CommandLine.arguments[3]) ?? 2)
var configuration = VAETraining.Configuration()
configuration.steps = Int(CommandLine.arguments[2]) ?? 100
try VAETraining(configuration, folder: URL(filePath: CommandLine.arguments[1])).run()
