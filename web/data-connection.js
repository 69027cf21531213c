// A data channel to the server, which tells its time every second and echoes what it hears. No DOM.

/** States: "idle", "connecting", "connected", "interrupted", "failed", "closed". */
export class DataConnection extends EventTarget {
  state = "idle";
  pc = null;
  channel = null;

  /** Connects anew. Events: "state", and "message" with the text or the number of bytes as its detail. */
  async start() {
    this.stop();
    const pc = (this.pc = new RTCPeerConnection());
    const channel = (this.channel = pc.createDataChannel("time"));
    channel.binaryType = "arraybuffer";
    this.#become("connecting");
    pc.addEventListener("connectionstatechange", () => this.pc === pc && this.#follow(pc.connectionState));
    channel.addEventListener("open", () => this.channel === channel && this.#become("connected"));
    channel.addEventListener("close", () => this.channel === channel && this.#end("closed"));
    channel.addEventListener("message", ({ data }) => {
      this.dispatchEvent(new CustomEvent("message", { detail: typeof data === "string" ? data : data.byteLength }));
    });
    try {
      await pc.setLocalDescription();
      await pc.setRemoteDescription({ type: "answer", sdp: await exchange(pc.localDescription.sdp) });
    } catch (error) {
      if (this.pc === pc) this.#end("failed");
      console.warn(error);
    }
  }

  /** Sends text; false where it cannot be sent now. */
  send(text) {
    if (this.state !== "connected") return false;
    this.channel.send(text);
    return true;
  }

  stop() {
    if (this.pc) this.#end("closed");
  }

  #follow(connectionState) {
    if (connectionState === "failed") this.#end("failed");
    else if (connectionState === "disconnected") this.#become("interrupted");
    else if (connectionState === "connected" && this.channel.readyState === "open") this.#become("connected");
  }

  #end(state) {
    const { pc } = this;
    this.pc = this.channel = null;
    pc.close();
    this.#become(state);
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

/** The server's answer to an offer. It holds all of the server's addresses, so none of ours has to be awaited. */
async function exchange(offer) {
  const answer = await fetch("/sdp", { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
