// One recording: tachogram, windows, artefacts, and phases that can be moved.
import { all, get } from "./app.js";
import { axis, chart, clock, ink, number, onInk } from "./charts.js";
import { episodes } from "./episodes.js";
import { events, Phases } from "./phases.js";

const card = document.getElementById("chart");
const { recording, study, subject, start, clean } = card.dataset;
const place = document.getElementById("rr");
const readout = document.getElementById("readout");
const root = `/v1/recordings/${recording}`;
const SHORTEST_S = 2;
const PADDING = [10, 8, 0, 0];
const STEP = { "1min": "5s", "2min": "10s", "5min": "1min" };
const STEP_SHORT = { ...STEP, "5min": "10s" };

/** Beats as the chart takes them: what was left out is no part of the line, and gaps break it. */
function series({ t_s, rr_ms, kind, gap }) {
  const x = [];
  const y = [];
  const left = [];
  for (let i = 0; i < t_s.length; i++) {
    if (gap[i] && i) {
      x.push(t_s[i] - rr_ms[i] / 1000);
      y.push(null);
    }
    x.push(t_s[i]);
    if (kind[i]) {
      y.push(null);
      left.push({ t: t_s[i], rr: rr_ms[i], kind: kind[i] });
    } else {
      y.push(rr_ms[i]);
    }
  }
  return { data: [x, y], left };
}

/** First index in a sorted array whose value is not below `value`. */
function lower(sorted, value, key = (v) => v) {
  let [lo, hi] = [0, sorted.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (key(sorted[middle]) < value) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** Range of the intervals in view, with some room. */
function inView(_, low, high) {
  if (low === null || low === undefined) return [400, 1200];
  const room = Math.max(0.08 * (high - low), 15);
  return [low - room, high + room];
}

const began = performance.now();
const beats = await get(`${root}/cleaned?clean=${clean}`);
const loaded = performance.now();
const { data, left } = series(beats.columns);
const first = data[0][0] - beats.columns.rr_ms[0] / 1000;
const last = data[0].at(-1);
const whole = { min: first, max: last };
let spans = [];
let phases = null;
let drawnOnce = false;

function ground(u) {
  const { ctx } = u;
  const { top, height } = u.bbox;
  ctx.save();
  for (const { phase, start_s, stop_s } of spans) {
    const [from, to] = [start_s, stop_s].map((t) => u.valToPos(t, "x", true));
    ctx.fillStyle = phase === "stress" ? ink["artefact-tint"] : ink.tint;
    ctx.globalAlpha = phase === "recovery" ? 0.45 : 0.9;
    ctx.fillRect(from, top, to - from, height);
  }
  ctx.restore();
}

/** Diamonds where intervals were left out; one beyond the edge sits on it. */
function marks(u) {
  const { ctx } = u;
  const { min, max } = u.scales.x;
  const { top, height } = u.bbox;
  const from = lower(left, min, (v) => v.t);
  const to = lower(left, max, (v) => v.t);
  const r = (to - from > 1500 ? 2 : 4.5) * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = ink.artefact;
  ctx.beginPath();
  for (let i = from; i < to; i++) {
    const x = u.valToPos(left[i].t, "x", true);
    const y = Math.min(Math.max(u.valToPos(left[i].rr, "y", true), top + r), top + height - r);
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y);
    ctx.lineTo(x, y + r);
    ctx.lineTo(x - r, y);
  }
  ctx.fill();
  ctx.restore();
}

const moment = (t) => {
  if (!start) return `${clock(t)} after the start`;
  const at = new Date(Date.parse(start) + offsetMs(start) + 1000 * t);
  return `${at.toISOString().slice(11, 19)}, ${clock(t)} after the start`;
};

/** Milliseconds that the recording's own clock is ahead of UTC. */
function offsetMs(iso) {
  const found = /([+-])(\d\d):(\d\d)/.exec(iso.slice(19));
  return found ? (found[1] === "-" ? -1 : 1) * (found[2] * 60 + Number(found[3])) * 60_000 : 0;
}

function tell(t) {
  const { columns } = beats;
  let i = lower(columns.t_s, t);
  if (i >= columns.t_s.length) i = columns.t_s.length - 1;
  if (i && t - columns.t_s[i - 1] < columns.t_s[i] - t) i -= 1;
  const rr = columns.rr_ms[i];
  const what = columns.kind[i] ? `, ${columns.kind[i]}, left out` : "";
  const gap = columns.gap[i] ? ", beats were lost just before" : "";
  readout.textContent =
    `Beat ${i + 1} at ${moment(columns.t_s[i])}: ${number(rr, rr % 1 ? 1 : 0)} ms, ` +
    `${number(60_000 / rr, 0)} bpm${what}${gap}`;
  return i;
}

const painting = performance.now();
const u = chart(
  place,
  {
    padding: PADDING,
    scales: { x: { time: false }, y: { range: inView } },
    cursor: { drag: { x: true, y: false, setScale: true }, points: { show: false } },
    axes: [axis({ size: 30, values: (_, ticks) => ticks.map(clock), space: 70,
      incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600] }),
      axis({ label: "RR (ms)", size: 48 })],
    series: [{}, { stroke: () => ink.second, width: 1.2, spanGaps: false,
      points: { size: 6, fill: () => ink.second } }],
    hooks: {
      drawClear: [ground],
      draw: [marks, () => { if (phases) phases.place(); }],
      setScale: [(chart, key) => { if (key === "x") moved(); }],
      setCursor: [(chart) => {
        if (chart.cursor.left >= 0) tell(chart.posToVal(chart.cursor.left, "x"));
      }],
    },
  },
  data,
);
requestAnimationFrame(() => {
  const channel = new MessageChannel(); // its message comes after the frame was painted
  channel.port1.onmessage = () => {
    place.dataset.drawMs = (performance.now() - painting).toFixed(1);
    place.dataset.loadMs = (loaded - began).toFixed(1);
  };
  channel.port2.postMessage(null);
});
readout.textContent = "";
document.getElementById("left-out").textContent =
  `${left.length} of ${beats.rows} intervals`;

// the strip below: the whole recording, and which part of it is in view
const strip = document.getElementById("strip");
const outline = (() => {
  const buckets = 1000;
  const low = new Float64Array(buckets).fill(Infinity);
  const high = new Float64Array(buckets).fill(-Infinity);
  const [x, y] = data;
  for (let i = 0; i < x.length; i++) {
    if (y[i] === null) continue;
    const b = Math.min(buckets - 1, Math.floor(((x[i] - first) / (last - first)) * buckets));
    if (y[i] < low[b]) low[b] = y[i];
    if (y[i] > high[b]) high[b] = y[i];
  }
  return { buckets, low, high, min: Math.min(...low), max: Math.max(...high) };
})();

function drawStrip() {
  const ratio = devicePixelRatio;
  const [w, h] = [strip.clientWidth * ratio, strip.clientHeight * ratio];
  if (!w) return;
  if (strip.width !== w) strip.width = w;
  if (strip.height !== h) strip.height = h;
  const ctx = strip.getContext("2d");
  ctx.clearRect(0, 0, w, h);
  const at = (t) => ((t - first) / (last - first)) * w;
  ctx.fillStyle = ink.band;
  ctx.fillRect(0, 0, w, h);
  const { min, max } = u.scales.x;
  ctx.fillStyle = ink.card;
  ctx.fillRect(at(min), 0, Math.max(at(max) - at(min), 2 * ratio), h);
  ctx.fillStyle = ink.second;
  const scale = (v) => h - 3 - ((v - outline.min) / (outline.max - outline.min || 1)) * (h - 6);
  for (let b = 0; b < outline.buckets; b++) {
    if (outline.low[b] > outline.high[b]) continue;
    const top = scale(outline.high[b]);
    ctx.fillRect((b / outline.buckets) * w, top, Math.max(w / outline.buckets, 1),
      Math.max(scale(outline.low[b]) - top, ratio));
  }
  ctx.strokeStyle = ink.second;
  ctx.lineWidth = 1.5 * ratio;
  ctx.strokeRect(at(min) + 1, 1, Math.max(at(max) - at(min) - 2, 2), h - 2);
}
function onStrip(event) {
  const box = strip.getBoundingClientRect();
  const t = first + ((event.clientX - box.left) / box.width) * (last - first);
  const half = (u.scales.x.max - u.scales.x.min) / 2;
  view(t - half, t + half);
}
strip.addEventListener("pointerdown", (event) => {
  strip.setPointerCapture(event.pointerId);
  onStrip(event);
});
strip.addEventListener("pointermove", (event) => {
  if (event.buttons) onStrip(event);
});
new ResizeObserver(drawStrip).observe(strip);
onInk(drawStrip);

/** Show [min, max], held within the recording. */
function view(min, max) {
  const width = Math.min(Math.max(max - min, SHORTEST_S), last - first);
  const from = Math.min(Math.max((min + max - width) / 2, first), last - width);
  u.setScale("x", { min: from, max: from + width });
}

let windows = null;
function moved() {
  if (!drawnOnce) return;
  const { min, max } = u.scales.x;
  if (windows) windows.setScale("x", { min, max });
  drawStrip();
}

const acts = {
  in: () => zoom(0.5),
  out: () => zoom(2),
  left: () => pan(-0.5),
  right: () => pan(0.5),
  all: () => view(whole.min, whole.max),
  artefact: () => {
    const { min, max } = u.scales.x;
    const shown = max - min <= 60 ? (min + max) / 2 + 0.01 : first - 1;
    const next = left[lower(left, shown, (v) => v.t)] || left[0];
    view(next.t - 15, next.t + 15);
    tell(next.t);
  },
};
function zoom(by) {
  const { min, max } = u.scales.x;
  const half = ((max - min) / 2) * by;
  view((min + max) / 2 - half, (min + max) / 2 + half);
}
function pan(by) {
  const { min, max } = u.scales.x;
  view(min + by * (max - min), max + by * (max - min));
}
card.querySelector(".toolbar").addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]");
  if (act) acts[act.dataset.act]();
});
card.querySelector('[data-act="artefact"]').disabled = !left.length;

let beat = -1;
function step(by) {
  const { t_s } = beats.columns;
  const { min, max } = u.scales.x;
  if (beat < 0 || t_s[beat] < min || t_s[beat] > max) beat = lower(t_s, (min + max) / 2);
  else beat = Math.min(Math.max(beat + by, 0), t_s.length - 1);
  const t = t_s[beat];
  if (max - min > 120) view(t - 15, t + 15);
  else if (t < min || t > max) view(t - (max - min) / 2, t + (max - min) / 2);
  tell(t);
  u.setCursor({ left: u.valToPos(t, "x"), top: 0 }, false);
}
const keys = {
  "+": acts.in, "=": acts.in, "-": acts.out, ArrowLeft: () => pan(-0.25),
  ArrowRight: () => pan(0.25), Home: acts.all, "[": () => step(-1), "]": () => step(1),
};
place.addEventListener("keydown", (event) => {
  if (event.target !== place || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
u.over.addEventListener("dblclick", () => acts.all());
u.over.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
  event.preventDefault();
  const at = u.posToVal(event.offsetX, "x");
  const by = event.deltaY < 0 ? 0.8 : 1.25;
  const { min, max } = u.scales.x;
  view(at - (at - min) * by, at + (max - at) * by);
}, { passive: false });

drawnOnce = true;
drawStrip();

async function loadWindows(width) {
  const steps = last - first < 7200 ? STEP_SHORT : STEP;
  const asked = `width=${width}&step=${steps[width]}&metrics=rmssd&clean=${clean}`;
  const { columns } = await get(`${root}/windows?${asked}`);
  const middle = columns.start_s.map((t, i) => (t + columns.stop_s[i]) / 2);
  const values = [middle, columns.rmssd];
  if (windows) {
    windows.setData(values, false);
    windows.redraw(false, true);
    return;
  }
  const { min, max } = u.scales.x;
  windows = chart(
    document.getElementById("windows"),
    {
      padding: [10, 8, 6, 0],
      scales: { x: { time: false, min, max, auto: false }, y: { range: (_, low, high) =>
        (low === null ? [0, 50] : [0, high * 1.1]) } },
      cursor: { show: false },
      axes: [axis({ show: false }), axis({ label: "ms", size: 48 })],
      series: [{}, { stroke: () => ink.ink, width: 1.6, spanGaps: false }],
    },
    values,
  );
  windows.setScale("x", { min, max });
}
document.getElementById("width").addEventListener("change", (event) => {
  loadWindows(event.target.value);
});

async function loadSpans() {
  const { columns } = await get(`${root}/phases?clean=${clean}`);
  spans = columns.phase.map((phase, i) => ({
    phase, start_s: columns.start_s[i], stop_s: columns.stop_s[i],
  }));
  u.redraw(false, true);
}

async function loadEpisodes() {
  const box = document.getElementById("episodes");
  try {
    box.replaceChildren(...episodes(await get(`${root}/recovery?clean=${clean}`), { titled: true }));
  } catch (error) {
    const line = document.createElement("p");
    line.className = "muted";
    line.textContent = error.message;
    box.replaceChildren(line);
  }
}

const found = await events(all, study, subject, recording, start, [first, last]);
phases = new Phases(u, place, found, {
  first, last, start, subject,
  changed: () => fromStressors(),
});
phases.place();

/** Draw and write what follows from the stressors; without one there is nothing to ask for. */
async function fromStressors() {
  if (found.some(({ row }) => row.kind === "stress")) {
    await Promise.all([loadSpans(), loadEpisodes()]);
  } else {
    document.getElementById("episodes").firstElementChild.textContent =
      "No stressor falls into this recording, so there is no recovery to measure.";
  }
}
await Promise.all([loadWindows(card.dataset.width), fromStressors()]);
place.dataset.ready = "yes";
