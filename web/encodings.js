// Which layers a picture is sent in. Pure: what is chosen, wanted and affordable in, encodings out.

/** @typedef {"vp8" | "h264" | "vp9" | "av1"} Codec */
/** @typedef {{active: boolean, layers: Record<string, boolean> | null}} Demand what the server wants sent */

export const codecs = ["vp8", "h264", "vp9", "av1"];

/** Before the server has said anything, and where it names no layers. */
export const everything = { active: true, layers: null };

/** Where there is no track. */
export const nothing = { active: false, layers: null };

/** Of the camera, smallest first; each is half as wide as the next. A small camera fills fewer (see `sizesFor`). */
export const cameraLayers = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/** One layer: halved it would lose the small print. */
export const screenLayers = [{ maxBitrate: 3_000_000 }];

/** How often a frame may be left out without harm to the others, the best first. */
export const temporalModes = ["L1T3", "L1T2"];

/** The most a slow computer can be eased: 0 sends all that is wanted, 3 only the smallest picture. */
export const mostEase = 3;

const layeredBitrate = 2_000_000;
const easedScale = 1.5;

/**
 * How many sizes of a picture are worth sending. Chromium leaves out the largest ones of a small picture, not the smallest: so what
 * it would leave out is not asked for.
 * @param {number | undefined} pixels of the camera's whole picture
 */
export function sizesFor(pixels) {
  if (!(pixels > 0) || pixels >= 960 * 540) return 3;
  return pixels >= 480 * 270 ? 2 : 1;
}

/**
 * What each encoding of the camera should be, in the order of `cameraLayers`.
 * @param {{isLayered: boolean, demand: Demand, ease: number, temporalMode: string | null, sizes: number}} given
 *   `isLayered` where all sizes go in one stream (see `sendsLayersInOne`)
 */
export function cameraEncodings({ isLayered, demand, ease, temporalMode, sizes }) {
  const top = isLayered ? cameraLayers.length - 1 : sizes - 1;
  const affordable = Math.max(0, top - Math.max(0, ease - 1));
  const wanted = cameraLayers.map(({ rid }) => demand.active && demand.layers?.[rid] !== false);
  const highest = Math.min(affordable, wanted.lastIndexOf(true));
  const scale = ease === 1 ? easedScale : 1;
  if (isLayered) return inOneStream(highest, scale, temporalMode);
  return cameraLayers.map(({ maxBitrate }, index) => ({
    active: index === highest || (index < highest && wanted[index]),
    scaleResolutionDownBy: index < top ? 2 ** (top - index) : scale,
    maxBitrate,
    scalabilityMode: temporalMode,
  }));
}

/** A screen is one picture: only its being wanted counts. */
export function screenEncodings({ demand, temporalMode }) {
  return screenLayers.map(({ maxBitrate }) => ({ active: demand.active, maxBitrate, scalabilityMode: temporalMode }));
}

/** VP9 and AV1 carry all sizes in one stream, where the browser can be asked for it. Firefox makes all of VP9's alike. */
export const sendsLayersInOne = (codec, temporalMode) =>
  codec === "vp9" || (codec === "av1" && temporalMode !== null);

/** The codec that an answer chose for one m-section. @returns {Codec | null} */
export function chosenCodec(sdp, mid) {
  const section = sdp.split(/^(?=m=)/m).find((part) => part.split(/\r?\n/).includes(`a=mid:${mid}`));
  const [, first] = /^m=\S+ \S+ \S+ (\d+)/.exec(section ?? "") ?? [];
  const [, name] = new RegExp(`^a=rtpmap:${first} ([^/\\s]+)/`, "m").exec(section ?? "") ?? [];
  return codecs.find((codec) => codec === name?.toLowerCase()) ?? null;
}

/** All of it in the first encoding, since Chromium makes sizes of no other; the rest are idle. */
function inOneStream(highest, scale, temporalMode) {
  const last = cameraLayers.length - 1;
  const count = Math.max(1, highest + 1);
  const mode = temporalMode === null ? null : `L${count}${temporalMode.slice(2)}${count > 1 ? "_KEY" : ""}`;
  return cameraLayers.map(({ scaleResolutionDownBy, maxBitrate }, index) => (index > 0
    ? { active: false, scaleResolutionDownBy, maxBitrate, scalabilityMode: temporalMode }
    : {
      active: highest >= 0,
      scaleResolutionDownBy: highest === last ? scale : 2 ** (last - Math.max(0, highest)),
      maxBitrate: layeredBitrate,
      scalabilityMode: mode,
    }));
}
