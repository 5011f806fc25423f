// What came of a live session: recovery after each stressor, and the whole of it.
import { get } from "./app.js";
import { clock, number } from "./charts.js";

const at = (id) => document.getElementById(id);

const SHOWN = [
  ["baseline_hr", "Heart rate before", "bpm", 0],
  ["reactivity_hr", "Rise under stress", "bpm", 1],
  ["recovered_60_hr", "Recovered after 1 min", "%", 0],
  ["t50_hr_s", "Half recovered after", "s", 0],
  ["time_to_baseline_hr_s", "Back at baseline after", "s", 0],
  ["residual_hr", "Heart rate still raised by", "bpm", 1],
  ["reactivity_ln_rmssd_percent", "RMSSD under stress", "%", 0],
];

/** Show recovery and summary of a session that ended; `times`: its beats, s. */
export async function showOutcome(recording, times) {
  at("outcome").hidden = false;
  const [summary, table] = await Promise.all([
    settled(`/v1/recordings/${recording}/summary?metrics=mean_hr,rmssd,sdnn`),
    settled(`/v1/recordings/${recording}/recovery`),
  ]);
  const parts = [];
  if (table.error) parts.push(paragraph(`No recovery: ${table.error}.`, "why"));
  else parts.push(...episodes(table));
  if (!summary.error) {
    const { name, value, unit } = summary.columns;
    const title = document.createElement("h3");
    title.textContent = "The whole session";
    const shown = name.map((n, i) => [TITLES[n], value[i], unit[i], n === "mean_hr" ? 0 : 1]);
    parts.push(title, facts([...shown.filter(([words, v]) => words && v !== null), lengthOf(times)]));
  }
  at("outcome-body").replaceChildren(...parts);
  const link = at("to-recording");
  link.href = `/recordings/${recording}`;
  link.hidden = false;
}

const lengthOf = (times) => ["Beats in " + clock(times.at(-1) ?? 0), times.length, "", 0];

const TITLES = { mean_hr: "Mean heart rate", rmssd: "RMSSD", sdnn: "SDNN" };

function settled(url) {
  return get(url).catch((error) => ({ error: error.message.replace(/[.]$/, "") }));
}

function episodes(table) {
  const out = [];
  const c = table.columns;
  for (let i = 0; i < table.rows; i++) {
    const name = c.phase?.[i] ?? c.episode?.[i] ?? "stressor";
    if (table.rows > 1) {
      const title = document.createElement("h3");
      title.textContent = String(name);
      out.push(title);
    }
    const known = SHOWN.filter(([key]) => c[key]);
    const given = known.filter(([key]) => c[key][i] !== null);
    if (given.length) out.push(facts(given.map(([key, words, unit, digits]) => [words, c[key][i], unit, digits])));
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
    item.textContent = `${words.join(", ")}: ${text}`;
    list.append(item);
  }
  return [list];
}

function facts(rows) {
  const list = document.createElement("dl");
  list.className = "facts";
  for (const [words, value, unit, digits] of rows) {
    const pair = document.createElement("div");
    const term = document.createElement("dt");
    term.textContent = words;
    const said = document.createElement("dd");
    said.textContent = value === null ? "–" : number(value, digits);
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

function paragraph(text, name) {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = name;
  return made;
}
