// Marking and steering: buttons, keys, and the line that asks for a dose or a note.
import { ask } from "../app.js";
import { at, base, openStressor, put, session, setup } from "./state.js";

function problem(text) {
  const place = at("mark-problem");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

async function send(path, body) {
  problem("");
  try {
    return await ask("POST", `${base}/${path}`, { body, headers: { "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) } });
  } catch (error) {
    problem(error.message);
    return null;
  }
}

/** Steer; what speaks against it is shown where it was asked for. */
async function act(action) {
  const before = session.vitals?.news.at(-1)?.at ?? "";
  const answer = await send("actions", { action });
  const told = answer && (await answer.json()).session?.vitals?.news;
  const against = (told ?? []).filter((news) => news.at > before && news.level === "warning");
  if (against.length) problem(`${against.map((news) => news.text).join("; ")}.`);
}

function stress() {
  const running = openStressor();
  if (setup.own) return act("stress");
  return send("marks", { phase: running || "stress", kind: "stress", edge: running ? "end" : "start" });
}

let question = null;
function askFor(what) {
  const from = document.activeElement === document.body ? null : document.activeElement;
  asking({ what, at: new Date().toISOString(), from }, "");
}

function asking(asked, text) {
  question = asked;
  put("ask-label", asked.what === "dose" ? "Which dose? Such as: magnesium 300 mg" : "Note");
  at("ask").hidden = false;
  at("ask-text").value = text;
  at("ask-text").focus();
}

function answered({ what, at: moment }, text) {
  if (what === "note") return text && send("marks", { phase: text, start: moment });
  const found = text.match(/^(.*?)\s*([\d]+(?:[.,]\d+)?)\s*(\p{L}+)$/u);
  const body = { substance: (found ? found[1] : text) || "dose", time: moment };
  if (found) Object.assign(body, { amount: Number(found[2].replace(",", ".")), unit: found[3] });
  return send("doses", body);
}

function closeAsk() {
  const from = question?.from;
  question = null;
  at("ask").hidden = true;
  if (from) from.focus();
  else document.activeElement.blur(); // it was opened by its key: the keys are for marks again
}

at("ask")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = question;
  const text = at("ask-text").value.trim();
  closeAsk();
  // what was not taken stands in the line again, of the same moment
  if ((await answered(asked, text)) === null && !question) asking(asked, text);
});
at("ask-cancel")?.addEventListener("click", closeAsk);
at("stress")?.addEventListener("click", stress);
at("tag")?.addEventListener("click", () => send("marks", { phase: "moment" }));
at("go")?.addEventListener("click", () => act("go"));
at("skip")?.addEventListener("click", () => act("skip"));
for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => askFor(button.dataset.ask));
}

at("stop")?.addEventListener("click", async (event) => {
  const button = event.currentTarget;
  if (event.detail > 1) return; // a double click answers no question
  if (button.dataset.sure !== "yes") {
    button.dataset.sure = "yes";
    button.textContent = "End it now?";
    setTimeout(() => {
      button.dataset.sure = "no";
      button.textContent = "End session";
    }, 4000);
    return;
  }
  button.disabled = true;
  button.textContent = "Ending";
  await send("stop");
});

document.addEventListener("keydown", (event) => {
  if (session.closed || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape" && question) closeAsk();
    return;
  }
  const name = event.key === " " ? "Space" : event.key.toLowerCase();
  // who walks with Tab presses what has the focus; a button that was clicked is not meant
  if (name === "Space" && event.target.closest(":is(button, a, summary):focus-visible")) return;
  const button = document.querySelector(`button[data-key="${name}"]`);
  if (!button || button.hidden || button.disabled) return;
  event.preventDefault();
  button.click();
});
