// The page: what is on the screen, and what a person does. It holds no key; the worker does.

import { ask, end, listen } from "./ask.js";
import { askToUnlock, changePin, locked, withPin } from "./pins.js";
import { $, busy, isBusy, problem, say, show, shown } from "./screen.js";
import { age, done, halves, left, sentence, tryAgain } from "./words.js";

// A request that comes up by itself takes no answer for so long, in milliseconds.
const STARTLE = 600;
const page = { device: null, logins: [], login: null, token: 0, answered: new Set() };

// Enrolment

function offerEnrolment() {
  // An address with the text in its fragment, which no server gets; it is for one use and leaves the address bar.
  const fragment = decodeURIComponent(location.hash.slice(1));
  if (fragment.startsWith("pushotp://enrol#")) {
    $("uri").value = fragment;
    history.replaceState(null, "", location.pathname);
  }
  show("enrol");
}

$("enrol-form").addEventListener("submit", (event) => {
  event.preventDefault();
  busy($("enrol"), async () => {
    const fields = { uri: $("uri").value.trim(), name: $("name").value.trim() };
    const { code, tokens } = await ask("enrol", fields);
    const secured = tokens.filter((token) => token.needsPin);
    page.secured = secured.map((token) => token.id);
    $("uri").value = "";
    $("code").textContent = halves(code);
    $("new-pin").hidden = secured.length === 0;
    $("pin-tokens").textContent = secured.map((token) => token.name).join(" and ");
    problem($("compare"));
    show("compare");
  }, "Asking the server…");
});

$("confirm-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [pin, again] = [$("pin-1").value, $("pin-2").value];
  if (page.secured.length > 0 && pin !== again) {
    problem($("compare"), "The two PINs differ.");
    return;
  }
  busy($("compare"), async () => {
    const { device } = await ask("confirm", { pins: page.secured.map((token) => ({ token, pin })) });
    $("pin-1").value = $("pin-2").value = "";
    // So that the browser does not clear it away by itself when space is short.
    navigator.storage?.persist?.();
    home(device);
  }, "Locking the keys with your PIN…");
});

$("differ").addEventListener("click", () => {
  say("✕", "Not enrolled", "The codes differ: somebody may stand between this browser and the server. Say so on the login page, too, and tell your administrator.");
});

// Home

function home(device) {
  page.device = device;
  device.tokens.sort((one, other) => one.name.localeCompare(other.name));
  $("tokens").replaceChildren(...device.tokens.map(tokenItem));
  show("home");
}

function tokenItem(token) {
  const item = $("token").content.firstElementChild.cloneNode(true);
  const [name, tag, toggle] = [".name", ".tag", "[role=switch]"].map((css) => item.querySelector(css));
  const [form, pin, passcode] = ["form", ".pin", ".passcode"].map((css) => item.querySelector(css));
  const [change, unlock] = [".change", ".unlock"].map((css) => item.querySelector(css));
  item.dataset.token = token.id;
  name.textContent = token.name;
  tag.hidden = change.hidden = !token.needsPin;
  change.addEventListener("click", () => changePin(token));
  unlock.addEventListener("click", () => busy(item, () => askToUnlock(token)));
  toggle.checked = token.push;
  toggle.addEventListener("change", () => {
    busy(item, async () => {
      const on = toggle.checked;
      // Off counts here at once, on when the server agrees.
      toggle.checked = false;
      const { word, device } = await ask("push", { token: token.id, on });
      toggle.checked = device.tokens.find(({ id }) => id === token.id).push;
      if (word !== "accepted") {
        problem(item, "The server keeps requests for this token off. Ask your administrator.");
      }
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (token.needsPin && pin.hidden) {
      pin.hidden = false;
      pin.focus();
      return;
    }
    busy(item, async () => {
      const typed = token.needsPin ? pin.value : null;
      pin.value = "";
      showPasscode(passcode, await withPin(token, "passcode", { pin: typed }));
    }, "Computing…");
  });
  return item;
}

function showPasscode(place, { code, until }) {
  place.querySelector("output").textContent = halves(code);
  place.hidden = false;
  clearInterval(place.timer);
  const tick = () => {
    const rest = until + 1 - Date.now() / 1000;
    place.querySelector("progress").value = rest;
    if (rest <= 0) {
      clearInterval(place.timer);
      place.querySelector("output").textContent = "";
      place.hidden = true;
    }
  };
  place.timer = setInterval(tick, 250);
  tick();
}

function showHistory(entries) {
  $("no-history").hidden = entries.length > 0;
  $("history").replaceChildren(...entries.map(({ at, application, user, place, how }) => {
    const [item, what, when] = ["li", "span", "time"].map((name) => document.createElement(name));
    const from = place ? `, ${place}` : "";
    what.textContent = `${done(how)}: ${application}, ${user}${from}`;
    when.dateTime = new Date(at).toISOString();
    when.textContent = new Date(at).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    item.dataset.how = how;
    item.append(what, when);
    return item;
  }));
}

$("remove").addEventListener("click", async () => {
  if ($("remove-sure").hidden) {
    $("remove-sure").hidden = false;
    return;
  }
  await ask("remove");
  location.reload();
});

// A login

// Nothing comes between a person and a PIN.
function typing() {
  const pin = document.activeElement;
  return pin.matches("#home input.pin") && (pin.value !== "" || pin.closest("li").querySelector(".passcode").hidden);
}

// Shows the oldest request that is open, where nothing else is being looked at.
function next() {
  const open = page.logins.filter((login) => !page.answered.has(login.id));
  $("waits").hidden = true;
  if (shown("login") && !isBusy() && !open.some((login) => login.id === page.login.id)) {
    say("–", "This request is over", "The login page took it back, its time ran out, or another device answered.");
    return;
  }
  if (shown("login")) {
    $("more").hidden = open.length < 2;
    $("more").textContent = `${open.length} requests wait. If you started one alone, deny the others.`;
  }
  if (shown("home") && open.length > 0 && !isBusy() && !typing()) {
    showLogin(open.reduce((one, other) => (other.started < one.started ? other : one)));
  }
  $("waits").hidden = shown("login") || open.length === 0;
  $("home-title").textContent = open.length === 0 ? "Nothing to approve" : "A request waits";
}

$("waits-show").addEventListener("click", () => {
  show("home");
  next();
});

function fill(id, text) {
  $(id).textContent = text ?? "";
  $(id).closest("dl > div").hidden = !text;
}

function startle() {
  const off = (disabled) => {
    $("approve").disabled = $("deny").disabled = disabled;
  };
  off(true);
  clearTimeout(page.startled);
  page.startled = setTimeout(() => off(isBusy()), STARTLE);
}

function showLogin(login) {
  page.login = login;
  startle();
  page.token = Math.max(0, login.tokens.findIndex((token) => token.needsPin));
  fill("application", login.application);
  fill("action", login.action);
  fill("user", login.user);
  fill("place", [login.place, login.ip].filter(Boolean).join(" · "));
  fill("client", login.client);
  $("number").value = "";
  $("number").maxLength = login.digits;
  $("number-field").hidden = login.digits === 0 || Boolean(login.choices);
  $("choices").hidden = !login.choices;
  $("choices").replaceChildren(...(login.choices ?? []).map(choice));
  $("stepper").hidden = login.tokens.length < 2;
  problem($("login"));
  step(0);
  tick();
  show("login");
  next();
  // Never the button: nobody approves by a key that was meant for something else.
  [$("number"), $("pin")].find((field) => field.checkVisibility())?.focus();
}

// A weaker way to ask: one of three numbers is picked. Picking is answering.
function choice(number) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = number;
  button.addEventListener("click", () => {
    $("number").value = number;
    for (const other of $("choices").children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
  return button;
}

function step(by) {
  const { tokens } = page.login;
  page.token = (page.token + by + tokens.length) % tokens.length;
  const token = tokens[page.token];
  $("chosen").textContent = token.name;
  $("pin-field").hidden = !token.needsPin;
  $("pin").value = "";
}

$("previous").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));

function tick() {
  if (page.login) {
    const now = Math.floor(Date.now() / 1000);
    $("age").textContent = age(now - page.login.started);
    $("left").textContent = left(page.login.expires - now);
  }
}

setInterval(tick, 500);

// What is on its way is not offered again.
async function answer(name, fields) {
  const { login } = page;
  page.answered.add(login.id);
  try {
    return await ask(name, { login, ...fields });
  } catch (failure) {
    if (failure.kind === "locked") {
      locked(page.login.tokens[page.token]);
    }
    if (failure.kind === "no-answer") {
      say("?", "Nobody knows", sentence({ kind: "silence" }));
    } else {
      page.answered.delete(login.id);
    }
    throw failure;
  }
}

$("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = page.login.tokens[page.token];
  const [number, pin] = [$("number").value.replaceAll(" ", ""), token.needsPin ? $("pin").value : null];
  if (token.needsPin && pin === "") {
    $("pin").focus();
    problem($("login"), number === "" ? "Type the number from the login page, and your PIN." : "Now type your PIN.");
    return;
  }
  busy($("login"), async () => {
    const verdict = await answer("approve", { token: token.id, number, pin });
    $("pin").value = "";
    if (verdict.word === "try-again") {
      page.answered.delete(page.login.id);
      problem($("login"), tryAgain(verdict));
      queueMicrotask(() => $("pin").focus());
      return;
    }
    approved(verdict);
  }, "Checking…");
});

function approved({ word, count }) {
  const { application } = page.login;
  if (word === "accepted") {
    say("✓", "Approved", `You are signed in to ${application}. The login page goes on by itself.`);
    $("result-warning").hidden = !count;
    $("result-warning").textContent = `Before this, a wrong passcode was tried ${count === 1 ? "once" : `${count} times`}. If that was not you, tell your administrator.`;
  } else if (word === "refused") {
    say("✕", "Not accepted", "The number or the PIN was wrong, and this request is over. Start again on the login page.");
  } else {
    say("–", done(word), sentence({ kind: word }));
  }
}

$("deny").addEventListener("click", () => busy($("login"), async () => {
  const { word } = await answer("deny");
  if (word !== "accepted") {
    say("–", done(word), sentence({ kind: word }));
    return;
  }
  $("denied-lead").textContent = `Nobody was signed in to ${page.login.application}.`;
  $("report-offer").hidden = !page.login.reportOffered;
  $("denied-back").hidden = page.login.reportOffered;
  problem($("denied"));
  show("denied");
}));

$("report").addEventListener("click", () => busy($("denied"), async () => {
  const { word } = await ask("report", { login: page.login }).catch((failure) => failure);
  if (word === undefined) {
    say("?", "Nobody knows", sentence({ kind: "not-reported" }));
    return;
  }
  if (word === "accepted") {
    say("✓", "Reported", "Your administrator is told. Change your password if somebody else may know it.");
  } else {
    say("–", "Not reported", sentence({ kind: "too-late" }));
  }
}));

for (const id of ["no-report", "denied-back", "back", "change-back", "unlock-back"]) {
  $(id).addEventListener("click", () => {
    if (page.device) {
      show("home");
      next();
    } else {
      offerEnrolment();
    }
  });
}

// What the worker says

const LINES = {
  open: "connected",
  down: "no connection",
  rejected: "not confirmed yet",
};

const events = {
  elsewhere: () => show("elsewhere"),
  broken: ({ kind }) => stop(kind),
  history: ({ history: entries }) => showHistory(entries),
  line: ({ line }) => {
    $("line").textContent = LINES[line];
    $("line").dataset.line = line;
    $("unconfirmed").hidden = line !== "rejected";
  },
  logins: ({ logins }) => {
    page.logins = logins;
    next();
  },
};

function stop(kind) {
  $("waits").hidden = true;
  $("broken-why").textContent = sentence({ kind });
  show("broken");
}

// A page that the browser only puts aside would go on to hold the device.
window.addEventListener("pagehide", end);
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

listen((event, values) => events[event](values), () => stop("page"));
document.addEventListener("idle", () => shown("home") && next());

$("reload").addEventListener("click", () => location.reload());

ask("start").then(({ device, history: entries }) => {
  showHistory(entries);
  if (device) {
    home(device);
    next();
  } else {
    offerEnrolment();
  }
}, (failure) => stop(failure.kind));
