// Recovery after each stressor, in words: the same on the page of a session and of a recording.
import { reasonOf } from "./app.js";
import { number } from "./charts.js";

const SHOWN = [
  ["baseline_hr", "Heart rate before", "bpm", 0],
  ["reactivity_hr", "Rise under stress", "bpm", 1],
  ["recovered_60_hr", "Recovered after 1 min", "%", 0],
  ["recovered_300_hr", "Recovered after 5 min", "%", 0],
  ["t50_hr_s", "Half recovered after", "s", 0],
  ["tau_hr_s", "Time constant", "s", 0],
  ["time_to_baseline_hr_s", "Back at baseline after", "s", 0],
  ["residual_hr", "Still raised 1–5 min after", "bpm", 1],
  ["reactivity_ln_rmssd_percent", "RMSSD under stress", "%", 0],
];

/** What each stressor of a recovery table came to, as elements; `titled`: name them all. */
export function episodes(table, { titled = table.rows > 1 } = {}) {
  const out = [];
  const c = table.columns;
  for (let i = 0; i < table.rows; i++) {
    if (titled) out.push(heading(String(c.label?.[i] ?? c.phase?.[i] ?? "stressor")));
    const known = SHOWN.filter(([key]) => c[key]);
    const given = known.filter(([key]) => c[key][i] !== null);
    if (given.length) {
      out.push(facts(given.map(([key, words, unit, digits]) => [words, c[key][i], unit, digits, c[`${key}_censored`]?.[i]])));
    }
    out.push(...refusals(known.filter(([key]) => c[key][i] === null), c.reason?.[i] ?? ""));
  }
  return out;
}

/** What is not given, grouped by the reason: `reason` reads "name, name: why; name: why". */
function refusals(refused, reason) {
  const why = new Map();
  for (const part of reason.split("; ")) {
    const [names, text] = [part.slice(0, part.indexOf(": ")), part.slice(part.indexOf(": ") + 2)];
    for (const name of names.split(", ")) why.set(name, text);
  }
  const groups = new Map();
  for (const [key, words] of refused) {
    const text = why.get(key) ?? "the recording does not support it";
    groups.set(text, [...(groups.get(text) ?? []), words]);
  }
  if (!groups.size) return [];
  const list = document.createElement("ul");
  list.className = "sentences why";
  for (const [text, words] of groups) {
    const item = document.createElement("li");
    item.textContent = `${words.join(", ")}: ${reasonOf(text)}`;
    list.append(item);
  }
  return [list];
}

/** Values with their words; `atLeast`: it took longer than was watched. */
export function facts(rows) {
  const list = document.createElement("dl");
  list.className = "facts";
  for (const [words, value, unit, digits, atLeast] of rows) {
    const pair = document.createElement("div");
    const term = document.createElement("dt");
    term.textContent = words;
    const said = document.createElement("dd");
    said.textContent = value === null ? "–" : `${atLeast ? "≥ " : ""}${number(value, digits)}`;
    if (value !== null) {
      const small = document.createElement("span");
      small.className = "unit";
      small.textContent = ` ${unit}`;
      said.append(small);
    }
    pair.append(term, said);
    list.append(pair);
  }
  return list;
}

export function heading(text) {
  const title = document.createElement("h3");
  title.textContent = text;
  return title;
}
