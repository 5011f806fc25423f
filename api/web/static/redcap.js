// A REDCap export: what was understood, what would be taken, and then the rows.
import { ask, say, show } from "./app.js";
import { study } from "./desk.js";

const form = document.querySelector("[data-redcap]");
const place = document.getElementById("redcap");
const input = document.getElementById("redcap-file");
let last = null;

const element = (name, text, attributes = {}, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

async function post(path, mapping) {
  const body = new FormData();
  body.append("file", input.files[0]);
  if (mapping) body.append("mapping", JSON.stringify(mapping));
  return (await ask("POST", `/v1/studies/${study}/redcap${path}`, { body })).json();
}

async function run(work) {
  show(form, null);
  try {
    await work();
  } catch (error) {
    show(form, error);
    say(error.message);
  }
}

input.addEventListener("change", () => run(async () => {
  if (!input.files.length) return;
  place.replaceChildren();
  draw(await post("/preview"));
}));
form.addEventListener("submit", (event) => event.preventDefault());

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
const counted = (found) => Object.entries(found).map(([name, n]) => `${n} ${name}`).join(", ");

function sum(seen) {
  const parts = [`${seen.records} records in ${seen.rows} rows`];
  if (Object.keys(seen.events).length) parts.push(`events: ${counted(seen.events)}`);
  if (Object.keys(seen.instruments).length) parts.push(`repeating: ${counted(seen.instruments)}`);
  return `${parts.join("; ")}.`;
}

function taken(seen) {
  const values = Object.entries(seen.outcomes).map(([name, n]) => `${n} ${name}`);
  if (seen.doses) values.push(count(seen.doses, "dose", "doses"));
  const people = seen.people.length ? ` New on the roster: ${seen.people.join(", ")}.` : "";
  const missing = seen.missing ? ` ${count(seen.missing, "cell is", "cells are")} empty.` : "";
  const refused = seen.refused_count ? ` ${count(seen.refused_count, "cell", "cells")} cannot be taken.` : "";
  return `${values.length ? `Would be taken: ${values.join(", ")}.` : "Nothing would be taken yet."}${people}${missing}${refused}`;
}

const field = (label, control) => element("label", "", {}, element("span", label, { class: "unseen" }), control);
const dates = (seen) => seen.columns.filter((c) => c.kind === "date").map((c) => c.name);

function select(name, values, chosen) {
  const made = element("select", "", { name });
  for (const value of values) {
    const option = element("option", value || "choose", { value });
    option.selected = value === chosen;
    made.append(option);
  }
  return made;
}

function row(column, seen) {
  const known = seen.mapping.outcomes.find((o) => o.column === column.name);
  const cells = [element("th", column.name, { scope: "row" }), element("td", String(column.filled), { class: "num" })];
  const name = element("input", "", { list: "instruments", autocomplete: "off", placeholder: "not taken" });
  name.value = known?.name || "";
  const unit = element("input", "", { autocomplete: "off" });
  unit.value = known?.unit || "";
  const time = select("time", ["", ...dates(seen)], known?.time || "");
  const made = element("tr", "", { "data-column": column.name }, ...cells,
    element("td", "", {}, field(`${column.name} becomes`, name)),
    element("td", "", {}, field(`unit of ${column.name}`, unit)),
    element("td", "", {}, field(`date of ${column.name}`, time)));
  made.read = () => (name.value.trim() && time.value ? { column: column.name, name: name.value.trim(), unit: unit.value.trim(), time: time.value, assay: known?.assay || "" } : null);
  return made;
}

function draw(seen) {
  last = seen;
  const head = element("tr", "", {}, ...["Column", "Filled", "Becomes", "Unit", "Dated by"].map((text, i) => element("th", text, { scope: "col", ...(i === 1 ? { class: "num" } : {}) })));
  const amounts = new Set(seen.mapping.doses.flatMap((d) => [d.amount, d.status]).filter(Boolean));
  const open = (column) => column.kind === "number" && !amounts.has(column.name);
  const rows = seen.columns.filter(open).map((column) => row(column, seen));
  const rest = element("dl", "", { class: "pairs" });
  for (const column of seen.columns.filter((c) => !open(c))) {
    rest.append(element("div", "", {}, element("dt", column.name), element("dd", column.use)));
  }
  const others = element("details", "", {}, element("summary", `The other ${seen.columns.length - rows.length} columns`), rest);
  const table = element("div", "", { class: "scroll" }, element("table", "", {}, element("thead", "", {}, head), element("tbody", "", {}, ...rows)));
  const doses = seen.mapping.doses.map((dose) => {
    const input = element("input", "", { autocomplete: "off", id: `substance-${dose.time}`, placeholder: "magnesium glycinate" });
    input.value = dose.substance;
    const basis = select("basis", ["unknown", "elemental", "compound"], dose.basis);
    basis.id = `basis-${dose.time}`;
    const made = element("div", "", { class: "grid" },
      element("div", "", { class: "field" }, element("label", `What the doses of ${dose.time} are`, { for: input.id }), input),
      element("div", "", { class: "field" }, element("label", `${dose.amount || "the amount"} weighs`, { for: basis.id }), basis));
    made.read = () => ({ ...dose, substance: input.value.trim(), basis: basis.value });
    return made;
  });
  const missing = element("input", "", { id: "missing-codes", autocomplete: "off", placeholder: "-99, NASK" });
  missing.value = seen.mapping.missing.join(", ");
  const hour = element("input", "", { id: "redcap-hour", type: "time" });
  hour.value = seen.mapping.hour;
  const more = element("div", "", { class: "grid" },
    element("div", "", { class: "field" }, element("label", "Codes of missing values", { for: missing.id }), missing),
    element("div", "", { class: "field" }, element("label", "A date without a time of day counts at", { for: hour.id }), hour));
  const mapping = () => ({
    record: seen.mapping.record, outcomes: rows.map((r) => r.read?.()).filter(Boolean),
    doses: doses.map((d) => d.read()).filter((d) => d.substance), hour: hour.value,
    missing: missing.value.split(",").map((code) => code.trim()).filter(Boolean),
  });
  const again = element("button", "Look again", { type: "button", class: "button" });
  again.addEventListener("click", () => run(async () => {
    const wanted = mapping();
    const answer = await post("/preview", wanted);
    const named = new Set(wanted.doses.map((d) => d.time));
    answer.mapping.doses.push(...last.mapping.doses.filter((d) => !named.has(d.time)));
    draw(answer);
    place.querySelector("button").focus();
  }));
  const go = element("button", "Take these rows", { type: "button", class: "button primary" });
  go.addEventListener("click", () => run(async () => done(await post("", mapping()))));
  place.replaceChildren(
    element("p", sum(seen), { class: "sum" }), element("p", taken(seen), { class: "would" }),
    element("h3", "Columns with numbers"), table, others, ...(doses.length ? [element("h3", "Doses"), ...doses] : []),
    element("h3", "How cells are read"), more, ...refusals(seen),
    element("p", "", { class: "actions after" }, again, go));
  say(taken(seen));
}

function refusals(found) {
  if (!found.refused.length) return [];
  const head = element("tr", "", {}, ...["Line", "Record", "Column", "Value", "Why"].map((text) => element("th", text, { scope: "col" })));
  const rows = found.refused.map((r) => element("tr", "", {}, element("td", r.line ? String(r.line) : "–"), element("th", r.record, { scope: "row" }), element("td", r.column), element("td", r.value), element("td", r.why)));
  const table = element("div", "", { class: "scroll" }, element("table", "", {}, element("thead", "", {}, head), element("tbody", "", {}, ...rows)));
  const more = found.refused_count > found.refused.length ? [element("p", `… and ${found.refused_count - found.refused.length} more.`, { class: "muted" })] : [];
  return [element("h3", `Cannot be taken (${found.refused_count})`), table, ...more];
}

function done(found) {
  const parts = [`${count(found.outcomes, "score", "scores")} and ${count(found.doses, "dose", "doses")} taken`];
  if (found.known) parts.push(`${count(found.known, "was", "were")} there already`);
  if (found.people.length) parts.push(`${found.people.join(", ")} new on the roster`);
  const text = `${parts.join("; ")}.`;
  place.replaceChildren(element("p", text, { class: "sum" }), ...refusals(found));
  say(text);
  form.reset();
}
