// What came of a live session: recovery after each stressor, and the whole of it.
import { get } from "./app.js";
import { clock } from "./charts.js";
import { episodes, facts, heading } from "./episodes.js";

const at = (id) => document.getElementById(id);

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
    const shown = name.map((n, i) => [TITLES[n], value[i], unit[i], n === "mean_hr" ? 0 : 1]);
    parts.push(heading("The whole session"), facts([...shown.filter(([words, v]) => words && v !== null), lengthOf(times)]));
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

function paragraph(text, name) {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = name;
  return made;
}
