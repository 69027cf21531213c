import MeetingServer
import Testing

@testable import jumpa

private func complaint(_ arguments: [String]) -> String {
  do throws(SettingError) {
    _ = try Invocation(arguments)
    return "nothing"
  } catch {
    return error.description
  }
}

@Test(
  arguments: [
    ([], "say what to do, as in jumpa serve; jumpa --help shows everything"),
    (["sevre"], #"there is no command "sevre"; did you mean jumpa serve?"#),
    (["frobnicate"], #"there is no command "frobnicate"; jumpa --help shows what there is"#),
    (["serve", "--prot", "1"], "there is no flag --prot; did you mean --port?"),
    (["serve", "--udpport=1"], "there is no flag --udpport; did you mean --udp-port?"),
    (
      ["serve", "--frobnicate"],
      "there is no flag --frobnicate; jumpa serve --help shows what there is"
    ),
    (["serve", "--port"], "--port needs a value after it; see jumpa serve --help"),
    (["serve", "--port", "1", "--port=2"], "--port is given twice; give it once"),
    (["serve", "--config", "a", "--config", "b"], "--config is given twice; give it once"),
    (["serve", "8080"], #"jumpa serve takes flags only, but there is "8080""#),
    (["turn", "--udp-port", "1"], "there is no flag --udp-port; did you mean --turn-port?"),
    (["turn", "x"], #"jumpa turn takes flags only, but there is "x""#),
    (["version", "x"], #"version takes nothing after it, but there is "x""#),
    (["doctor", "a", "b"], #"jumpa doctor examines one server, but there is "b" too"#),
    (["doctor", "--ca"], "--ca needs a file after it; see jumpa doctor --help"),
    (["doctor", "--jsno"], #"jumpa doctor knows --ca and --json, but there is "--jsno""#),
    (
      ["doctor", "a b"],
      #""a b" names no server; write https://meet.example.org or meet.example.org"#
    ),
    (["help", "x"], #"there is no help on "x"; see jumpa --help"#),
  ] as [([String], String)])
func `a bad command line says what and what to do`(arguments: [String], expected: String) {
  #expect(complaint(arguments) == expected)
}

@Test func `flags are read with and without an equals sign, lists as often as given`() throws {
  var expected = SettingLayer()
  expected.add("8081", for: .port, origin: "--port")
  expected.add("10.0.0.1", for: .advertise, origin: "--advertise")
  expected.add("10.0.0.2:5", for: .advertise, origin: "--advertise")
  expected.add("a=b", for: .data, origin: "--data")
  let invocation = try Invocation([
    "serve", "--port=8081", "--advertise", "10.0.0.1", "--advertise=10.0.0.2:5", "--data", "a=b",
    "--config", "jumpa.json5",
  ])
  #expect(invocation == .serve(expected, file: "jumpa.json5"))
}

@Test(
  arguments: [
    (["--help"], .help(.all)), (["-h"], .help(.all)), (["help"], .help(.all)),
    (["help", "serve"], .help(.serve)), (["serve", "--help"], .help(.serve)),
    (["serve", "--port", "1", "-h"], .help(.serve)), (["version"], .version),
    (["help", "turn"], .help(.turn)), (["turn", "--help"], .help(.turn)),
    (["--version"], .version),
    (["version", "--help"], .help(.version)),
  ] as [([String], Invocation)])
func `help and version are found where people look`(arguments: [String], expected: Invocation)
  throws
{
  #expect(try Invocation(arguments) == expected)
}

@Test(arguments: [["--ca", "ca.crt", "meet.example"], ["meet.example", "--ca=ca.crt"]])
func `the doctor takes an authority to believe`(arguments: [String]) throws {
  let target = try #require(DoctorTarget("meet.example"))
  #expect(
    try Invocation(["doctor"] + arguments)
      == .doctor(target, authorityFile: "ca.crt", isJSON: false))
}

@Test func `the relay alone has its own flags`() throws {
  var expected = SettingLayer()
  expected.add("ana:secret", for: .turnUser, origin: "--turn-user")
  expected.add("budi:a:b", for: .turnUser, origin: "--turn-user")
  let invocation = try Invocation(["turn", "--turn-user", "ana:secret", "--turn-user=budi:a:b"])
  #expect(invocation == .turn(expected, file: nil))
  let text = HelpText.text(.turn)
  for setting in Setting.ofRelay {
    #expect(text.contains("  \(setting.flag) \(setting.placeholder) "))
  }
}

@Test func `help names every flag`() {
  let text = HelpText.text(.serve)
  for setting in Setting.allCases {
    #expect(text.contains("  \(setting.flag) \(setting.placeholder) "))
  }
  #expect(text.contains("--config FILE"))
}
