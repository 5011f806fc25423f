// A session beside the participant: what comes in is on the screen with the next frame.
import { ask, get, say } from "./app.js";
import { axis, chart, clock, faded, ink } from "./charts.js";
import { showOutcome } from "./outcome.js";

const setup = JSON.parse(document.getElementById("setup").textContent);
const base = `/v1/live/${setup.recording_id}`;
const at = (id) => document.getElementById(id);
const put = (id, text) => {
  const place = at(id);
  if (place && place.textContent !== text) place.textContent = text;
};
const main = document.querySelector("main.session");

// what is known --------------------------------------------------------------------------------

const beats = { t: [], rr: [], gap: [] }; // placed, from the store
const windows = new Map(); // RMSSD by the end of its window, s
let vitals = null;
let vitalsAt = 0; // when they came, ms
let start = null; // moment of 0 s, ms since 1970
let stretches = []; // {from, to, stress}: what was marked, s
let begun = new Map();
let closed = main.dataset.state === "closed";

// the picture of the beats -----------------------------------------------------------------------

let range = 120;

function drawStretches(u) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const now = u.scales.x.max;
  for (const { name, from, to, stress } of stretches) {
    const left = u.valToPos(from, "x", true);
    if (to === from) {
      ctx.fillStyle = ink.dose;
      ctx.fillRect(left - 1, bbox.top, 2, bbox.height);
      continue;
    }
    const right = u.valToPos(to ?? now, "x", true);
    ctx.fillStyle = stress ? faded("artefact", 0.14) : faded("first", 0.1);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = stress ? ink.artefact : ink.first;
    ctx.fillRect(left, bbox.top, 2, bbox.height);
    const begins = Math.max(left, bbox.left) + 6 * devicePixelRatio;
    ctx.fillStyle = stress ? ink.artefact : ink.muted;
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    if (ctx.measureText(name).width < right - begins) {
      ctx.fillText(name, begins, bbox.top + 15 * devicePixelRatio);
    }
  }
  ctx.restore();
}

/** Lines stop where beats were lost. */
function gapsOf(u, series) {
  const out = [];
  for (const i of drawnGaps) {
    if (i > 0) out.push([u.valToPos(u.data[0][i - 1], "x", true), u.valToPos(u.data[0][i], "x", true)]);
  }
  return series === 1 ? out : [];
}
let drawnGaps = [];
const TICKS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

const padded = (low, high) => {
  const room = Math.max((high - low) * 0.15, 25);
  return [Math.floor((low - room) / 50) * 50, Math.ceil((high + room) / 50) * 50];
};

let newest = 0;
function span() {
  const last = Math.max(newest, 20);
  return range ? [Math.max(0, last - range), Math.max(last, range)] : [0, last];
}

const plot = chart(
  at("tachogram"),
  {
    scales: {
      x: { time: false, range: () => span() },
      y: { range: (_, low, high) => (low === null ? [500, 1100] : padded(low, high)) },
      r: { range: (_, low, high) => (low === null ? [0, 100] : [0, Math.max(60, high * 2.2)]) },
    },
    cursor: { show: false },
    axes: [
      axis({ values: (_, values) => values.map(clock), incrs: TICKS_S, space: 70, size: 28 }),
      axis({ size: 52, space: 36 }),
      axis({ scale: "r", side: 1, size: 44, space: 36, grid: { show: false } }),
    ],
    series: [
      {},
      { stroke: () => ink.second, width: 1.8, points: { show: false }, gaps: (u, i) => gapsOf(u, i) },
      { stroke: () => ink.second, width: 1.8, dash: [2, 4], points: { show: false } },
      { scale: "r", stroke: () => ink.first, width: 1.6, dash: [6, 4], points: { show: false }, spanGaps: true },
    ],
    hooks: { drawClear: [drawStretches] },
  },
  [[], [], [], []],
);

/** Intervals that were received and are not placed yet, laid behind the placed ones. */
function provisional() {
  if (!vitals || closed) return [];
  const pending = vitals.beats - beats.rr.length;
  return pending > 0 ? vitals.recent_rr_ms.slice(-pending) : [];
}

function draw() {
  const fresh = provisional();
  const n = beats.t.length;
  let first = 0;
  if (range) {
    const from = (n ? beats.t[n - 1] : 0) - range - 30;
    first = lowerBound(beats.t, from);
  }
  const t = beats.t.slice(first);
  const rr = beats.rr.slice(first);
  drawnGaps = [];
  for (let i = first; i < n; i++) if (beats.gap[i]) drawnGaps.push(i - first);
  const placed = t.length;
  let end = n ? beats.t[n - 1] : 0;
  for (const ms of fresh) {
    end += ms / 1000;
    t.push(end);
    rr.push(ms);
  }
  newest = end;
  const solid = rr.map((ms, i) => (i < placed ? ms : null));
  const dotted = rr.map((ms, i) => (i >= placed - 1 && i >= 0 ? ms : null));
  const trend = t.map(() => null);
  for (const [stop, value] of windows) {
    const i = lowerBound(t, stop);
    if (i < t.length && i > 0) trend[i] = value;
  }
  plot.setData([t, solid, dotted, trend]);
}

function lowerBound(values, wanted) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

let asked = false;
/** Draw with the next frame; many events share one. */
function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

// big numbers, signal, protocol ------------------------------------------------------------------

const CONTACT = { held: "good", lost: "lost", unsupported: "not told" };
const LINK = {
  waiting: "Waiting for the strap", connecting: "Connecting", connected: "Connected",
  lost: "Strap lost, looking for it", ended: "Ended", away: "The service does not answer",
};

function showLink(state, words) {
  const place = at("link");
  if (place.dataset.link !== state) place.dataset.link = state;
  put("link-words", words ?? LINK[state]);
}

function showVitals() {
  const v = vitals;
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

function showStressor() {
  const button = at("stress");
  if (!button) return;
  const running = openStressor();
  button.classList.toggle("on", Boolean(running));
  button.hidden = Boolean(vitals?.protocol && !vitals.protocol.done); // the protocol marks it
  put("stress-words", running ? `${running} ends` : "Stressor begins");
}

const openStressor = () =>
  [...begun.values()].find((mark) => mark.kind === "stress" && mark.origin !== "simulation")?.phase ?? "";

function showProtocol(p) {
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
function tick() {
  const p = vitals?.protocol;
  if (!p || !at("guide")) return;
  const since = p.waiting || vitals.state !== "connected" ? 0 : (performance.now() - vitalsAt) / 1000;
  const left = Math.max(p.left_s - since, 0);
  put("timer", p.done ? "0:00" : clock(Math.ceil(left)));
  p.phases.forEach((phase, i) => {
    const share = p.done || i < p.index ? 1 : i > p.index || p.waiting ? 0 : 1 - left / phase.duration_s;
    at("track").children[i].querySelector(".fill").style.width = `${(share * 100).toFixed(1)}%`;
  });
}

// the log ----------------------------------------------------------------------------------------

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

const seconds = (moment) => (start === null ? null : (new Date(moment).getTime() - start) / 1000);
const waitingMarks = [];

function takeMark(mark) {
  const { phase, kind, edge } = mark;
  const verb = { start: " begins", end: " ends", now: "" }[edge];
  const told = mark.note && mark.note !== "signal: go";
  const note = told ? (kind === "dose" ? `: ${mark.note}` : ` (${mark.note})`) : "";
  const look = kind === "stress" ? "stress" : kind === "dose" ? "dose" : "";
  logged(new Date(mark.at), `${phase}${verb}${note}`, look);
  const key = `${kind} ${phase}`;
  if (edge === "start") begun.set(key, mark);
  else if (edge === "end") begun.delete(key);
  waitingMarks.push(mark);
  placeMarks();
  showStressor();
  drawSoon();
}

function placeMarks() {
  if (start === null) return;
  for (const mark of waitingMarks.splice(0)) {
    const t = seconds(mark.at);
    const key = `${mark.kind} ${mark.phase}`;
    if (mark.edge === "start") stretches.push({ key, name: mark.phase, from: t, to: null, stress: mark.kind === "stress" });
    else if (mark.edge === "now") stretches.push({ key, name: "", from: t, to: t, stress: false });
    else {
      const open = stretches.findLast((s) => s.key === key && s.to === null);
      if (open) open.to = t;
    }
  }
}

function takeState(state) {
  const words = EVENTS[state.event] ?? state.event;
  const more = state.says || state.name;
  const bad = ["lost", "stalled", "fault"].includes(state.event);
  logged(new Date(state.at), more ? `${words}: ${more}` : words, bad ? "warning" : "quiet-line");
}

// events -----------------------------------------------------------------------------------------

function takeBeats(data) {
  if (data.first !== beats.t.length) {
    // a listener of the service goes on exactly; anything else begins again from the store
    if (data.first > beats.t.length) return reopen();
    const keep = beats.t.length - data.first;
    for (const name of ["t_s", "rr_ms", "flag"]) data[name] = data[name].slice(keep);
  }
  beats.t.push(...data.t_s);
  beats.rr.push(...data.rr_ms);
  beats.gap.push(...data.flag.map((flag) => (flag & setup.gap_flag) !== 0));
  if (start === null) findStart();
  if (!setup.own) showSent();
  drawSoon();
}

/** The numbers of a session whose beats are sent by a device: from those beats. */
function showSent() {
  const last = beats.rr.slice(-5);
  const [latest] = [...windows.values()].slice(-1);
  showLink("connected", "Beats come from a device");
  put("hr", ((60000 * last.length) / last.reduce((a, b) => a + b, 0)).toFixed(0));
  put("hr-note", `${beats.rr.length} beats in ${clock(beats.t.at(-1))}`);
  put("rmssd", latest === undefined ? "–" : latest.toFixed(0));
  put("rmssd-note", latest === undefined ? "after the first minute" : "a minute back, cleaned");
}

async function findStart() {
  const live = await get(base);
  if (live.start === null || start !== null) return;
  start = new Date(live.start).getTime();
  placeMarks();
  drawSoon();
}

let lastNews = "";
function takeVitals(data) {
  vitals = data;
  vitalsAt = performance.now();
  showVitals();
  draw();
  if (data.notified_at_ms !== null) afterPaint(data.notified_at_ms);
  const news = data.news.at(-1);
  if (news && news.at !== lastNews) {
    lastNews = news.at;
    if (news.level !== "info") say(news.text);
  }
}

/** Note how long after its notification a packet was painted (User Timing, for who measures). */
function afterPaint(notified) {
  const start = notified - performance.timeOrigin;
  if (start < 0) return; // told again from before this page was opened
  requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its task comes behind the paint of this frame
    channel.port1.onmessage = () => {
      const now = performance.now();
      performance.measure("notification to paint", { start, end: now });
      if (performance.getEntriesByType("measure").length > 3600) performance.clearMeasures();
    };
    channel.port2.postMessage(null);
  });
}

let stream = null;
function open() {
  stream = new EventSource(`${base}/events`);
  const on = (kind, work) => stream.addEventListener(kind, (event) => work(JSON.parse(event.data)));
  on("vitals", takeVitals);
  on("beats", takeBeats);
  on("mark", takeMark);
  on("state", takeState);
  on("window", (row) => {
    if (row.rmssd !== null) windows.set(row.stop_s, row.rmssd);
    drawSoon();
  });
  on("closed", takeClosed);
  stream.addEventListener("error", () => {
    if (closed) return;
    showLink("away");
    // a restarted service refuses for a moment, and a browser then gives up: ask again
    if (stream.readyState === EventSource.CLOSED) setTimeout(reopen, 1000);
  });
  stream.addEventListener("open", () => vitals && showVitals());
}

/** Begin again from the first beat in the store. */
function reopen() {
  stream?.close();
  for (const name of ["t", "rr", "gap"]) beats[name].length = 0;
  windows.clear();
  stretches = [];
  begun = new Map();
  waitingMarks.length = 0;
  at("log").replaceChildren();
  open();
}

async function takeClosed(data) {
  const before = closed;
  closed = true;
  stream.close();
  main.dataset.state = "closed";
  const words = { ended: "Ended", failed: "Failed", interrupted: "Interrupted" }[data.state] ?? "Ended";
  showLink("ended", words);
  if (data.says) {
    at("trouble").hidden = false;
    put("trouble", data.says);
  }
  if (!before) say(`The session has ended. ${data.says}`);
  document.getElementById("stop")?.remove();
  range = 0;
  pressed();
  draw();
  await showOutcome(setup.recording_id, beats.t);
}

// marking and steering ---------------------------------------------------------------------------

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
  const before = vitals?.news.at(-1)?.at ?? "";
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
  question = { what, at: new Date().toISOString(), from };
  put("ask-label", what === "dose" ? "Which dose? Such as: magnesium 300 mg" : "Note");
  at("ask").hidden = false;
  at("ask-text").value = "";
  at("ask-text").focus();
}

function answered(text) {
  const { what, at: moment } = question;
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
  const text = at("ask-text").value.trim();
  const done = answered(text);
  closeAsk();
  await done;
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

function pressed() {
  for (const button of document.querySelectorAll("[data-range]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.range) === range));
  }
}
for (const button of document.querySelectorAll("[data-range]")) {
  button.addEventListener("click", () => {
    range = Number(button.dataset.range);
    pressed();
    draw();
  });
}

document.addEventListener("keydown", (event) => {
  if (closed || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
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

setInterval(tick, 200);
if (setup.vitals) takeVitals({ ...setup.vitals, notified_at_ms: null });
open();
