import { Catalogue, Text } from "./interface.js";
import { textOf, wasm } from "./memory.js";

const names = (what) => Object.keys(what).map((name) => name.toLowerCase());
const ENTRY = { NAME: Text.NAME, SUMMARY: Text.SUMMARY, FORMULA: Text.FORMULA, SOURCE: Text.SOURCE };
const PARAMETER = {
  NAME: Text.NAME, SUMMARY: Text.SUMMARY, KIND: Text.KIND, RANGE: Text.RANGE, DEFAULT: Text.DEFAULT, UNIT: Text.UNIT,
};

const texts = (what, read) =>
  Object.fromEntries(names(what).map((name, i) => [name, textOf((...buffer) => read(Object.values(what)[i], ...buffer))]));

function entries(catalogue) {
  return Array.from({ length: wasm.stepsize_catalogue_count(catalogue) }, (_, index) => ({
    ...texts(ENTRY, (what, ...buffer) => wasm.stepsize_catalogue_text(catalogue, index, what, ...buffer)),
    parameters: Array.from({ length: wasm.stepsize_catalogue_parameter_count(catalogue, index) }, (_, parameter) =>
      texts(PARAMETER, (what, ...buffer) =>
        wasm.stepsize_catalogue_parameter_text(catalogue, index, parameter, what, ...buffer),
      ),
    ),
  }));
}

/** What the library knows: name, summary, formula, source and parameters of each schedule. */
export const schedules = () => entries(Catalogue.SCHEDULES);

/** The same of the controllers. */
export const controllers = () => entries(Catalogue.CONTROLLERS);
