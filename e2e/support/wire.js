// Runs before the page: what it says to the server and when, and a way to make it hear what the server did not say.
(() => {
  const wire = (window.wire = {
    sent: [],
    /** Types that are kept from the server. */
    held: new Set(),
    /** Types that the page does not hear from the server, only from `hear`. */
    deaf: new Set(),
    /** Functions by type, which change what the page hears from the server. */
    amends: {},
    /** Whether the server is told none of our addresses, so that it cannot come to us. */
    hides: false,
    socket: null,
    /** As if the server had said so. */
    hear: (type, payload) => wire.socket.onmessage({ data: JSON.stringify({ type, payload }) }),
    /** The payload that was last sent under a type. */
    last: (type) => wire.sent.findLast((message) => message.type === type)?.payload,
    count: (type) => wire.sent.filter((message) => message.type === type).length,
  });
  window.WebSocket = class extends WebSocket {
    #listener = null;

    get onmessage() {
      return this.#listener;
    }

    set onmessage(listener) {
      this.#listener = listener;
      super.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (wire.deaf.has(message.type)) return;
        if (!(message.type in wire.amends)) return listener(event);
        wire.amends[message.type](message.payload);
        listener({ data: JSON.stringify(message) });
      };
    }

    constructor(...options) {
      super(...options);
      wire.socket = this;
    }

    send(text) {
      const message = JSON.parse(text);
      const { type, payload } = message;
      if (type !== "ping") wire.sent.push({ type, payload, at: performance.now() });
      if (wire.hides && payload?.sdp) {
        payload.sdp = payload.sdp.replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, "");
        text = JSON.stringify(message);
      }
      if (!wire.held.has(type)) super.send(text);
    }
  };
})();
