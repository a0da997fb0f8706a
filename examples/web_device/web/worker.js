// Holds the device, its storage and its line to the server. The page gets what is to be seen, never a key.
//
// It is a worker so that the page goes on while a PIN is stretched, and one alone in the browser: two would each count the
// attempts for themselves.

import { Device, Failure, fromBase64, toBase64 } from "./device.js";
import { deliver, post, sleep } from "./line.js";
import { erase, read, write } from "./store.js";

const LONG_POLL = 25;
const HISTORY = 20;
// A minute after the end of a login its fate is known to the server for good.
const AFTER = 60;

let device;
let url;
let history = [];
let polling = 0;

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
    await sleep(pause);
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
async function about(login, [ask, fields], take) {
  const { message } = await device.call(ask, { login: login.id, ...fields });
  const taken = (reply) => device.call(take, { login: login.id, reply });
  return deliver(url, message, taken, (login.expires + AFTER) * 1000);
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

  async approve({ login, token, number, pin }) {
    try {
      const verdict = await about(login, ["approve", { token, number, pin }], "approved");
      if (verdict.word !== "try-again") {
        await remember(login, verdict.word === "accepted" ? "approved" : verdict.word);
      }
      return verdict;
    } catch (failure) {
      if (failure.kind === "no-answer") {
        await device.call("forget", { login: login.id });
        await remember(login, "no-answer");
      }
      throw failure;
    }
  },

  async deny({ login }) {
    const verdict = await about(login, ["deny", {}], "denied");
    await remember(login, verdict.word === "accepted" ? "denied" : verdict.word);
    return verdict;
  },

  async report({ login }) {
    const verdict = await about(login, ["report", {}], "reported");
    await remember(login, verdict.word === "accepted" ? "reported" : verdict.word);
    return verdict;
  },

  passcode: ({ token, pin }) => device.call("passcode", { token, pin }),

  async push({ token, on }) {
    const { message } = await device.call("push", { token, on });
    return deliver(url, message, (reply) => device.call("pushed", { reply }), soon());
  },

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
