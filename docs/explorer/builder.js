// A schedule as nested controls. Which schedules, parameters, ranges and defaults there are is asked of the library.
import { Controller, Schedule, Scheduler, constants, controllers, schedules } from "./stepsize/index.js";
import { make } from "./dom.js";

const SCHEDULES = schedules();
const CONTROLLERS = controllers();
const entryOf = (name) => SCHEDULES.find((entry) => entry.name === name);
const takesSchedule = (entry) => entry.parameters.some(({ kind }) => kind === "schedule");

/** The controllers that observe nothing but the loss. */
export const lossControllers = CONTROLLERS.map(({ name }) => name).filter(
  (name) => new Scheduler(`${name}()`, 1).needs === constants.Needs.NEEDS_LOSS,
);

// ---- The tree of a schedule ----

function tree(schedule) {
  const { form, name, phase, factor } = schedule.structure;
  if (form !== "call") return { form, phase, factor, parts: schedule.parts.map(tree) };
  const parts = takesSchedule(entryOf(name)) ? schedule.parts.map(tree) : [];
  return { form, name, phase, parts, parameters: schedule.parameters };
}

const named = (phase) => (phase ? `phase="${phase}"` : "");
const bracketed = (part) => (part.form === "sequence" || part.form === "scale" ? `(${print(part)})` : print(part));

function print(node) {
  switch (node.form) {
    case "sequence":
      return node.parts.map((part) => (part.form === "sequence" ? `(${print(part)})` : print(part))).join(" >> ");
    case "product":
      return node.parts.map(bracketed).join(" * ");
    case "scale":
      return `${node.factor} * ${bracketed(node.parts[0])}`;
    case "group":
      return `(${[print(node.parts[0]), named(node.phase)].filter(Boolean).join(", ")})`;
    default:
      return printCall(node);
  }
}

function printCall({ name, parameters, parts, phase }) {
  const defaults = Object.fromEntries(entryOf(name).parameters.map((each) => [each.name, each]));
  const words = parameters.map(({ name: parameter, value }) => {
    if (defaults[parameter].kind === "schedule") return `${parameter}=${print(parts[0])}`;
    return value === defaults[parameter].default ? "" : `${parameter}=${value}`;
  });
  return `${name}(${[...words, named(phase)].filter(Boolean).join(", ")})`;
}

// ---- A new part ----

const SINGLE = { count: ["1000", "1", "0"], real: ["0.5", "1", "100"], counts: ["[300, 600]"], word: [], flag: ["true"] };
const LISTS = ["[1, 0.5]", "[1, 0.5, 0.25]", "[0, 1000]", "[300, 600]"];

/** Values for what a schedule of this name requires: the first that the library takes. */
function example(name, inside) {
  let texts = [""];
  for (const { name: parameter, kind, default: usual, range, unit } of entryOf(name).parameters) {
    if (usual !== "") continue;
    let values = SINGLE[kind] ?? LISTS;
    if (kind === "schedule") values = [inside];
    if (kind === "word") values = words(range);
    if (kind === "real" && unit) values = ["100"];
    if (kind === "reals" && unit) values = [LISTS[2], LISTS[3]];
    texts = texts.flatMap((text) => values.map((value) => `${text}${text ? ", " : ""}${parameter}=${value}`));
  }
  const works = (text) => {
    try {
      return new Schedule(`${name}(${text})`);
    } catch {
      return null;
    }
  };
  return tree(texts.slice(0, 200).map(works).find(Boolean) ?? new Schedule(inside));
}

const words = (range) => range.match(/"[^"]*"/g) ?? [];

// ---- Controls ----

/** Fills `element` with controls for a scheduler and calls `changed(text)` when one of them makes another text. */
export function build(element, scheduler, changed) {
  const schedule = scheduler.schedule;
  const root = { node: schedule && tree(schedule) };
  const rules = scheduler.controllers.map((controller) => ({ text: String(controller) }));

  const emit = (anew) => {
    const text = root.node && (rules.length ? bracketed(root.node) : print(root.node));
    changed([...rules.map((rule) => rule.text), text].filter(Boolean).join(" * ") || "constant()", anew);
  };

  const field = (parameter, value, set) => {
    const { name, kind, range, summary, unit, default: usual } = parameter;
    const options = kind === "word" ? words(range) : kind === "flag" ? ["true", "false"] : null;
    const listener = (event) => set(event.target.value.trim());
    const control = options
      ? make("select", { onchange: listener, "aria-label": name },
          ...[...new Set([value, ...options])].map((each) => make("option", { value: each, selected: each === value }, each)))
      : make("input", { onchange: listener, value: value === usual ? "" : value, placeholder: usual || "required",
          autocomplete: "off", spellcheck: "false", "aria-label": unit ? `${name}, ${unit}` : name });
    return make("label", { class: "parameter" }, make("span", { title: summary }, name, unit ? make("i", { class: "soft" }, ` ${unit}`) : ""),
      control, make("small", {}, `${summary}: ${range}`));
  };

  const call = (node, replace, remove) => {
    const entry = entryOf(node.name);
    const set = (parameter) => (value) => {
      node.parameters.find(({ name }) => name === parameter.name).value = value || parameter.default;
      emit(false);
    };
    const shown = [], more = [];
    for (const parameter of entry.parameters) {
      if (parameter.kind === "schedule") continue;
      const { value } = node.parameters.find(({ name }) => name === parameter.name);
      (parameter.default === "" || value !== parameter.default ? shown : more).push(field(parameter, value, set(parameter)));
    }
    const choose = make("select", { "aria-label": "Schedule", title: entry.summary, onchange: (event) => {
      replace({ ...example(event.target.value, print(node)), phase: node.phase });
      emit(true);
    } }, ...SCHEDULES.map(({ name, summary }) => make("option", { value: name, title: summary, selected: name === node.name }, name)));
    return make("fieldset", { class: "call" }, make("legend", {}, node.phase ? `phase “${node.phase}”` : entry.summary),
      make("div", { class: "tools" }, choose, removal(remove, node.name)), ...shown,
      ...(more.length ? [make("details", {}, make("summary", {}, `${more.length} more with defaults`), ...more)] : []),
      ...node.parts.map((part, i) => draw(part, (other) => (node.parts[i] = other))));
  };

  const removal = (remove, what) =>
    remove ? make("button", { type: "button", "aria-label": `Remove ${what}`, onclick: () => (remove(), emit(true)) }, "✕") : "";

  const LEGENDS = { sequence: "one after the other", product: "multiplied", scale: "times a number", group: "a phase" };

  const draw = (node, replace, remove) => {
    if (node.form === "call") return call(node, replace, remove);
    const shorten = (i) => () => {
      node.parts.splice(i, 1);
      if (node.parts.length === 1) replace(node.parts[0]);
    };
    const several = node.parts.length > 1;
    const parts = node.parts.map((part, i) =>
      draw(part, (other) => (node.parts[i] = other), several ? shorten(i) : undefined));
    const factor = { name: "factor", kind: "real", range: "a finite number >= 0", summary: "multiplies the part", unit: "", default: "1" };
    return make("fieldset", {}, make("legend", {}, node.phase ? `phase “${node.phase}”` : LEGENDS[node.form]),
      node.form === "scale" ? field(factor, String(node.factor), (value) => ((node.factor = value || "1"), emit(false))) : "", ...parts);
  };

  const rule = (each, index) => {
    const controller = new Controller(each.text);
    const name = each.text.slice(0, each.text.indexOf("("));
    const values = controller.parameters.map((parameter) => ({ ...parameter }));
    const set = (parameter) => (value) => {
      parameter.value = value || parameter.default;
      const changed = values.filter((one, i) => one.value !== one.default || (i === 0 && one.kind === "word"));
      each.text = `${name}(${changed.map((one) => `${one.name}=${one.value}`).join(", ")})`;
      // Another variant has other defaults.
      emit(parameter === values[0] && parameter.kind === "word");
    };
    const fields = (wanted) => values.filter((one, i) => wanted === (one.value !== one.default || i === 0)).map((one) => field(one, one.value, set(one)));
    return make("fieldset", {}, make("legend", {}, "controller"), make("div", { class: "tools" }, make("b", {}, name),
      make("span", { class: "space" }), removal(() => rules.splice(index, 1), name)), ...fields(true),
      make("details", {}, make("summary", {}, "more with defaults"), ...fields(false)));
  };

  const choice = (label, names, use) =>
    make("select", { "aria-label": label, onchange: (event) => (use(event.target.value), emit(true)) },
      make("option", { value: "" }, label), ...names.map((name) => make("option", { value: name }, name)));
  const names = SCHEDULES.map(({ name }) => name);
  const join = (form) => (name) => {
    const node = root.node ?? tree(new Schedule("constant()"));
    const part = example(name, form === "around" ? print(node) : "constant()");
    if (form === "around") root.node = part;
    else root.node = node.form === form ? { ...node, parts: [...node.parts, part] } : { form, parts: [node, part] };
  };

  element.replaceChildren(
    ...rules.map(rule),
    root.node ? draw(root.node, (other) => (root.node = other)) : "",
    make("div", { class: "tools" },
      choice("Then …", names.filter((name) => !takesSchedule(entryOf(name))), join("sequence")),
      choice("Times …", names.filter((name) => !takesSchedule(entryOf(name))), join("product")),
      choice("Inside …", names.filter((name) => takesSchedule(entryOf(name))), join("around")),
      choice("Controller …", CONTROLLERS.map(({ name }) => name), (name) => rules.unshift({ text: `${name}()` }))),
  );
}
