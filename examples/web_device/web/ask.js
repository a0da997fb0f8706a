// The page's line to its worker, which holds the device.

const worker = new Worker("./worker.js", { type: "module" });
const waiting = new Map();
let asked = 0;

// Asks the worker.
export function ask(name, fields = {}) {
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    worker.postMessage({ id: asked, ask: name, fields });
  });
}

// What it says by itself, and its end.
export function listen(heard, failed) {
  worker.onmessage = ({ data: { id, told, failure, event, ...values } }) => {
    if (event) {
      heard(event, values);
      return;
    }
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (failure) {
      reject(failure);
    } else {
      resolve(told);
    }
  };
  worker.onerror = failed;
}

export const end = () => worker.terminate();
