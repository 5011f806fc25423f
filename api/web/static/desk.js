// What the desk's pages share: dialogs, days and moments in the study's zone, keys told.
import { ask, onSubmit, show } from "./app.js";

const main = document.getElementById("main");
export const study = main.dataset.study;
export const zone = main.dataset.tz || Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Offset of a zone at a moment, as +01:00. */
function offset(date, tz) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: tz, timeZoneName: "longOffset" });
  const name = parts.formatToParts(date).find((part) => part.type === "timeZoneName").value;
  return name === "GMT" ? "+00:00" : name.replace("GMT", "").replace("\u2212", "-");
}

/** A wall-clock time of the study (2026-03-04T08:00) as ISO 8601 with its offset. */
export function moment(local) {
  const text = local.length === 16 ? `${local}:00` : local;
  let said = offset(new Date(`${text}Z`), zone);
  said = offset(new Date(`${text}${said}`), zone); // the first guess may lie across a change of clocks
  return `${text}${said}`;
}

/** Now as a value of a datetime-local input, in the study's zone. */
export function wallClock(date) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
      minute: "2-digit", hourCycle: "h23",
    }).formatToParts(date).map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** Open a dialog that speaks of somebody. */
export function open(dialog, name) {
  for (const place of dialog.querySelectorAll(".who")) place.textContent = name;
  dialog.showModal();
}

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

/** A button that compares by name, with a key that was just told. */
function comparing(form, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = "Compare by name";
  button.addEventListener("click", async () => {
    try {
      await ask("POST", `/v1/studies/${study}/comparisons`, { body: { key } });
      location.assign(`/studies/${study}`);
    } catch (error) {
      show(form, error);
    }
  });
  return button;
}

for (const form of document.querySelectorAll("[data-disclose]")) {
  onSubmit(form, async (data) => {
    const body = { told: data.get("told").trim(), reason: data.get("reason").trim() };
    const answer = await ask("POST", `/v1/studies/${study}/disclosures`, { body });
    const { key } = await answer.json();
    const { codes } = key;
    const words = Object.entries(codes).map(([code, name]) => `${code} is ${name === "on" ? form.dataset.substance || name : name}`);
    form.querySelector(".key-shown").textContent = `${words.join(", ")}. It is on record that ${body.told} was told.`;
    if ("byName" in form.dataset) form.querySelector(".key-shown").append(" ", comparing(form, key));
  });
}
