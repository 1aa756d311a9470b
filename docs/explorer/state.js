// What the page shows, and the fragment of a link that carries it.
const START = {
  s: ["warmup(500) >> cosine(9500, floor=0.1)", "warmup(500) >> linear(9500)", "wsd(10000, warmup=500, decay=2000)"],
  lr: "1e-3", total: "", log: "", zoom: "", at: "0", distance: "1", norm: "1", to: "Python", kind: "losses", every: "1", values: "",
  column: "", optimizer: "adam", c: [],
};
// A longer run stays out of the link.
const LONGEST = 4000;

export function read(fragment) {
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = {};
  for (const [name, first] of Object.entries(START)) {
    if (Array.isArray(first)) state[name] = words.has(name) ? words.getAll(name) : [...first];
    else state[name] = words.get(name) ?? first;
  }
  return state;
}

export function write(state) {
  const words = new URLSearchParams();
  for (const [name, first] of Object.entries(START)) {
    const value = state[name];
    if (Array.isArray(first)) {
      if (String(value) !== String(first)) value.forEach((each) => words.append(name, each));
    } else if (value !== first && value.length < LONGEST) {
      words.set(name, value);
    }
  }
  return `#${words}`;
}
