"use strict";

// The seam: takes what was pushed, a sealed envelope, and yields the words for the person. Here the authenticator is in the
// process that started the browser. One that runs in the page takes the place of this function, and of nothing else.
async function received(bytes) {
  const response = await fetch("/received", { method: "POST", body: bytes });
  return response.text();
}

function show(words) {
  document.getElementById("state").textContent = words;
}

async function subscribe() {
  await navigator.serviceWorker.register("/worker.js");
  const worker = await navigator.serviceWorker.ready;
  const applicationServerKey = await (await fetch("/key")).text();
  // What it yields is good for this server alone, which has the private key.
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const response = await fetch("/subscription", { method: "POST", body: JSON.stringify(subscription) });
  if (!response.ok) {
    throw new Error(`the subscription was refused: ${response.status}`);
  }
  show("Ready. A login will appear here.");
}

navigator.serviceWorker.addEventListener("message", async (event) => {
  show("A login arrived.");
  show(await received(event.data));
});
navigator.serviceWorker.startMessages();

const subscribed = subscribe();
subscribed.catch((error) => show(`No pushes here: ${error.message}`));
