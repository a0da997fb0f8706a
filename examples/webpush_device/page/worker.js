"use strict";

// The browser has decrypted what the push service carried (RFC 8291). It is sealed once more, for the authenticator: the
// notification cannot tell who asks.
self.addEventListener("push", (event) => {
  const bytes = event.data ? new Uint8Array(event.data.arrayBuffer()) : new Uint8Array();
  event.waitUntil(Promise.all([notify(), hand(bytes)]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

// The page that is open when the first push arrives was loaded without the worker.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function notify() {
  return self.registration.showNotification("A login waits", { body: "Open the page to see who asks.", tag: "login" });
}

async function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}

async function hand(bytes) {
  for (const page of await pages()) {
    page.postMessage(bytes);
  }
}

async function open() {
  const [page] = await pages();
  return page ? page.focus() : self.clients.openWindow("/");
}
