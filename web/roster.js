// Who is here, in an order that never makes a tile jump.

/**
 * @typedef {object} Participant
 * @property {string} id
 * @property {string} name
 * @property {{microphone: boolean, camera: boolean, screen: boolean}} media
 * @property {number} seat position among the tiles, kept for life
 */

export class Roster {
  /** @type {Map<string, Participant>} */
  #people = new Map();
  #seatOf = new Map();
  #nextSeat = 0;

  /** @returns {Participant[]} by seat */
  get all() {
    return [...this.#people.values()].sort((a, b) => a.seat - b.seat);
  }

  get(id) {
    return this.#people.get(id);
  }

  /** True for a name that was here before. */
  remembers(name) {
    return this.#seatOf.has(name);
  }

  /** Takes the whole list, as after joining or resuming. */
  reset(participants) {
    const known = this.#people;
    this.#people = new Map();
    for (const participant of participants) this.put(participant, known.get(participant.id)?.seat);
  }

  /** Adds or updates one; whoever comes back under the same name gets the old seat if it is free. */
  put({ id, name, media }, knownSeat) {
    const taken = new Set([...this.#people.values()].map(({ seat }) => seat));
    let seat = this.#people.get(id)?.seat ?? knownSeat;
    if (seat === undefined) {
      const remembered = this.#seatOf.get(name);
      seat = remembered !== undefined && !taken.has(remembered) ? remembered : this.#nextSeat++;
    }
    this.#seatOf.set(name, seat);
    const clean = {
      microphone: media?.microphone === true,
      camera: media?.camera === true,
      screen: media?.screen === true,
    };
    this.#people.set(id, { id, name: String(name ?? ""), media: clean, seat });
  }

  remove(id) {
    this.#people.delete(id);
  }
}
