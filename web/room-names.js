// Room names that are pleasant to read aloud and hard to guess: three words and eight signs, 60 bits.

const words = `
  aloe amber angin anggur apel arus awan bakau bambu batik bening bintang biru breeze bromo bulan bunga cahaya candi
  cemara cedar cengkih clover cokelat coral dahlia damai danau daun delima delta duku durian ebony embun ember fajar
  fern forest gading garden gelombang ginger gunung hangat harbor hazel honey hujan hutan indah indigo island jahe
  jambu jasmine jati jeruk juniper kabut kapas karang kayu kelapa kemiri kencana kenari kopi kunyit lagoon langit laut
  lemon lily lontar lotus madu mangga maple mawar melati meadow merak mint moss nanas nusa ocean olive ombak opal
  orchid padi pala pandan pantai pasir pelangi pepper pine pinus plum pulau rain rambutan ranting rimba river rotan
  sagu salak samudra sawah senja serai silver sky star sungai surya tamarin teduh teh telaga timur turi violet willow
`.trim().split(/\s+/);

const signs = "23456789abcdefghjkmnpqrstuvwxyz";

/** @returns {string} such as "kopi-senja-river-x7m2q9kd" */
export function suggestRoom() {
  const random = crypto.getRandomValues(new Uint8Array(11));
  const chosen = [...random.subarray(0, 3)].map((byte) => words[byte % words.length]);
  const tail = [...random.subarray(3)].map((byte) => signs[byte % signs.length]).join("");
  return [...chosen, tail].join("-");
}

/** The room a person means by a pasted link or a typed name; null where there is none. */
export function roomFrom(text) {
  const trimmed = text.trim();
  try {
    const url = new URL(trimmed);
    if (url.protocol === "http:" || url.protocol === "https:") return roomOfLocation(url);
  } catch {
    // Not a link: a name.
  }
  const name = trimmed.replace(/^\/?room\//, "").replace(/[\s/]+/g, "-").slice(0, 128);
  return name || null;
}

/** @param {URL | Location} url @returns {string | null} */
export function roomOfLocation(url) {
  const [, encoded] = /^\/room\/([^/]+)\/?$/.exec(url.pathname) ?? [];
  try {
    const room = encoded ? decodeURIComponent(encoded) : new URLSearchParams(url.search).get("room");
    return room ? room.slice(0, 128) : null;
  } catch {
    return null;
  }
}

/** The path of a room's page. */
export const pathOf = (room) => `/room/${encodeURIComponent(room)}`;
