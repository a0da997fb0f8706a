// What is said to a person.

const SENTENCES = {
  "already-answered": "Another of your devices has answered this request already.",
  broken: "This page has to be loaded again.",
  cancelled: "The login page took this request back.",
  clock: "This comes from the future. Is the clock of this device right?",
  damaged: "This text is not complete. Copy all of it from the login page.",
  device: "This browser could not do it. Nothing was sent.",
  expired: "This is too old. Start again on the login page.",
  locked: "Too many wrong PINs in a row: this token is locked in this browser. “Unlock” in your list of tokens says what to do.",
  name: "This name cannot be used. Take one of 1 to 64 plain characters.",
  newer: "This enrolment needs a newer version of this page.",
  "no-answer": "No answer came from the server. Try again when you have a connection.",
  "no-login": "This request is over.",
  "not-changed": "No answer came from the server. Your old PIN still counts.",
  "not-an-enrolment": "This is not an enrolment. The text begins with pushotp://enrol#",
  "not-stored": "This browser could not store anything, so nothing was sent. Is the disk full? Load the page again.",
  "not-reported": "No answer came from the server. Tell your administrator yourself that somebody tried to sign in as you.",
  number: "The number on the login page has another length.",
  "off-here": "The server could not be told: it counts in this browser only.",
  page: "This page does not work here. Load it again, or use a newer browser.",
  "pin-digits": "A PIN has digits only.",
  "pin-easy": "This PIN is among the first that anyone would try. Take another one.",
  "pin-long": "A PIN has at most 16 digits.",
  "pin-needed": "Type the PIN, too.",
  "pin-short": "A new PIN has at least 6 digits.",
  refused: "The server refused.",
  rejected: "The server does not know this enrolment. Get a new one from the login page.",
  reply: "The server's answer cannot be read.",
  silence: "No answer came from the server. Look at the login page: it shows whether you are in.",
  state: "What this browser has stored cannot be read. Enrol it again.",
  "too-late": "The server does not take this report any more. Tell your administrator yourself.",
  unconfirmed: "The last change of this PIN is not finished. Approve one more login first.",
  "unlock-code": "This code does not fit. Is all of it there? It is for one request: give your administrator the text above, as it is now.",
};

const HISTORY = {
  approved: "You approved",
  denied: "You denied",
  reported: "You reported",
  "already-answered": "Answered elsewhere",
  cancelled: "Withdrawn",
  expired: "Not answered in time",
  gone: "Withdrawn or answered elsewhere",
  "no-answer": "No answer from the server",
};

export function sentence({ kind, until }, now = Date.now()) {
  if (kind === "wait") {
    const seconds = Math.max(1, Math.ceil(until - now / 1000));
    const time = seconds < 100 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
    return `After wrong PINs the next try has to wait ${time}.`;
  }
  return SENTENCES[kind] ?? SENTENCES.device;
}

// A wrong PIN is never known here: the server refused a passcode.
export function tryAgain({ count, attempts }) {
  const tries = count === 1 ? "One more try" : `${count} more tries`;
  return `Not accepted. Most likely the PIN was wrong. ${tries} for this login.${few(attempts)}`;
}

// What is left on this device, where it is little.
function few(attempts) {
  if (attempts === 0) {
    return " This token is now locked in this browser.";
  }
  const wrong = attempts === 1 ? "one more wrong PIN" : `${attempts} more wrong PINs`;
  return attempts < 6 ? ` After ${wrong} in a row this token is locked in this browser.` : "";
}

// Why a PIN is the old one still. The server does not say which of its reasons it was.
export function notChanged({ word, count }) {
  if (word !== "try-again") {
    return "Not changed. The server permits it for ten minutes after you approve a login with this token, and takes few wrong PINs. Approve a login, and then try again.";
  }
  const tries = count === 1 ? "one more try" : `${count} more tries`;
  const next = count === 0 ? "Approve a login before you try again." : `The server takes ${tries}.`;
  return `Not changed. Most likely the first PIN was wrong. ${next}`;
}

export const done = (how) => HISTORY[how] ?? "Not accepted";

export function age(seconds) {
  if (seconds < 2) {
    return "just now";
  }
  return seconds < 120 ? `${seconds} seconds ago` : `${Math.floor(seconds / 60)} minutes ago`;
}

export function left(seconds) {
  const rest = Math.max(0, seconds);
  return `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
}

// Digits in two halves, as people read them out.
export function halves(digits) {
  const middle = Math.ceil(digits.length / 2);
  return `${digits.slice(0, middle)} ${digits.slice(middle)}`;
}
