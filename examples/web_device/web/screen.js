// What every screen of the page does: one is shown, one thing is done at a time, and how it ended is said.

import { sentence } from "./words.js";

export const $ = (id) => document.getElementById(id);

const SECTIONS = ["opening", "elsewhere", "broken", "enrol", "compare", "home", "change", "unlock", "login", "denied", "result"];

export function show(name) {
  for (const section of SECTIONS) {
    $(section).hidden = section !== name;
  }
  document.title = name === "login" ? "Request: Authenticator" : "Authenticator";
  window.scrollTo(0, 0);
  // The keyboard goes on here, and a screen reader says where that is.
  const heading = $(name).querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
}

export const shown = (name) => !$(name).hidden;

export function problem(section, text) {
  const place = section.querySelector(".problem");
  place.textContent = text ?? "";
  place.hidden = !text;
}

let working = false;
export const isBusy = () => working;

// One thing at a time: the buttons of a section wait with it. What fails is said there.
export async function busy(section, work, words) {
  if (working) {
    return;
  }
  working = true;
  const buttons = [...section.querySelectorAll("button")];
  const [first] = buttons.filter((button) => button.type === "submit" || button.dataset.busy);
  const text = first?.textContent;
  problem(section);
  for (const button of buttons) {
    button.disabled = true;
  }
  if (first && words) {
    first.textContent = words;
  }
  try {
    await work();
  } catch (failure) {
    problem(section, sentence(failure));
  } finally {
    working = false;
    for (const button of buttons) {
      button.disabled = false;
    }
    if (first && words) {
      first.textContent = text;
    }
    document.dispatchEvent(new Event("idle"));
  }
}

export function say(sign, title, text) {
  $("result-sign").textContent = sign;
  $("result-sign").dataset.sign = sign;
  $("result-title").textContent = title;
  $("result-text").textContent = text;
  $("result-warning").hidden = true;
  show("result");
  $("back").focus();
}
