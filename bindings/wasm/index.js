// Stepsize: learning rates, one per optimizer update. The arithmetic is that of the native library, compiled for
// WebAssembly: the same bits as in every other language.
export { controllers, schedules } from "./src/catalogue.js";
export * as constants from "./src/interface.js";
export { StepsizeError, wasm } from "./src/memory.js";
export { Controller } from "./src/controller.js";
export { Schedule } from "./src/schedule.js";
export { Scheduler } from "./src/scheduler.js";
export { refine, score, scoreAt, suggest } from "./src/theory.js";

import { VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH } from "./src/interface.js";
export const version = `${VERSION_MAJOR}.${VERSION_MINOR}.${VERSION_PATCH}`;
