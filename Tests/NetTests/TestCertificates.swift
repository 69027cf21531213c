/// A test's own authority, made once with OpenSSL's command, good until the year 2126; nobody else trusts it.
enum TestCertificates {
  static let authority = """
    -----BEGIN CERTIFICATE-----
    MIIBfTCCASSgAwIBAgIUcLmojNYMR8Qlc90Iuk0klRTayNwwCgYIKoZIzj0EAwIw
    HDEaMBgGA1UEAwwRVGVzdCBBdXRob3JpdHkgY2EwIBcNMjQwMTAxMDAwMDAwWhgP
    MjEyNjAxMDEwMDAwMDBaMBwxGjAYBgNVBAMMEVRlc3QgQXV0aG9yaXR5IGNhMFkw
    EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/onDi7560WFsElFZAoKuFgC3wDZhV9i4
    xmulKCsUi3SXS8FMARL0C8o1Z0WPT6gtyZVJuqbuUEOEOL9q3EtM5qNCMEAwDwYD
    VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFIf0bRNt3RVt
    Tp+ZiV/yrdwLk5ABMAoGCCqGSM49BAMCA0cAMEQCIBxDlnYGeMPphAxxelfp1l/+
    pWgmqHZwKWaJDFjkHNrsAiBvrt4GkCEA3Q3U4LvekJGAvXBNmEp1GoegMezN3s+o
    PQ==
    -----END CERTIFICATE-----
    """

  /// One that signed nothing here.
  static let otherAuthority = """
    -----BEGIN CERTIFICATE-----
    MIIBgzCCASqgAwIBAgIUfdOgizrLUbF/RWIteRMdBfQOYh8wCgYIKoZIzj0EAwIw
    HzEdMBsGA1UEAwwUVGVzdCBBdXRob3JpdHkgb3RoZXIwIBcNMjQwMTAxMDAwMDAw
    WhgPMjEyNjAxMDEwMDAwMDBaMB8xHTAbBgNVBAMMFFRlc3QgQXV0aG9yaXR5IG90
    aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERpHdu34TGdJ5BzelhQ9hAj39
    fubBPa0uFZ0gAadcdnlvgN1qrn8b5fRwdciiSCbO8zf9GGv7tDU6HkAbsqwCs6NC
    MEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFIJ7
    hCCpZFhmZXhgDunt8AmFgWMhMAoGCCqGSM49BAMCA0cAMEQCIEJgC/NcgK0SUCDo
    CI9P2qhsGD5BquD+LRUtPTl+VXA7AiBJP0Ca/tE8uYas0BsT50tiY0CTBZLG70eL
    VGfVnB52qw==
    -----END CERTIFICATE-----
    """

  /// For `turn.example` and 127.0.0.1, signed by `authority`.
  static let server = """
    -----BEGIN CERTIFICATE-----
    MIIBrTCCAVOgAwIBAgIUY8FlZTQTP+JU7L4GS/5ba5UQcuAwCgYIKoZIzj0EAwIw
    HDEaMBgGA1UEAwwRVGVzdCBBdXRob3JpdHkgY2EwIBcNMjQwMTAxMDAwMDAwWhgP
    MjEyNjAxMDEwMDAwMDBaMBcxFTATBgNVBAMMDHR1cm4uZXhhbXBsZTBZMBMGByqG
    SM49AgEGCCqGSM49AwEHA0IABFFtmq5HGVQcFg2AA802vraHtSNMrXcUfeNkiH2+
    sF7pVPx1nTEfJg5KdssTJGbiVKr3ZQ3ACWuLvBbBNDehIYyjdjB0MB0GA1UdEQQW
    MBSCDHR1cm4uZXhhbXBsZYcEfwAAATATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNV
    HQ4EFgQU68N5KQ5XryxcGhZGfZOfZX3HPrEwHwYDVR0jBBgwFoAUh/RtE23dFW1O
    n5mJX/Kt3AuTkAEwCgYIKoZIzj0EAwIDSAAwRQIhANzxxzNLLgzfomGX4dnqT3+8
    hdaoGx+8gCBASddtnVx8AiBsGC8aFIV6W+UtlZqw4L1wD4iDw4FRPFGwZlstn3xQ
    5w==
    -----END CERTIFICATE-----
    """

  static let serverKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVCuexog97tZz+l6S
    L7oA3cb8610JP6Ca1QJaVvEjnQ2hRANCAARRbZquRxlUHBYNgAPNNr62h7UjTK13
    FH3jZIh9vrBe6VT8dZ0xHyYOSnbLEyRm4lSq92UNwAlri7wWwTQ3oSGM
    -----END PRIVATE KEY-----
    """

  /// The SHA-256 of `server` in DER.
  static let serverDigest: [UInt8] = [
    0x68, 0x79, 0xc0, 0xe2, 0x0c, 0x5b, 0xa1, 0x70, 0xe8, 0xfc, 0x8b, 0xbc,
    0xa8, 0x24, 0x83, 0xec, 0xcd, 0xb2, 0xf1, 0x44, 0x7c, 0xfb, 0x2f, 0xa0,
    0x1a, 0x96, 0x94, 0xb4, 0x85, 0x28, 0xa5, 0x24,
  ]
}
