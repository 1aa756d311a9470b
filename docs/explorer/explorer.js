import { Schedule, Scheduler, constants, score, scoreAt } from "./stepsize/index.js";
import { build, lossControllers } from "./builder.js";
import { draw } from "./chart.js";
import { $, colour, copy, make, marked, number, say, swatch, updates } from "./dom.js";
import { likely, parse, refinement, replay, sample } from "./replay.js";
import { snippets } from "./snippets.js";
import { read, write } from "./state.js";

const MOST = 6;
let state = read(location.hash);
let curves = []; // {text, scheduler, schedule, length, error}, one for each text of the state
let past = []; // what the replay adds to the picture: {rates, label}
let run = null; // and the numbers that it is of: {values, what}
let last = 1; // the updates in the picture
let cursor = 0;
let updateAt = () => 0;

const numberIn = (text) => (text.trim() === "" ? NaN : Number(text));
const baseRate = () => numberIn(state.lr);
const total = () => (Number.isSafeInteger(numberIn(state.total)) && numberIn(state.total) > 0 ? numberIn(state.total) : undefined);
const active = () => curves[Number(state.at)] ?? curves[0];
const good = () => curves.map((curve, index) => ({ ...curve, index })).filter(({ error }) => !error);

function understand(text) {
  try {
    const lr = baseRate();
    const scheduler = new Scheduler(text, Number.isFinite(lr) && lr >= 0 ? lr : 1, { total: total() });
    const schedule = scheduler.schedule ?? new Schedule("constant()");
    return { text, scheduler, schedule, length: schedule.length, controlled: scheduler.controllers.length > 0 };
  } catch (error) {
    return { text, error };
  }
}

// ---- The picture ----

const planned = (curve) => (first, stride, count) => curve.schedule.fill(first, count, { stride, baseLr: baseRate() });
const recorded = (rates) => (first, stride, count) =>
  Float64Array.from({ length: count }, (_, i) => rates[first + i * stride] ?? NaN);

function shown() {
  return [
    ...good().map((curve) => ({ sample: planned(curve), colour: colour(curve.index), swatch: swatch(curve.index), label: curve.text })),
    ...past.map(({ rates, label }, i) => ({
      sample: recorded(rates), colour: colour(i + MOST), swatch: swatch(i + MOST, true), label, dashed: true,
    })),
  ];
}

function phases() {
  const curve = active();
  return curve && !curve.error ? curve.schedule.phases({ before: last, limit: 200 }) : [];
}

function picture() {
  const lr = baseRate();
  const isRate = Number.isFinite(lr) && lr >= 0;
  $("lr").setAttribute("aria-invalid", !isRate);
  $("total").setAttribute("aria-invalid", state.total.trim() !== "" && total() === undefined);
  $("problem").hidden = isRate;
  $("problem").textContent = isRate ? "" : "The base rate is a number, 0 or more.";
  if (!isRate) return;
  const ends = good().map(({ schedule }) => Number(schedule.horizon));
  last = Math.max(1, total() ?? Math.max(1, ...ends), run?.values.length ?? 1);
  if (run && state.zoom) last = run.values.length;
  if (!Number.isSafeInteger(last)) last = Number.MAX_SAFE_INTEGER;
  cursor = Math.min(cursor, last - 1);
  const list = shown();
  updateAt = draw($("chart"), { curves: list, last, log: state.log !== "", phases: phases(), title: "learning rate", cursor });
  if (run) {
    const curve = { sample: recorded(run.values), colour: "plain" };
    draw($("losses"), { curves: [curve], last, title: run.what, ticks: false, cursor, fromZero: false });
  }
  readout(list);
}

function readout(list) {
  const words = list
    .map(({ sample: at, label, swatch: sign }) => ({ sign, label, rate: at(cursor, 1, 1)[0] }))
    .filter(({ rate }) => Number.isFinite(rate))
    .map((each) => ({ ...each, rate: number(each.rate) }));
  const phase = active()?.schedule?.phase(cursor).name;
  $("readout").replaceChildren(
    make("span", {}, "update ", make("b", {}, updates(cursor)), phase ? ` in ${phase}` : ""),
    ...words.map(({ sign, label, rate }) => make("span", { title: label }, sign, make("b", {}, rate))),
  );
  const chart = $("chart");
  chart.setAttribute("aria-valuemax", last - 1);
  chart.setAttribute("aria-valuenow", cursor);
  const rates = words.map(({ label, rate }) => `${rate} for ${label}`).join("; ");
  chart.setAttribute("aria-valuetext", `update ${cursor}${phase ? ` in ${phase}` : ""}: ${rates}`);
}

function moveTo(update) {
  cursor = Math.min(Math.max(update, 0), last - 1);
  picture();
}

$("chart").addEventListener("pointermove", (event) => moveTo(updateAt(event.offsetX)));
$("chart").addEventListener("pointerdown", (event) => moveTo(updateAt(event.offsetX)));
$("chart").addEventListener("keydown", (event) => {
  const far = Math.max(1, Math.round(last / 20));
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -last, End: last };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  moveTo(cursor + (event.shiftKey && Math.abs(move) === 1 ? move * far : move));
});

// ---- The list of schedules ----

function list() {
  $("list").replaceChildren(...state.s.map(item));
  $("add").disabled = state.s.length >= MOST;
  curves.forEach(report);
}

function item(text, index) {
  const select = (event) => {
    if (state.at === String(index)) return;
    state.at = String(index);
    refresh({ texts: false });
    event.target.focus();
  };
  return make("li", { class: colour(index) },
    make("input", { type: "radio", name: "at", checked: String(index) === state.at, onchange: select,
      "aria-label": `Select schedule ${index + 1}` }),
    field(text, index, select),
    make("button", { type: "button", "aria-label": `Remove schedule ${index + 1}`, disabled: state.s.length < 2, onclick: () => {
      state.s.splice(index, 1);
      state.at = String(Math.max(0, Math.min(Number(state.at) - (index < Number(state.at)), state.s.length - 1)));
      refresh();
    } }, "✕"),
    make("p", { id: `about${index}` }));
}

function field(text, index, select) {
  const area = make("textarea", { rows: Math.min(4, 1 + Math.floor(text.length / 70)), spellcheck: "false", autocomplete: "off",
    autocapitalize: "off", "aria-label": `Schedule ${index + 1}`, "aria-describedby": `about${index}`, onfocus: select,
    oninput: (event) => {
      state.s[index] = event.target.value.replace(/\n/g, " ");
      refresh({ texts: false });
    } });
  area.value = text;
  return area;
}

/** Under each text: what it is, or what is wrong with it and where. */
function report(curve, index) {
  const element = $(`about${index}`);
  const area = $("list").children[index].querySelector("textarea");
  const radio = $("list").children[index].querySelector("input");
  area.setAttribute("aria-invalid", Boolean(curve.error));
  radio.checked = String(index) === state.at;
  element.className = curve.error ? "error" : "soft";
  if (curve.error) {
    const { message, offset } = curve.error;
    element.replaceChildren(message, offset >= 0 ? marked(curve.text, offset) : "");
  } else {
    const length = curve.length === Infinity ? "no end" : `${updates(curve.length)} updates`;
    element.textContent = `${length}${curve.controlled ? " · its controller moves the base rate: paste losses below" : ""}`;
  }
}

$("add").addEventListener("click", () => {
  state.s.push(active()?.error ? "cosine(1000)" : active().text);
  state.at = String(state.s.length - 1);
  refresh();
  $("list").lastElementChild.querySelector("textarea").focus();
});

function assemble() {
  const curve = active();
  if (curve.error) return; // the controls stay those of the last text that was right
  build($("builder"), curve.scheduler, (text, anew) => {
    const index = Number(state.at);
    const found = understand(text);
    state.s[index] = found.error ? text : String(found.scheduler);
    $("list").children[index].querySelector("textarea").value = state.s[index];
    refresh({ texts: false, controls: anew });
  });
}

// ---- Scores ----

function scores() {
  const options = { total: total() ?? 0, norms: numberIn(state.norm), distance: numberIn(state.distance) };
  const rows = [];
  for (const curve of good()) {
    try {
      rows.push({ curve, found: score(curve.schedule, options) });
    } catch (error) {
      rows.push({ curve, why: curve.length === Infinity && !total() ? "no end: say how many updates" : error.message });
    }
  }
  const best = Math.min(...rows.map(({ found }) => found?.omega ?? Infinity));
  const take = (gamma) => () => {
    state.lr = String(Number(gamma.toPrecision(4)));
    $("lr").value = state.lr;
    refresh({ texts: false, controls: false });
    say(`Base rate ${state.lr}`);
  };
  const name = ({ curve }) => make("td", { class: "name", colspan: 3 }, swatch(curve.index), make("span", { class: "mono" }, curve.text));
  const cells = ({ found, why }) => [
    ...(found
      ? [make("td", {}, number(Number(found.omega.toPrecision(4))), found.omega === best && rows.length > 1 ? " ★" : ""),
         make("td", {}, make("button", { type: "button", title: "Use it as the base rate", onclick: take(found.gamma) },
           number(Number(found.gamma.toPrecision(4))))),
         make("td", {}, number(Number(scoreAt(found.a, found.b, baseRate()).toPrecision(4))))]
      : [make("td", { colspan: 3, class: "soft" }, why)]),
  ];
  const counts = new Set(rows.filter(({ found }) => found).map(({ found }) => found.count));
  $("table").replaceChildren(
    make("table", {}, make("tr", {}, ...["Bound", "Best base rate", "Bound at yours"].map((head) => make("th", { scope: "col" }, head))),
      ...rows.map((row) => make("tbody", {}, make("tr", {}, name(row)), make("tr", {}, ...cells(row))))),
    counts.size > 1 ? make("p", { class: "hint" }, "They have different lengths: bounds compare only for the same number of updates.") : "");
}

// ---- Replays ----

function outcome() {
  past = [];
  run = null;
  const isLosses = state.kind === "losses";
  $("optimizers").hidden = isLosses;
  $("losses").hidden = $("onlyrun").hidden = true;
  $("columns").hidden = true;
  $("outcome").replaceChildren();
  if (state.values.trim() === "") return;
  try {
    const { names, columns } = parse(state.values);
    const column = Math.min(state.column === "" ? likely(names, state.kind) : Number(state.column), columns.length - 1);
    $("columns").hidden = names.length < 2;
    $("column").replaceChildren(...names.map((name, i) => make("option", { value: i, selected: i === column }, name)));
    const every = Math.max(1, Math.floor(numberIn(state.every)) || 1);
    $("outcome").replaceChildren(...(isLosses ? afterLosses(columns[column], every) : afterNorms(columns[column], every)));
    const spread = new Float64Array(columns[column].length * every).map((_, i) => columns[column][Math.floor(i / every)]);
    run = { values: spread, what: isLosses ? "loss" : "gradient norm" };
    $("losses").hidden = $("onlyrun").hidden = false;
  } catch (error) {
    $("outcome").replaceChildren(make("p", { class: "error" }, error.message));
  }
}

/** Each rule on top of the selected schedule, which loses its own. */
function afterLosses(losses, every) {
  const curve = active();
  const schedule = curve.error ? "constant()" : String(curve.schedule);
  const own = curve.error ? [] : curve.scheduler.controllers.map(String);
  const rules = state.c.length > 0 ? state.c : [...new Set([...own, "greedy()", "plateau()"])];
  const change = (...splice) => {
    state.c = [...rules];
    state.c.splice(...splice);
    refresh({ texts: false, controls: false });
  };
  const more = make("select", { "aria-label": "Another rule", onchange: (event) => change(rules.length, 0, `${event.target.value}()`) },
    make("option", { value: "" }, "Another rule …"), ...lossControllers.map((name) => make("option", { value: name }, name)));
  return [make("p", { class: "hint" }, `${updates(losses.length)} losses, on top of `, make("code", {}, schedule)),
    ...rules.map((rule, i) => {
      const row = make("div", { class: "outcome" });
      const words = make("p", {});
      row.append(swatch(i + MOST, true),
        make("input", { type: "text", value: rule, "aria-label": `Rule ${i + 1}`, spellcheck: "false",
          onchange: (event) => change(i, 1, event.target.value) }),
        make("button", { type: "button", "aria-label": `Remove rule ${i + 1}`, disabled: rules.length < 2,
          onclick: () => change(i, 1) }, "✕"), words);
      try {
        const found = replay(`${rule} * (${schedule})`, baseRate(), total(), losses, every);
        past.push({ rates: found.rates, label: rule });
        const did = ["raised", "cut", "reset"].filter((word) => found.counts[word]).map((word) => `${word} ${found.counts[word]} times`);
        if (found.stop !== null) did.push(`would have stopped after update ${updates(found.stop)}`);
        words.className = "soft";
        words.textContent = `${did.join(", ") || "no change"}; the next rate is ${number(found.next)}`;
      } catch (error) {
        words.className = "error";
        words.append(error.message, error.offset >= 0 ? marked(rule, Math.min(error.offset, rule.length)) : "");
      }
      return row;
    }), rules.length < 4 ? make("div", { class: "outcome" }, "", more) : ""];
}

function afterNorms(norms, every) {
  const found = refinement(norms, state.optimizer, every);
  past.push({ rates: found.schedule.fill(0, found.values.length, { baseLr: baseRate() }), label: "refinement" });
  const words = [`warm-up of ${updates(found.warmup)} updates`, `annealing from update ${updates(found.annealStart)}`];
  if (Number.isFinite(found.baseLr)) words.push(`the theory's base rate is ${number(found.baseLr)}`);
  if (found.repaired) words.push(`${found.repaired} norms were not finite`);
  if (found.zeros) words.push(`${found.zeros} norms were 0`);
  return [make("div", { class: "outcome" }, swatch(MOST, true), make("code", {}, found.text), make("p", { class: "soft" }, `${words.join("; ")}.`),
    found.collapsed ? make("p", { class: "error" }, `The norms vanish, and it would train only late: a floor of ${number(found.suggestedFloor)} corrects that.`) : ""),
    make("p", {}, make("button", { type: "button", disabled: state.s.length >= MOST, onclick: () => {
      state.s.push(found.text);
      state.at = String(state.s.length - 1);
      refresh();
    } }, "Add it to the schedules"))];
}

function give(values) {
  state.values = values;
  state.column = "";
  $("values").value = values;
  refresh({ texts: false, controls: false });
}

$("values").addEventListener("input", (event) => give(event.target.value));
$("file").addEventListener("change", async ({ target }) => give(await target.files[0].text()));
$("paste").addEventListener("click", () =>
  navigator.clipboard.readText().then(give, () => say("The browser does not let this page read the clipboard")));
$("sample").addEventListener("click", () => {
  const values = sample();
  // As often as makes them a run of the selected schedule.
  const horizon = total() ?? Number(active().schedule?.horizon ?? values.length);
  $("every").value = state.every = String(Math.max(1, Math.floor(horizon / values.length)));
  give(Array.from(values, (value) => Number(value.toPrecision(4))).join(" "));
});
$("clear").addEventListener("click", () => give(""));
for (const radio of document.getElementsByName("kind")) {
  radio.addEventListener("change", () => {
    state.kind = radio.value;
    refresh({ texts: false, controls: false });
  });
}

// ---- Lines to copy ----

function use() {
  const curve = active();
  if (curve.error) return;
  const shares = /%|\brest\b/.test(curve.text) ? total() : undefined;
  const programs = snippets(curve.text.trim(), state.lr, { controlled: curve.controlled, total: shares });
  if (!programs[state.to]) state.to = Object.keys(programs)[0];
  const choose = (name) => {
    state.to = name;
    refresh({ texts: false, controls: false });
    $("languages").querySelector("[aria-selected=true]").focus();
  };
  const names = Object.keys(programs);
  $("languages").replaceChildren(...names.map((name, i) => make("button", { type: "button", role: "tab", "aria-controls": "snippet",
    "aria-selected": String(name === state.to), tabindex: name === state.to ? 0 : -1, onclick: () => choose(name),
    onkeydown: (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (move) choose(names[(i + move + names.length) % names.length]);
    } }, name)));
  $("snippet").querySelector("code").textContent = programs[state.to];
}

$("copy").addEventListener("click", () => copy($("snippet").textContent, state.to));
$("link").addEventListener("click", () => copy(location.href, "Link"));

// ---- All of it ----

/** What the state says becomes visible; texts and controls that are being typed in stay as they are. */
function refresh({ texts = true, controls = true } = {}) {
  curves = state.s.map(understand);
  if (texts) list();
  else curves.forEach(report);
  if (controls) assemble();
  outcome();
  picture();
  if (Number.isFinite(baseRate())) scores();
  use();
  history.replaceState(null, "", write(state));
}

const typed = { lr: "lr", total: "total", distance: "distance", norm: "norm", every: "every", values: "values" };
function fill() {
  for (const [id, name] of Object.entries(typed)) $(id).value = state[name];
  for (const id of ["log", "zoom"]) $(id).checked = state[id] !== "";
  const optimizers = Object.keys(constants.Optimizer).map((name) => name.toLowerCase());
  $("optimizer").replaceChildren(...optimizers.map((name) => make("option", { value: name, selected: name === state.optimizer }, name)));
  for (const radio of document.getElementsByName("kind")) radio.checked = radio.value === state.kind;
}
for (const id of ["lr", "total", "distance", "norm", "every"]) {
  $(id).addEventListener("input", (event) => {
    state[typed[id]] = event.target.value;
    refresh({ texts: false, controls: false });
  });
}
for (const id of ["log", "zoom"]) {
  $(id).addEventListener("change", (event) => {
    state[id] = event.target.checked ? "1" : "";
    refresh({ texts: false, controls: false });
  });
}
for (const id of ["column", "optimizer"]) {
  $(id).addEventListener("change", (event) => {
    state[id] = event.target.value;
    refresh({ texts: false, controls: false });
  });
}
addEventListener("hashchange", () => {
  state = read(location.hash);
  fill();
  refresh();
});
new ResizeObserver(picture).observe($("chart"));
fill();
refresh();
// On another page it shows the curves and the texts alone.
document.documentElement.classList.toggle("framed", window !== window.top);
document.documentElement.dataset.ready = "";
