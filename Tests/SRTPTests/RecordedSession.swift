import Cryptography
import Testing

/// Packets protected by libsrtp 2.5.0 (Debian 12), recorded: an independent implementation's view of
/// key derivation, rollover across sequence number 65535 with a reordered packet, and RTCP.
struct RecordedSession: Sendable, CustomTestStringConvertible {
  let profile: SRTPProtectionProfile
  var testDescription: String { "\(profile)" }
  let masterKey: String
  let masterSalt: String
  /// Plain and protected, in the order they were sent.
  let media: [(plain: String, protected: String)]
  /// Plain and protected, with the indices 1 and 2.
  let control: [(plain: String, protected: String)]

  static let aesCM128HMACSHA1Tag80 = RecordedSession(
    profile: .aesCM128HMACSHA1Tag80,
    masterKey: "01080f161d242b323940474e555c636a",
    masterSalt: "71787f868d949ba2a9b0b7bec5cc",
    media: [
      (
        plain: "91e0fffd00000000decafbad01020304bede000110550000000306090c0f1215181b1e2124272a2d"
          + "303336393c",
        protected: "91e0fffd00000000decafbad01020304bede000110550000d84eca9aeb6df8f7c68dba2b71e5"
          + "a0331558d2ffccd448ba10ff41bc4abf2b"
      ),
      (
        plain: "91e0ffff00000001decafbad01020304bede0001105500000104070a0d101316191c1f2225282b2e"
          + "3134373a3d40",
        protected: "91e0ffff00000001decafbad01020304bede000110550000503340134a4b51058c9e9f9851d9"
          + "a703ce8cf13fd6150785ba90d4570b0d34f3"
      ),
      (
        plain: "91e0fffe00000002decafbad01020304bede0001105500000205080b0e1114171a1d202326292c2f"
          + "3235383b3e4144",
        protected: "91e0fffe00000002decafbad01020304bede00011055000045439f36e7791d3eac65f3875c8c"
          + "4ffd30910a8a6abf69c40b65cb326b6650e30c"
      ),
      (
        plain: "91e0000000000003decafbad01020304bede0001105500000306090c0f1215181b1e2124272a2d30"
          + "3336393c3f424548",
        protected: "91e0000000000003decafbad01020304bede00011055000091d5b89bb7c2d194d67db9630e21"
          + "d2d805b20cae3287b0eeadd7d384819819af629d"
      ),
      (
        plain: "91e0000100000004decafbad01020304bede00011055000004070a0d101316191c1f2225282b2e31"
          + "34373a3d404346494c",
        protected: "91e0000100000004decafbad01020304bede0001105500008cd665fd8ff318fbcbaf27534b8d"
          + "5b066502facce6d876fbf379999b0a2e9087b89dc8"
      ),
    ],
    control: [
      (
        plain: "80c80006decafbad282d32373c41464b50555a5f64696e73787d8287",
        protected: "80c80006decafbadb643ddc1b6826f5ca4aa0b752cd588541d107ff7800000014a1f5fa8d4b4"
          + "d663ab4a"
      ),
      (
        plain: "80c80006decafbad292e33383d42474c51565b60656a6f74797e8388",
        protected: "80c80006decafbadee6eedbbb7611a1c08d3dfef3ae847b31cb603d380000002a7ba9ee83734"
          + "03468f5f"
      ),
    ])

  static let aeadAES128GCM = RecordedSession(
    profile: .aeadAES128GCM,
    masterKey: "020910171e252c333a41484f565d646b",
    masterSalt: "727980878e959ca3aab1b8bf",
    media: [
      (
        plain: "91e0fffd00000000decafbad01020304bede000110550000000306090c0f1215181b1e2124272a2d"
          + "303336393c",
        protected: "91e0fffd00000000decafbad01020304bede00011055000056fd308d5792197be77734391e7c"
          + "0f8bbc93433bc7c636cba784382e0c7120766991adb2e5"
      ),
      (
        plain: "91e0ffff00000001decafbad01020304bede0001105500000104070a0d101316191c1f2225282b2e"
          + "3134373a3d40",
        protected: "91e0ffff00000001decafbad01020304bede000110550000049feaed584379012651a748c08e"
          + "2a9d1771d53c7953fa45496c78e9c5cf474677596baaf60f"
      ),
      (
        plain: "91e0fffe00000002decafbad01020304bede0001105500000205080b0e1114171a1d202326292c2f"
          + "3235383b3e4144",
        protected: "91e0fffe00000002decafbad01020304bede000110550000bfc499b76e860a052428a9304377"
          + "7dd89913f48a5e9e5f8d5acd66a9623f8d58f8aa7c94055b04"
      ),
      (
        plain: "91e0000000000003decafbad01020304bede0001105500000306090c0f1215181b1e2124272a2d30"
          + "3336393c3f424548",
        protected: "91e0000000000003decafbad01020304bede000110550000d3f46f4de4e53e5163d39a4219c0"
          + "e2f29895064064a69099b273ecfca21999022ce0f578791888b3"
      ),
      (
        plain: "91e0000100000004decafbad01020304bede00011055000004070a0d101316191c1f2225282b2e31"
          + "34373a3d404346494c",
        protected: "91e0000100000004decafbad01020304bede0001105500009b19c4df888322630667e852d510"
          + "1c83a569d461a9e94d9a487a017887a561975ce198a26f713b70c7"
      ),
    ],
    control: [
      (
        plain: "80c80006decafbad282d32373c41464b50555a5f64696e73787d8287",
        protected: "80c80006decafbadb7929fd28a3d1fd18f0f40a9adda2b09c2d90df146de497a9c3183c5559b"
          + "efa785cf5c4080000001"
      ),
      (
        plain: "80c80006decafbad292e33383d42474c51565b60656a6f74797e8388",
        protected: "80c80006decafbad1b627a605f0ff4f68d3b78ae0f91cd2119813a7c8247bcb2da364da3a303"
          + "2e5dd383c4dd80000002"
      ),
    ])

  static let aeadAES256GCM = RecordedSession(
    profile: .aeadAES256GCM,
    masterKey: "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc",
    masterSalt: "e3eaf1f8ff060d141b222930",
    media: [
      (
        plain: "91e0fffd00000000decafbad01020304bede000110550000000306090c0f1215181b1e2124272a2d"
          + "303336393c",
        protected: "91e0fffd00000000decafbad01020304bede000110550000af99e933007178fcc89b49a10212"
          + "4e8c5ecad0a65d040fe4afbfc18c9cf57a242cbcfe146e"
      ),
      (
        plain: "91e0ffff00000001decafbad01020304bede0001105500000104070a0d101316191c1f2225282b2e"
          + "3134373a3d40",
        protected: "91e0ffff00000001decafbad01020304bede0001105500002be4aaa643ba8653fb172039e922"
          + "25f7ccf44f46ac4f4060f1ff809981be32edc0deb426c6ad"
      ),
      (
        plain: "91e0fffe00000002decafbad01020304bede0001105500000205080b0e1114171a1d202326292c2f"
          + "3235383b3e4144",
        protected: "91e0fffe00000002decafbad01020304bede000110550000a231ae535b1f44bb8fb56ef8007b"
          + "815cc1dd50d687ac5876d476e3e034c2231f0795528bcd395f"
      ),
      (
        plain: "91e0000000000003decafbad01020304bede0001105500000306090c0f1215181b1e2124272a2d30"
          + "3336393c3f424548",
        protected: "91e0000000000003decafbad01020304bede0001105500006e6d2adbbbc3db67c59dfc8f86a3"
          + "8d19b7863fb7f0c15317dc652f6289eff50a7add468f5cc73934"
      ),
      (
        plain: "91e0000100000004decafbad01020304bede00011055000004070a0d101316191c1f2225282b2e31"
          + "34373a3d404346494c",
        protected: "91e0000100000004decafbad01020304bede000110550000bfa39b93c1ffb19d16cd884035ae"
          + "5035853827c83d3670a17317488bd64797c8ac836dc348866cc42b"
      ),
    ],
    control: [
      (
        plain: "80c80006decafbad282d32373c41464b50555a5f64696e73787d8287",
        protected: "80c80006decafbada407c6959dd8443dce2b4a6579147da6b13b9c3180cd1b0d3cad9930ecf0"
          + "b100b494e80980000001"
      ),
      (
        plain: "80c80006decafbad292e33383d42474c51565b60656a6f74797e8388",
        protected: "80c80006decafbad5cc808a2cdb40c2d568d5f0f04d921bac1f2abcfe045b4b5b12c7d05cf3f"
          + "09051dd0db0580000002"
      ),
    ])

  static let all = [aesCM128HMACSHA1Tag80, aeadAES128GCM, aeadAES256GCM]
}
