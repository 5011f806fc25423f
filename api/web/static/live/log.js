// What happened, line by line; what was marked is drawn into the picture too.
import { showStressor } from "./numbers.js";
import { drawSoon } from "./picture.js";
import { at, session } from "./state.js";

const EVENTS = {
  begun: "Recording begins", resumed: "The service was restarted; recording goes on",
  connecting: "Connecting", connected: "Connected", lost: "Strap lost", stalled: "The strap went silent",
  disconnected: "Disconnected", fault: "Trouble with the strap", device: "Strap",
};

function logged(moment, text, kind = "") {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = moment.toISOString();
  time.textContent = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const words = document.createElement("span");
  words.textContent = text;
  if (kind) words.className = kind;
  item.append(time, words);
  at("log").prepend(item);
}

const seconds = (moment) => (session.start === null ? null : (new Date(moment).getTime() - session.start) / 1000);
const waiting = []; // marks that came before the moment of 0 s is known

export function takeMark(mark) {
  const { phase, kind, edge } = mark;
  const verb = { start: " begins", end: " ends", now: "" }[edge];
  const told = mark.note && mark.note !== "signal: go";
  const note = told ? (kind === "dose" ? `: ${mark.note}` : ` (${mark.note})`) : "";
  const look = kind === "stress" ? "stress" : kind === "dose" ? "dose" : "";
  logged(new Date(mark.at), `${phase}${verb}${note}`, look);
  const key = `${kind} ${phase}`;
  if (edge === "start") session.begun.set(key, mark);
  else if (edge === "end") session.begun.delete(key);
  waiting.push(mark);
  placeMarks();
  showStressor();
  drawSoon();
}

export function placeMarks() {
  if (session.start === null) return;
  for (const mark of waiting.splice(0)) {
    const t = seconds(mark.at);
    const key = `${mark.kind} ${mark.phase}`;
    if (mark.edge === "start") session.stretches.push({ key, name: mark.phase, from: t, to: null, stress: mark.kind === "stress" });
    else if (mark.edge === "now") session.stretches.push({ key, name: "", from: t, to: t, stress: false });
    else {
      const open = session.stretches.findLast((s) => s.key === key && s.to === null);
      if (open) open.to = t;
    }
  }
}

export function takeState(state) {
  const words = EVENTS[state.event] ?? state.event;
  const more = state.says || state.name;
  const bad = ["lost", "stalled", "fault"].includes(state.event);
  logged(new Date(state.at), more ? `${words}: ${more}` : words, bad ? "warning" : "quiet-line");
}

/** Forget everything: it is told again from the beginning. */
export function forget() {
  session.stretches = [];
  session.begun = new Map();
  waiting.length = 0;
  at("log").replaceChildren();
}
