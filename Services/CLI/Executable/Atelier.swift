import CommandLineTool

@main
enum Atelier {
    static func main() async {
        await AtelierCommand.start()
    }
}
