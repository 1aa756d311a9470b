// The module, and how values get into its memory and out of it.
import { ABI_VERSION, NEVER, Status, layouts } from "./interface.js";

/** The bytes of stepsize.wasm, which lies in the package: read in Node, fetched in a browser. */
async function module() {
  const url = new URL("../stepsize.wasm", import.meta.url);
  if (url.protocol !== "file:") {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`stepsize: ${url} is not there: ${response.status}`);
    return response.arrayBuffer();
  }
  const { readFile } = await import("node:fs/promises");
  return readFile(url);
}

/** The functions of C and `memory`, as the module exports them. */
export const wasm = (await WebAssembly.instantiate(await module())).instance.exports;

if (wasm.stepsize_abi_version() !== ABI_VERSION) {
  throw new Error(`stepsize: stepsize.wasm has the interface ${wasm.stepsize_abi_version()}, expected ${ABI_VERSION}`);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A call of the library has failed. */
export class StepsizeError extends Error {
  /**
   * @param {number} status A value of `Status`.
   * @param {string} message
   * @param {number} offset Where in the text, as an index of the string; -1 where it is not about a place.
   */
  constructor(status, message, offset = -1) {
    super(message);
    this.name = "StepsizeError";
    this.status = status;
    this.offset = offset;
  }
}

// Each view is made anew: memory that grows takes the old ones away.
const view = () => new DataView(wasm.memory.buffer);
const bytesAt = (address, size) => new Uint8Array(wasm.memory.buffer, address, size);

const readers = {
  int32_t: (address) => view().getInt32(address, true),
  uint32_t: (address) => view().getUint32(address, true),
  size_t: (address) => view().getUint32(address, true),
  pointer: (address) => view().getUint32(address, true),
  int64_t: (address) => view().getBigInt64(address, true),
  double: (address) => view().getFloat64(address, true),
  text: (address, size) => terminated(address, size),
};

const writers = {
  int32_t: (address, value) => view().setInt32(address, value, true),
  uint32_t: (address, value) => view().setUint32(address, value, true),
  size_t: (address, value) => view().setUint32(address, value, true),
  pointer: (address, value) => view().setUint32(address, value, true),
  int64_t: (address, value) => view().setBigInt64(address, value, true),
  double: (address, value) => view().setFloat64(address, value, true),
};

function terminated(address, limit) {
  const bytes = bytesAt(address, limit);
  const end = bytes.indexOf(0);
  return decoder.decode(bytes.subarray(0, end < 0 ? limit : end));
}

/** Memory of one call: what `use` gives its body is freed when the body ends. */
class Frame {
  #blocks = [];

  block(size) {
    const address = wasm.malloc(size);
    if (address === 0) throw new StepsizeError(Status.ERROR_MEMORY, "out of memory");
    this.#blocks.push(address);
    return address;
  }

  /** [address, bytes] of a text in UTF-8, terminated. */
  text(value) {
    if (typeof value !== "string") throw new TypeError(`stepsize: expected a text, got ${String(value)}`);
    return this.bytes(encoder.encode(`${value}\0`), -1);
  }

  bytes(value, correction = 0) {
    const address = this.block(value.length);
    bytesAt(address, value.length).set(value);
    return [address, value.length + correction];
  }

  /** [address, count] of doubles: of a number, or of anything with numbers in it. */
  numbers(values) {
    const list = typeof values === "number" ? [values] : Float64Array.from(values);
    const address = this.block(8 * list.length);
    new Float64Array(wasm.memory.buffer, address, list.length).set(list);
    return [address, list.length];
  }

  pointers(values) {
    const address = this.block(4 * values.length);
    new Uint32Array(wasm.memory.buffer, address, values.length).set(values);
    return [address, values.length];
  }

  /** A struct with zeros, its size set where it has one. */
  struct(name, values = {}) {
    const { size, fields } = layouts[name];
    const address = this.block(size);
    bytesAt(address, size).fill(0);
    const struct = { address, size, get: (field) => get(address, fields[field]), all: () => all(address, fields) };
    struct.set = (given) => {
      for (const [field, value] of Object.entries(given)) set(address, fields[field], value);
      return struct;
    };
    return struct.set(fields.size ? { size, ...values } : values);
  }

  destroy() {
    for (const block of this.#blocks) wasm.free(block);
  }
}

const get = (address, [type, offset, size]) => readers[type](address + offset, size);
const set = (address, [type, offset], value) => writers[type](address + offset, value);

function all(address, fields) {
  const values = {};
  for (const [name, field] of Object.entries(fields)) {
    if (name !== "size" && name !== "reserved") values[name] = get(address, field);
  }
  return values;
}

export function use(body) {
  const frame = new Frame();
  try {
    return body(frame);
  } finally {
    frame.destroy();
  }
}

/** Throws for a status that is not OK. */
export function check(status) {
  if (status === Status.OK) return;
  const name = terminated(wasm.stepsize_status_name(status), 64);
  throw new StepsizeError(status, `stepsize: ${name}`);
}

/** Calls `body(error)`, which returns a status, and throws with the library's own words. */
export function checked(frame, body, text = "") {
  const error = frame.struct("stepsize_error");
  const status = body(error.address);
  if (status === Status.OK) return;
  const offset = Number(error.get("offset"));
  if (error.get("status") !== status) check(status);
  throw new StepsizeError(status, error.get("text"), offset < 0 ? -1 : indexOf(text, offset));
}

/** The index in a string of the byte `offset` of its UTF-8. */
const indexOf = (text, offset) => decoder.decode(encoder.encode(text).subarray(0, offset)).length;

/** The address that `body(out, error)` writes. */
export function made(frame, body, text) {
  const out = frame.block(4);
  checked(frame, (error) => body(out, error), text);
  return readers.pointer(out);
}

/** The text of a function that takes a buffer, its capacity and where to write the size of the whole. */
export function textOf(body) {
  return use((frame) => decoder.decode(written(frame, 1, body)));
}

/** The bytes of such a function; `extra` for a terminator. */
export function written(frame, extra, body) {
  const size = frame.block(4);
  check(body(0, 0, size));
  const count = readers.size_t(size);
  const buffer = frame.block(count + extra);
  check(body(buffer, count + extra, size));
  return bytesAt(buffer, count).slice();
}

export const doublesAt = (address, count) => new Float64Array(wasm.memory.buffer, address, count).slice();
export const int32At = readers.int32_t;
export const sizeAt = readers.size_t;
export const doubleAt = readers.double;

/** A step or a length for C, of a number or a bigint. */
export function int64(value) {
  if (typeof value === "number" && !Number.isSafeInteger(value) && value !== Infinity) {
    throw new RangeError(`stepsize: ${value} is no whole number that is exact; a bigint is`);
  }
  const integer = value === Infinity ? NEVER : BigInt(value);
  if (BigInt.asIntN(64, integer) !== integer) throw new RangeError(`stepsize: ${value} does not fit into 64 bits`);
  return integer;
}

/** A step or a length from C: Infinity for none, and a bigint where a number would not be exact. */
export function count(value) {
  if (value === NEVER) return Infinity;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const registry = new FinalizationRegistry(({ address, destroy }) => destroy(address));

/** An object of the library: freed with `destroy()`, by `using`, or some time after nobody has it any more. */
export class Handle {
  #address;
  #destroy;

  constructor(address, destroy) {
    this.#address = address;
    this.#destroy = destroy;
    registry.register(this, { address, destroy }, this);
  }

  /** For the functions of `wasm`; the object stays this one's. */
  get address() {
    if (this.#address === 0) throw new StepsizeError(Status.ERROR_NULL, "the object was destroyed");
    return this.#address;
  }

  destroy() {
    if (this.#address === 0) return;
    registry.unregister(this);
    this.#destroy(this.#address);
    this.#address = 0;
  }

  [Symbol.dispose ?? Symbol.for("dispose")]() {
    this.destroy();
  }
}
