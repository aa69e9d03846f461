import Messaging
import RPCServices
import Testing
import Wire

@Suite("Messages as JSON, by descriptors")
struct JSONTests {
    private static let everything = "atelier.echo.Everything"

    private func schema() throws -> Schema { try Schema.embedded.get() }

    /// One value of every kind of field, as protobuf's JSON mapping writes it.
    private static let text = """
        {"aInt32":-7,"aInt64":"-9007199254740993","aUint32":4000000000,"aUint64":"18446744073709551615","aSint32":-8,\
        "aSint64":"-9","aFixed32":10,"aFixed64":"11","aSfixed32":-12,"aSfixed64":"-13","aFloat":1.5,"aDouble":-2.25,\
        "aBool":true,"aString":"grün \\"quoted\\" \\n","aBytes":"AAEC/w==","colour":"COLOUR_GREEN",\
        "inner":{"name":"n","deltas":["1","-2"]},"numbers":[1,-2,300],"weights":[0.5],"flags":[true,false],\
        "words":["a",""],"blobs":["AQ=="],"colours":["COLOUR_RED",9],"inners":[{},{"name":"x"}],\
        "scores":{"left":0.25,"right":"NaN"},"parts":{"4":{"name":"four"}},"limit":0,"label":"chosen","point":{"x":3.0}}
        """

    @Test func everyKindOfFieldGoesThereAndBack() throws {
        let schema = try schema()
        let bytes = try schema.encode(try JSONValue(parsing: Self.text), as: Self.everything)
        let message = try EchoEverything(decoding: bytes)
        #expect(message.aInt64 == -9_007_199_254_740_993)
        #expect(message.aUint64 == .max)
        #expect(message.aSint64 == -9)
        #expect(message.aString == "grün \"quoted\" \n")
        #expect(message.aBytes == [0, 1, 2, 255])
        #expect(message.numbers == [1, -2, 300])
        #expect(message.inner?.deltas == [1, -2])
        #expect(message.scores["right"]?.isNaN == true)
        #expect(message.parts[4]?.name == "four")
        #expect(message.choice == .label("chosen"))
        // What our encoder packs is read back as the same text; maps are sorted, fields are in the file's order.
        let again = try schema.json(try message.encoded(), as: Self.everything)
        #expect(again.text() == Self.text)
        let pretty = try schema.encode(try JSONValue(parsing: again.text(pretty: true)), as: Self.everything)
        #expect(try schema.json(pretty, as: Self.everything) == again)
    }

    @Test func namesMayBeThoseOfTheFile() throws {
        let bytes = try schema().encode(
            try JSONValue(parsing: #"{"delay_us": 5, "delayUs": null, "mode": 1}"#), as: "atelier.echo.Request")
        let request = try EchoRequest(decoding: bytes)
        #expect(request.delayUs == 5)
        #expect(request.mode == .upperCase)
    }

    @Test(arguments: [
        (#"{"aInt32": 2147483648}"#, "a_int32: expected an integer from -2147483648 to 2147483647"),
        (#"{"aUint32": 1.5}"#, "a_uint32: expected an integer"), (#"{"aBool": 1}"#, "a_bool: expected true or false"),
        (#"{"aString": 1}"#, "a_string: expected a string"),
        (#"{"aBytes": "%"}"#, "a_bytes: expected bytes in base 64"),
        (#"{"colour": "PINK"}"#, "there is no 'PINK'; there are: COLOUR_UNSPECIFIED, COLOUR_RED"),
        (#"{"numbers": 1}"#, "numbers: expected an array"), (#"{"scores": []}"#, "scores: expected an object"),
        (#"{"inner": "x"}"#, "atelier.echo.Everything.Inner: expected an object"),
        (#"{"label": "a", "tint": 1}"#, "only one of "),
        (#"{"nothing": 1}"#, "has no field 'nothing'; it has: aInt32, "),
        ("[]", "atelier.echo.Everything: expected an object"), ("{", "not JSON: "),
    ])
    func whatDoesNotFitIsNamed(text: String, reason: String) throws {
        let schema = try schema()
        let error = #expect(throws: SchemaError.self) {
            try schema.encode(try JSONValue(parsing: text), as: Self.everything)
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func bytesThatAreNoMessageAreRefused() throws {
        let schema = try schema()
        for bytes: [UInt8] in [[0xff], [0x0a, 0x05, 1], [0x75, 1], [0x0b]] {
            #expect(throws: SchemaError.self, "\(bytes)") { try schema.json(bytes, as: Self.everything) }
        }
    }

    /// Servers describe themselves: they must not be able to end who asks.
    @Test(arguments: [33, 20_000])
    func aSchemaThatIsNestedTooDeepIsRefused(levels: Int) throws {
        let name = WireSmith.delimited(1, Array("M".utf8))
        func set(_ levels: Int) -> [UInt8] {
            let message = (1..<levels).reduce(name) { inner, _ in name + WireSmith.delimited(3, inner) }
            return WireSmith.delimited(1, WireSmith.delimited(4, message))
        }
        #expect(try Schema(descriptorSet: set(32)).messages.count == 32)
        let error = #expect(throws: SchemaError.self) { try Schema(descriptorSet: set(levels)) }
        #expect(error?.description == "not a descriptor set: messages nested deeper than 32")
    }

    @Test func aMapThatHoldsItselfIsShown() throws {
        let field =
            WireSmith.delimited(1, Array("f".utf8)) + WireSmith.tag(3, 0) + [1] + WireSmith.tag(4, 0) + [3]
            + WireSmith.tag(5, 0) + [11] + WireSmith.delimited(6, Array(".M".utf8))
        let isMapEntry = WireSmith.delimited(7, WireSmith.tag(7, 0) + [1])
        let message = WireSmith.delimited(1, Array("M".utf8)) + WireSmith.delimited(2, field) + isMapEntry
        let schema = try Schema(descriptorSet: WireSmith.delimited(1, WireSmith.delimited(4, message)))
        #expect(schema.description(of: "M") == "message M {\n  map<M> f = 1;\n}")
    }

    @Test func typesAreShownAsTheyWereDeclared() throws {
        let schema = try schema()
        let text = try #require(schema.description(of: Self.everything))
        #expect(text.contains("map<string, double> scores = 25;"))
        #expect(text.contains("repeated atelier.echo.Everything.Inner inners = 24;"))
        #expect(
            schema.description(of: "atelier.echo.Mode") == """
                enum atelier.echo.Mode {
                  MODE_PLAIN = 0;
                  MODE_UPPER_CASE = 1;
                  MODE_FAIL = 2;
                }
                """)
    }
}
