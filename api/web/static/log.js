// The log: planned doses are ticked off, scores and adverse events are added.
import { ask, onSubmit, show } from "./app.js";
import { moment, study, wallClock } from "./desk.js";

const { subject, now } = document.getElementById("main").dataset;
for (const input of document.querySelectorAll('input[name="time"]')) {
  if (!input.value) input.value = wallClock(new Date(now));
}

for (const form of document.querySelectorAll("[data-dose]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      const url = `/v1/doses/${form.dataset.dose}`;
      const { id, version, created_at, updated_at, study_id, ...dose } = await (await ask("GET", url)).json();
      await ask("PUT", url, { body: { ...dose, status: event.submitter.value }, version });
      location.reload();
    } catch (error) {
      show(form, error);
      for (const button of buttons) button.disabled = false;
    }
  });
}

const number = (text) => (text === "" ? null : Number(text));
const adding = {
  "[data-score]": ["outcomes", (d) => ({ name: d.get("name").trim(), value: Number(d.get("value")), unit: d.get("unit").trim() })],
  "[data-new-dose]": ["doses", (d) => ({
    substance: d.get("substance").trim(), amount: number(d.get("amount")), unit: d.get("unit").trim(),
    basis: d.get("basis"), status: "taken",
  })],
  "[data-adverse]": ["adverse_events", (d) => ({
    term: d.get("term").trim(), severity: d.get("severity"), component: d.get("component").trim(),
    end: d.get("end") ? moment(d.get("end")) : null,
  })],
};
for (const [selector, [log, read]] of Object.entries(adding)) {
  const form = document.querySelector(selector);
  if (!form) continue;
  onSubmit(form, async (data) => {
    const body = { subject, time: moment(data.get("time")), ...read(data) };
    await ask("POST", `/v1/studies/${study}/${log}`, { body });
    location.reload();
  });
}
