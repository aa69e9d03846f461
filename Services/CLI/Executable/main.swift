print("unbuilt")
