import { Status, Text } from "./interface.js";
import { Handle, made, textOf, use, wasm } from "./memory.js";

/** The configuration of a controller; the state belongs to the scheduler that was made with it. */
export class Controller extends Handle {
  /** @param {string | number} text Its text form, or the address of a controller that becomes this object's. */
  constructor(text) {
    const parse = (frame) => {
      const [address, size] = frame.text(text);
      return made(frame, (out, error) => wasm.stepsize_controller_parse(address, size, out, error), text);
    };
    super(typeof text === "number" ? text : use(parse), wasm.stepsize_controller_destroy);
  }

  /** Its parameters with the defaults of its variant: {name, summary, kind, range, default, unit, value}. */
  get parameters() {
    const found = [];
    for (;;) {
      const text = (what) =>
        textOf((...buffer) => wasm.stepsize_controller_parameter(this.address, found.length, what, ...buffer));
      try {
        found.push({
          name: text(Text.NAME), summary: text(Text.SUMMARY), kind: text(Text.KIND), range: text(Text.RANGE),
          default: text(Text.DEFAULT), unit: text(Text.UNIT), value: text(Text.VALUE),
        });
      } catch (error) {
        if (error.status !== Status.ERROR_ARGUMENT) throw error;
        return found;
      }
    }
  }

  toString() {
    return textOf((...buffer) => wasm.stepsize_controller_print(this.address, ...buffer));
  }
}
