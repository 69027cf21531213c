// What this client adds to the offers that browsers make. Pure: text in, text out.

/**
 * Asks for the repetition of lost sound (RFC 4585 generic NACK) wherever Opus has feedback about the transport: who has the one
 * has the numbers that the other needs.
 */
export function withSoundRepair(sdp) {
  return sdp.split(/^(?=m=)/m).map((section) => {
    if (!section.startsWith("m=audio")) return section;
    const [, type] = /^a=rtpmap:(\d+) opus\//im.exec(section) ?? [];
    if (type === undefined || new RegExp(`^a=rtcp-fb:${type} nack\\r?$`, "m").test(section)) return section;
    return section.replace(new RegExp(`^(a=rtcp-fb:${type} )transport-cc(\\r?\\n)`, "m"), "$&$1nack$2");
  }).join("");
}
