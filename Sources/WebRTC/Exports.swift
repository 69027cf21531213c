// Whoever imports WebRTC can name what its calls take and give: descriptions, states, frames, packets, codecs, options.
@_exported public import Media
@_exported public import SCTP
@_exported public import SDP
@_exported public import Session

@_exported public import struct Cryptography.CertificateFingerprint
@_exported public import struct RTP.AudioLevel
@_exported public import struct RTP.OutgoingPacket
@_exported public import struct RTP.ReceivedPacket
@_exported public import struct RTP.VideoOrientation
@_exported public import struct Wire.IPAddress
