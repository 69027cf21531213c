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
    (["version", "x"], #"version takes nothing after it, but there is "x""#),
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
    (["--version"], .version),
    (["version", "--help"], .help(.version)),
  ] as [([String], Invocation)])
func `help and version are found where people look`(arguments: [String], expected: Invocation)
  throws
{
  #expect(try Invocation(arguments) == expected)
}

@Test func `help names every flag`() {
  let text = HelpText.text(.serve)
  for setting in Setting.allCases {
    #expect(text.contains("  \(setting.flag) \(setting.placeholder) "))
  }
  #expect(text.contains("--config FILE"))
}
