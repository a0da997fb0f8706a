// What this browser keeps, in IndexedDB: `state` and `keys` of the device, and the `history` that the page shows.

const NAME = "pushotp-device";
const TABLE = "device";

function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

// `strict`: the browser tells of the end when the data is on the medium, not before.
async function transaction(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const change = database.transaction(TABLE, mode, { durability: "strict" });
      const result = work(change.objectStore(TABLE));
      change.oncomplete = () => resolve(result);
      change.onabort = () => reject(change.error);
    });
  } finally {
    database.close();
  }
}

export async function read() {
  const found = {};
  await transaction("readonly", (table) => {
    for (const name of ["state", "keys", "history"]) {
      table.get(name).onsuccess = (event) => { found[name] = event.target.result; };
    }
  });
  return found;
}

// All of it or nothing, and on the medium when the promise is kept.
export async function write(values) {
  await transaction("readwrite", (table) => {
    for (const [name, value] of Object.entries(values)) {
      table.put(value, name);
    }
  });
}

export async function erase() {
  await transaction("readwrite", (table) => table.clear());
}
