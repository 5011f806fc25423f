// The protocol: the phase that runs, its timer, and the track of all phases.
import { clock } from "../charts.js";
import { at, put, session } from "./state.js";

export function showProtocol(p) {
  const guide = at("guide");
  if (!guide) return;
  guide.dataset.kind = p.kind;
  guide.dataset.waiting = p.waiting ? "yes" : "no";
  put("guide-title", p.done ? "The protocol is over" : p.waiting ? `Next: ${p.phase}` : p.phase);
  const waits = p.asks ? "Begin it when the person is ready." : "Begins with the first good signal.";
  put("say", p.done ? "" : p.waiting ? waits : p.say);
  const track = at("track");
  const least = p.phases.reduce((sum, phase) => sum + phase.duration_s, 0) / 10;
  if (track.children.length !== p.phases.length) {
    track.replaceChildren(...p.phases.map((phase) => phaseBar(phase, least)));
  }
  p.phases.forEach((phase, i) => {
    const item = track.children[i];
    item.classList.toggle("current", i === p.index);
    if (i === p.index) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  const go = at("go");
  if (go) go.hidden = !p.asks;
  const skip = at("skip");
  if (skip) skip.hidden = p.waiting || p.done;
  tick();
}

function phaseBar(phase, least) {
  const item = document.createElement("li");
  if (phase.kind === "stress") item.className = "stress";
  item.style.flexGrow = String(Math.max(phase.duration_s, least)); // room for its name
  const bar = document.createElement("span");
  bar.className = "bar";
  const fill = document.createElement("span");
  fill.className = "fill";
  bar.append(fill);
  const name = document.createElement("span");
  name.className = "name";
  const length = document.createElement("span");
  length.className = "length";
  length.textContent = ` ${clock(phase.duration_s)}`;
  name.append(phase.name, length);
  item.append(bar, name);
  return item;
}

/** Let the timer run between two events. */
export function tick() {
  const p = session.vitals?.protocol;
  if (!p || !at("guide")) return;
  const since = p.waiting || session.vitals.state !== "connected" ? 0 : (performance.now() - session.vitalsAt) / 1000;
  const left = Math.max(p.left_s - since, 0);
  put("timer", p.done ? "0:00" : clock(Math.ceil(left)));
  p.phases.forEach((phase, i) => {
    const share = p.done || i < p.index ? 1 : i > p.index || p.waiting ? 0 : 1 - left / phase.duration_s;
    at("track").children[i].querySelector(".fill").style.width = `${(share * 100).toFixed(1)}%`;
  });
}

setInterval(tick, 200);
