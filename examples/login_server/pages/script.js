// What a page does by itself. Without this file every page still works: it is then loaded again every few seconds.
"use strict";

let leaving = false;

// Loads the page again, which then shows what is now. No form is sent twice by that.
function again() {
  // A form that was just sent leads to another page: it is not overtaken.
  if (!leaving) {
    location.replace(location.pathname);
  }
}

// A page that waits hears of every change.
const live = document.querySelector("[data-events]");
if (live && "EventSource" in window) {
  const source = new EventSource(live.dataset.events);
  source.addEventListener("word", (event) => {
    if (event.data !== live.dataset.word) {
      source.close();
      again();
    }
  });
}

const soon = document.querySelector("[data-reload]");
if (soon) {
  setTimeout(again, Number(soon.dataset.reload));
}

// The time that is left, by the page's own clock: only how long it has been on the screen counts.
const countdown = document.querySelector("[data-seconds]");
if (countdown) {
  const end = performance.now() + Number(countdown.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    countdown.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    if (left === 0) {
      clearInterval(timer);
      setTimeout(again, 1500);
    }
  }, 250);
}

// A button pressed twice sends once.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  leaving = true;
  for (const button of event.target.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", "true");
  }
});

// Where a button says so, a field's text goes to the clipboard.
const copy = document.querySelector("[data-copy]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).value);
    copy.textContent = "Copied";
  });
}

// A page that the back button brings from memory may be old.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    leaving = false;
    again();
  }
});
