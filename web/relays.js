// Which of the relays that the server names are asked.

/**
 * Without those that are reached by UDP where media itself comes from: they lead no further than it does, and a browser with such a one takes
 * what comes from there for the relay's, so that the direct path fails. `answer` is the server's.
 */
export function relaysBeside(answer, servers) {
  const direct = new Set(
    [...answer.matchAll(/^a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) /gim)].map(([, ip, port]) => place(ip, port)),
  );
  return servers
    .map(({ urls, ...rest }) => ({ ...rest, urls: [urls].flat().filter((url) => !direct.has(udpPlace(url))) }))
    .filter(({ urls }) => urls.length > 0);
}

const place = (ip, port) => `${ip.replace(/[[\]]/g, "").toLowerCase()} ${port}`;

function udpPlace(url) {
  const [, ip, port = "3478"] = /^turn:(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=udp)?$/i.exec(url) ?? [];
  return ip && place(ip, port);
}
