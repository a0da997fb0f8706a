// Messages to the server: always the same bytes, until there is a reply.

import { Failure, fromBase64, toBase64 } from "./device.js";

const LONGEST_PAUSE = 15000;

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Up to a half more or less, by chance: not all devices come back to a restarted server in one moment.
export const about = (milliseconds) => milliseconds * (0.5 + Math.random());

// An enrolment names `https` always. A page that its own host serves in another way, as on a loopback address, goes there.
export function address(url, here = self.location) {
  const to = new URL(url);
  if (to.host === here.host) {
    to.protocol = here.protocol;
  }
  return to;
}

// One try. `wait`: how many seconds the server may hold the reply back (RFC 7240).
export async function post(url, message, wait = 0) {
  const response = await fetch(address(url), {
    method: "POST",
    body: fromBase64(message),
    headers: { "content-type": "application/cbor", prefer: `wait=${wait}` },
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout((wait + 20) * 1000),
  });
  if (response.status === 400) {
    throw new Failure("rejected");
  }
  if (!response.ok) {
    throw new Error(`HTTP ${response.status}`);
  }
  return toBase64(new Uint8Array(await response.arrayBuffer()));
}

// Posts until `take` makes something of a reply. The server counts a message once, however often it comes.
export async function deliver(url, message, take, until) {
  for (let pause = 500; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      const taken = await take(await post(url, message));
      if (taken.word !== "retry-later") {
        return taken;
      }
    } catch (failure) {
      // Another "reply" than the server's may come from whatever stands between.
      if (failure instanceof Failure && failure.kind !== "reply") {
        throw failure;
      }
    }
    if (Date.now() + pause > until) {
      throw new Failure("no-answer");
    }
    await sleep(about(pause));
  }
}
