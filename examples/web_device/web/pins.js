// Another PIN, and a token that wrong ones have locked.

import { ask } from "./ask.js";
import { $, busy, problem, say, show } from "./screen.js";
import { notChanged } from "./words.js";

// A try at a PIN. Where there are no more of them, the list says what to do.
export async function withPin(token, name, fields) {
  try {
    return await ask(name, { token: token.id, ...fields });
  } catch (failure) {
    if (failure.kind === "locked") {
      locked(token);
    }
    throw failure;
  }
}

export function locked(token) {
  $("tokens").querySelector(`[data-token="${token.id}"] .unlock`).hidden = false;
}

let changing;

export function changePin(token) {
  changing = token;
  $("change-token").textContent = token.name;
  $("change-form").reset();
  problem($("change"));
  show("change");
  $("old-pin").focus();
}

$("change-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [old, next, again] = ["old-pin", "new-pin-1", "new-pin-2"].map((id) => $(id).value);
  if (old === "") {
    problem($("change"), "Type the PIN that you have now.");
    $("old-pin").focus();
    return;
  }
  if (next !== again) {
    problem($("change"), "The two new PINs differ.");
    $("new-pin-2").focus();
    return;
  }
  busy($("change"), async () => {
    const told = await withPin(changing, "changePin", { pin: old, next });
    $("change-form").reset();
    if (told.word !== "changed") {
      problem($("change"), notChanged(told));
      $("old-pin").focus();
      return;
    }
    say("✓", "PIN changed", "The old PIN is worth nothing from now on.");
  }, "Asking the server…");
});

// A lock that only the administrator opens

let unlocking;

export async function askToUnlock(token) {
  const { request } = await ask("unlockRequest", { token: token.id });
  unlocking = token;
  $("unlock-token").textContent = token.name;
  $("unlock-request").value = request;
  $("unlock-code").value = "";
  problem($("unlock"));
  show("unlock");
}

$("unlock-request").addEventListener("focus", () => $("unlock-request").select());

$("unlock-form").addEventListener("submit", (event) => {
  event.preventDefault();
  busy($("unlock"), async () => {
    const token = unlocking;
    const { attempts } = await ask("unlock", { token: token.id, code: $("unlock-code").value });
    $("tokens").querySelector(`[data-token="${token.id}"] .unlock`).hidden = true;
    say("✓", "Unlocked", `There are ${attempts} tries at the PIN of ${token.name} again.`);
  });
});
