import CommandLineTool
import TensorCore

@main
enum Atelier {
    static func main() async {
        ProcessorTuning.apply()
        await AtelierCommand.start()
    }
}
