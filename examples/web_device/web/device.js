// The device: the WebAssembly module, which imports nothing, and the order in which its answers are used.
//
// The module's storage is this: an answer may have a `state`. It is stored before the rest of the answer is looked at. So no
// message is sent, and no passcode shown, whose attempt at the PIN is not on the medium: if the page ends before that, nobody
// was told whether the PIN was right, and the attempt need not count.

export class Failure extends Error {
  constructor(kind, until) {
    super(kind);
    this.kind = kind;
    this.until = until;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export class Device {
  #module;
  #save;
  #seconds;
  #turn = Promise.resolve();
  #broken = false;

  // `module` is a compiled WebAssembly.Module, `save` keeps { state, keys } durably and rejects if it cannot.
  static async start(module, save, seconds = () => Math.floor(Date.now() / 1000)) {
    const device = new Device();
    const { exports } = await WebAssembly.instantiate(module, {});
    device.#module = exports;
    device.#save = save;
    device.#seconds = seconds;
    return device;
  }

  // One after the other: what an earlier call changed is stored before the next one begins.
  call(name, fields = {}) {
    const turn = this.#turn.then(() => this.#once(name, fields));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #once(name, fields) {
    if (this.#broken) {
      throw new Failure("broken");
    }
    const answer = this.#ask(name, fields);
    if (answer.state) {
      try {
        await this.#save({ state: answer.state, ...(answer.ok?.keys && { keys: answer.ok.keys }) });
      } catch {
        // What is in memory is ahead of what is stored. Nothing of it leaves any more; a reload begins with what is stored.
        this.#broken = true;
        throw new Failure("not-stored");
      }
    }
    if (answer.error) {
      throw new Failure(answer.error.kind, answer.error.until);
    }
    return answer.ok;
  }

  #ask(name, fields) {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    const request = { now: this.#seconds(), seed: toBase64(seed), call: { [name]: fields } };
    const bytes = encoder.encode(JSON.stringify(request));
    try {
      const { memory, device_reserve: reserve, device_call: call, device_answer: answer } = this.#module;
      // The memory may move when it grows: each look at it is a new one.
      const start = reserve(bytes.length);
      new Uint8Array(memory.buffer, start, bytes.length).set(bytes);
      const length = call();
      return JSON.parse(decoder.decode(new Uint8Array(memory.buffer, answer(), length)));
    } catch (trap) {
      this.#broken = true;
      throw trap;
    } finally {
      bytes.fill(0);
    }
  }
}
