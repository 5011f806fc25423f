// The big numbers, the signal, and how the strap is connected.
import { clock } from "../charts.js";
import { showProtocol } from "./protocol.js";
import { at, openStressor, put, session } from "./state.js";

const CONTACT = { held: "good", lost: "lost", unsupported: "not told" };
const LINK = {
  waiting: "Waiting for the strap", connecting: "Connecting", connected: "Connected",
  lost: "Strap lost, looking for it", ended: "Ended", away: "The service does not answer",
};

export function showLink(state, words) {
  const place = at("link");
  if (place.dataset.link !== state) place.dataset.link = state;
  put("link-words", words ?? LINK[state]);
}

export function showVitals() {
  const v = session.vitals;
  showLink(v.state, v.state === "connected" ? v.device || "Connected" : undefined);
  put("hr", v.hr_bpm === null ? "–" : v.hr_bpm.toFixed(0));
  put("hr-note", `${v.beats} beats in ${clock(v.elapsed_s)}`);
  put("rmssd", v.rmssd_ms === null ? "–" : v.rmssd_ms.toFixed(0));
  put("rmssd-note", v.rmssd_ms === null ? waitWords(v.why_no_rmssd) : cleanWords(v.artefact_share));
  for (const id of ["hr", "rmssd"]) at(id).parentElement.classList.toggle("stale", v.state !== "connected");
  const signal = at("signal");
  const go = v.packets === 0 ? "unknown" : v.go ? "yes" : "no";
  if (signal.dataset.go !== go) signal.dataset.go = go;
  put("go-words", { unknown: "No packet yet", yes: "Good", no: "Not yet good" }[go]);
  listed(at("objections"), go === "no" ? v.objections : []);
  put("contact", CONTACT[v.contact] ?? v.contact);
  put("artefacts", v.artefact_share === null ? "–" : `${(v.artefact_share * 100).toFixed(0)} %`);
  put("gaps", v.gaps ? `${v.gaps} (${v.lost_s.toFixed(0)} s)` : "none");
  put("battery", v.battery_percent === null ? "–" : `${v.battery_percent} %`);
  const trouble = at("trouble");
  trouble.hidden = !v.trouble;
  put("trouble", v.trouble);
  showStressor();
  if (v.protocol) showProtocol(v.protocol);
}

const waitWords = (why) => (why.startsWith("in ") ? `first value ${why}` : why || "no value yet");
const cleanWords = (share) => (share ? `${(share * 100).toFixed(0)} % artefacts left out` : "no artefacts");

function listed(place, texts) {
  if (place.children.length === texts.length && texts.every((t, i) => place.children[i].textContent === t)) return;
  place.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
}

/** Show what its button does: begins a stressor, or ends the one that runs. */
export function showStressor() {
  const button = at("stress");
  if (!button) return;
  const running = openStressor();
  button.classList.toggle("on", Boolean(running));
  button.hidden = Boolean(session.vitals?.protocol && !session.vitals.protocol.done); // the protocol marks it
  put("stress-words", running ? `${running} ends` : "Stressor begins");
}

/** The numbers of a session whose beats are sent by a device: from those beats. */
export function showSent() {
  const last = session.beats.rr.slice(-5);
  const [latest] = [...session.windows.values()].slice(-1);
  showLink("connected", "Beats come from a device");
  put("hr", ((60000 * last.length) / last.reduce((a, b) => a + b, 0)).toFixed(0));
  put("hr-note", `${session.beats.rr.length} beats in ${clock(session.beats.t.at(-1))}`);
  put("rmssd", latest === undefined ? "–" : latest.toFixed(0));
  put("rmssd-note", latest === undefined ? "after the first minute" : "a minute back, cleaned");
}
