/// The names of layers in kohya's files: a path whose points are underscores, and for SDXL the original paths.
enum KohyaNames {
    private static let prefixes: [(prefix: String, component: AdapterComponent)] = [
        ("lora_unet_", .unet), ("lora_te_", .textEncoder), ("lora_te1_", .textEncoder), ("lora_te2_", .textEncoder2),
    ]

    /// The component of a key, and the key without the component's name.
    static func component(of key: String) -> (AdapterComponent, String)? {
        prefixes.first { key.hasPrefix($0.prefix) }.map { ($0.component, String(key.dropFirst($0.prefix.count))) }
    }

    /// Parts of paths that have underscores of their own.
    private static let words: Set = [
        "down_blocks", "up_blocks", "mid_block", "transformer_blocks", "to_q", "to_k", "to_v", "to_out", "proj_in",
        "proj_out", "time_emb_proj", "conv_shortcut", "conv_in", "conv_out", "time_embedding", "add_embedding",
        "linear_1",
        "linear_2", "text_model", "self_attn", "q_proj", "k_proj", "v_proj", "out_proj", "text_projection",
        "input_blocks",
        "middle_block", "output_blocks", "in_layers", "out_layers", "emb_layers", "skip_connection", "time_embed",
        "label_emb",
    ]

    /// A key's name, for instance `mid_block_attentions_0_proj_in.lora_down.weight`, as a path with diffusers' names.
    static func path(of name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 1)
        let path = diffusersPath(words(of: String(parts[0]))).joined(separator: ".")
        return parts.count == 2 ? "\(path).\(parts[1])" : path
    }

    /// Splits at underscores, except within the words that have some.
    private static func words(of name: String) -> [String] {
        let pieces = name.split(separator: "_").map(String.init)
        var (path, at) = ([String](), 0)
        while at < pieces.count {
            let length = (1...3).reversed().first { count in
                at + count <= pieces.count && words.contains(pieces[at..<at + count].joined(separator: "_"))
            }
            path.append(pieces[at..<at + (length ?? 1)].joined(separator: "_"))
            at += length ?? 1
        }
        return path
    }

    // The original names number all blocks of one side through; SDXL has two layers in a block, so every third block
    // begins a level.
    private static let stride = 3
    private static let resnetNames = [
        ["in_layers", "2"]: "conv1", ["emb_layers", "1"]: "time_emb_proj", ["out_layers", "3"]: "conv2",
        ["skip_connection"]: "conv_shortcut",
    ]
    private static let outerNames = [
        ["time_embed", "0"]: "time_embedding.linear_1", ["time_embed", "2"]: "time_embedding.linear_2",
        ["label_emb", "0", "0"]: "add_embedding.linear_1", ["label_emb", "0", "2"]: "add_embedding.linear_2",
        ["input_blocks", "0", "0"]: "conv_in", ["out", "2"]: "conv_out",
    ]

    /// A path of SDXL's original names as diffusers has it; any other path as it is.
    private static func diffusersPath(_ path: [String]) -> [String] {
        if let outer = outerNames[path] { return [outer] }
        func rest(_ count: Int) -> [String] {
            let rest = Array(path.dropFirst(count))
            return resnetNames[rest].map { [$0] } ?? rest
        }
        guard path.count > 2, let block = Int(path[1]) else { return path }
        switch path[0] {
        case "middle_block":
            let place = [0: ["resnets", "0"], 1: ["attentions", "0"], 2: ["resnets", "1"]][block]
            return place.map { ["mid_block"] + $0 + rest(2) } ?? path
        case "input_blocks":
            guard block > 0, let inner = Int(path[2]) else { return path }
            let (level, layer) = ("\((block - 1) / stride)", "\((block - 1) % stride)")
            if path.last == "op" { return ["down_blocks", level, "downsamplers", "0", "conv"] }
            return ["down_blocks", level, inner == 0 ? "resnets" : "attentions", layer] + rest(3)
        case "output_blocks":
            guard let inner = Int(path[2]) else { return path }
            let (level, layer) = ("\(block / stride)", "\(block % stride)")
            if path.last == "conv" { return ["up_blocks", level, "upsamplers", "0", "conv"] }
            return ["up_blocks", level, inner == 0 ? "resnets" : "attentions", layer] + rest(3)
        default: return path
        }
    }

    /// The name of a layer in a file: with `isXL` SDXL's original one, as kohya's scripts have it.
    static func name(of path: String, _ component: AdapterComponent, isXL: Bool) -> String {
        let prefix =
            switch component {
            case .unet: "lora_unet_"
            case .textEncoder: isXL ? "lora_te1_" : "lora_te_"
            case .textEncoder2: "lora_te2_"
            }
        let original = isXL && component == .unet ? originalPath(path.split(separator: ".").map(String.init)) : path
        return prefix + original.split(separator: ".").joined(separator: "_")
    }

    private static func originalPath(_ path: [String]) -> String {
        let joined = path.joined(separator: ".")
        if let outer = outerNames.first(where: { $0.value == joined }) { return outer.key.joined(separator: ".") }
        func rest(_ count: Int) -> [String] {
            let rest = path.dropFirst(count).joined(separator: ".")
            return resnetNames.first { $0.value == rest }?.key ?? Array(path.dropFirst(count))
        }
        guard path.count > 3 else { return joined }
        let isAttention = path[1] == "attentions" || path[2] == "attentions"
        if path[0] == "mid_block" {
            let place = isAttention ? 1 : path[2] == "0" ? 0 : 2
            return (["middle_block", "\(place)"] + rest(3)).joined(separator: ".")
        }
        guard let level = Int(path[1]), let layer = Int(path[3]) else { return joined }
        switch (path[0], path[2]) {
        case ("down_blocks", "downsamplers"): return "input_blocks.\(stride * level + stride).0.op"
        case ("down_blocks", _):
            let block = 1 + stride * level + layer
            return (["input_blocks", "\(block)", isAttention ? "1" : "0"] + rest(4)).joined(separator: ".")
        case ("up_blocks", "upsamplers"):
            // After the attention, which SDXL's last level does not have; that one does not enlarge either.
            return "output_blocks.\(stride * level + 2).2.conv"
        case ("up_blocks", _):
            let block = stride * level + layer
            return (["output_blocks", "\(block)", isAttention ? "1" : "0"] + rest(4)).joined(separator: ".")
        default: return joined
        }
    }
}
