// Holds the device, its storage and its line to the server. The page gets what is to be seen, never a key.
//
// It is a worker so that the page goes on while a PIN is stretched, and one alone in the browser: two would each count the
// attempts for themselves.

import { Device, Failure, fromBase64, toBase64 } from "./device.js";
import { about, deliver, post, sleep } from "./line.js";
import { erase, read, write } from "./store.js";

const LONG_POLL = 25;
const HISTORY = 20;
// A minute after the end of a login its fate is known to the server for good.
const AFTER = 60;

let device;
let url;
let history = [];
let polling = 0;
// Requests that were shown, and those that were answered here: whatever else is over was not answered in time.
let open = new Map();
const answered = new Set();

const tell = (event, values) => postMessage({ event, ...values });
const soon = () => Date.now() + 60000;

// Waits until no other page of this browser has the device.
function alone() {
  const keep = new Promise(() => {});
  return new Promise((resolve) => {
    const held = () => { resolve(); return keep; };
    navigator.locks.request("pushotp-device", { ifAvailable: true }, (lock) => {
      if (lock) {
        return held();
      }
      tell("elsewhere");
      navigator.locks.request("pushotp-device", held);
    });
  });
}

function save({ state, keys }) {
  return write({ state: fromBase64(state), ...(keys && { keys: fromBase64(keys) }) });
}

async function start() {
  const module = await WebAssembly.compileStreaming(fetch("./web_device.wasm"));
  await alone();
  device = await Device.start(module, save);
  const stored = await read();
  if (!stored.state || !stored.keys) {
    return { device: null, history: [] };
  }
  history = stored.history ?? [];
  const loaded = await device.call("load", { state: toBase64(stored.state), keys: toBase64(stored.keys) });
  url = loaded.device.url;
  poll();
  return { device: loaded.device, history };
}

// Asks what is open, again and again; the server holds its reply back until there is something.
async function poll() {
  const turn = ++polling;
  let pause = 0;
  let wait = 0;
  while (turn === polling) {
    try {
      const { message } = await device.call("fetch");
      const reply = await post(url, message, wait);
      if (turn !== polling) {
        return;
      }
      const { logins } = await device.call("fetched", { reply });
      tell("logins", { logins });
      await missed(logins);
      tell("line", { line: "open" });
      // While something is shown, whether it is still open is asked for every two seconds.
      [wait, pause] = logins.length > 0 ? [0, 2000] : [LONG_POLL, 250];
    } catch (failure) {
      if (["broken", "not-stored"].includes(failure.kind)) {
        tell("broken", { kind: failure.kind });
        return;
      }
      tell("line", { line: failure.kind === "rejected" ? "rejected" : "down" });
      // The next answer comes at once, and says that the line is good again.
      [wait, pause] = [0, Math.min(Math.max(2 * pause, 1000), 30000)];
    }
    await sleep(about(pause));
  }
}

// What was open and is not any more.
async function missed(logins) {
  const over = [...open.values()].filter(({ id }) => !answered.has(id) && !logins.some((login) => login.id === id));
  open = new Map(logins.map((login) => [login.id, login]));
  for (const login of over) {
    await remember(login, Date.now() / 1000 > login.expires ? "expired" : "gone");
  }
}

async function remember(login, how) {
  const { id, application, user, place } = login;
  // A report takes the place of its denial.
  const others = history.filter((entry) => entry.id !== id);
  history = [{ id, at: Date.now(), application, user, place, how }, ...others].slice(0, HISTORY);
  tell("history", { history });
  await write({ history });
}

// A message about a login, and what the server says.
async function exchange(login, [ask, fields], take) {
  const { message } = await device.call(ask, { login: login.id, ...fields });
  const taken = (reply) => device.call(take, { login: login.id, reply });
  return deliver(url, message, taken, (login.expires + AFTER) * 1000);
}

// An answer: it is in the history once it cannot be given again.
async function answer(login, how, ...messages) {
  answered.add(login.id);
  try {
    const verdict = await exchange(login, ...messages);
    if (verdict.word === "try-again") {
      answered.delete(login.id);
    } else {
      await remember(login, verdict.word === "accepted" ? how : verdict.word);
    }
    return verdict;
  } catch (failure) {
    if (failure.kind === "no-answer") {
      await device.call("forget", { login: login.id });
      await remember(login, "no-answer");
    } else {
      answered.delete(login.id);
    }
    throw failure;
  }
}

// Tells the server of a new PIN. It counts here already; where this is lost, the next approval says the same.
async function confirm(message) {
  try {
    await deliver(url, message, (reply) => device.call("rotationConfirmed", { reply }), soon());
  } catch (failure) {
    console.warn(`the new PIN is not confirmed yet: ${failure}`);
  }
}

const asks = {
  start,

  async enrol({ uri, name }) {
    const started = await device.call("enrol", { uri, name });
    return deliver(started.url, started.message, (reply) => device.call("enrolled", { reply }), soon());
  },

  async confirm({ pins }) {
    const enrolled = await device.call("confirm", { pins });
    url = enrolled.device.url;
    poll();
    return { device: enrolled.device };
  },

  approve: ({ login, token, number, pin }) => answer(login, "approved", ["approve", { token, number, pin }], "approved"),

  deny: ({ login }) => answer(login, "denied", ["deny", {}], "denied"),

  async report({ login }) {
    const verdict = await exchange(login, ["report", {}], "reported");
    if (verdict.word === "accepted") {
      await remember(login, "reported");
    }
    return verdict;
  },

  passcode: ({ token, pin }) => device.call("passcode", { token, pin }),

  async push({ token, on }) {
    const { message } = await device.call("push", { token, on });
    try {
      return await deliver(url, message, (reply) => device.call("pushed", { reply }), soon());
    } catch (failure) {
      throw failure.kind === "no-answer" && !on ? new Failure("off-here") : failure;
    }
  },

  // What is typed is checked, and the try is counted, before anything is sent.
  async changePin({ token, pin, next }) {
    const { message } = await device.call("rotate", { token, pin, new: next });
    try {
      const told = await deliver(url, message, (reply) => device.call("rotated", { reply }), soon());
      if (told.word === "changed") {
        confirm(told.message);
      }
      return { word: told.word, count: told.count };
    } catch (failure) {
      // Without a reply nothing has changed here.
      throw failure.kind === "no-answer" ? new Failure("not-changed") : failure;
    }
  },

  unlockRequest: ({ token }) => device.call("unlockRequest", { token }),

  unlock: ({ token, code }) => device.call("unlock", { token, code }),

  async remove() {
    polling += 1;
    await erase();
  },
};

onmessage = async ({ data: { id, ask, fields } }) => {
  try {
    postMessage({ id, told: await asks[ask](fields) });
  } catch (failure) {
    const { kind, until } = failure instanceof Failure ? failure : { kind: "page" };
    postMessage({ id, failure: { kind, until, text: String(failure) } });
  }
};
