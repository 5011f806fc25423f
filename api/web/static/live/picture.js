// The picture of the beats: placed ones, those just received, RMSSD, and what was marked.
import { axis, chart, clock, faded, ink } from "../charts.js";
import { at, session } from "./state.js";

let range = 120;

function drawStretches(u) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const now = u.scales.x.max;
  for (const { name, from, to, stress } of session.stretches) {
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
  }
  ctx.restore();
}

/** Names of what was marked, over everything else. */
function nameStretches(u) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = ink.card;
  for (const { name, from, to, stress } of session.stretches) {
    const begins = Math.max(u.valToPos(from, "x", true), bbox.left) + 6 * devicePixelRatio;
    const ends = Math.min(u.valToPos(to ?? u.scales.x.max, "x", true), bbox.left + bbox.width);
    if (ctx.measureText(name).width > ends - begins) continue;
    ctx.fillStyle = stress ? ink.artefact : ink.muted;
    for (const write of ["strokeText", "fillText"]) ctx[write](name, begins, bbox.top + 15 * devicePixelRatio);
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
      axis({ label: "RR (ms)", size: 48, space: 36 }),
      axis({ scale: "r", side: 1, label: "RMSSD (ms)", size: 38, space: 36, grid: { show: false } }),
    ],
    series: [
      {},
      { stroke: () => ink.second, width: 1.8, points: { show: false }, gaps: (u, i) => gapsOf(u, i) },
      { stroke: () => ink.second, width: 1.8, dash: [2, 4], points: { show: false } },
      { scale: "r", stroke: () => ink.first, width: 1.6, dash: [6, 4], points: { show: false }, spanGaps: true },
    ],
    hooks: { drawClear: [drawStretches], draw: [nameStretches] },
  },
  [[], [], [], []],
);

/** Intervals that were received and are not placed yet, laid behind the placed ones. */
function provisional() {
  if (!session.vitals || session.closed) return [];
  const pending = session.vitals.beats - session.beats.rr.length;
  return pending > 0 ? session.vitals.recent_rr_ms.slice(-pending) : [];
}

export function draw() {
  const fresh = provisional();
  const n = session.beats.t.length;
  let first = 0;
  if (range) {
    const from = (n ? session.beats.t[n - 1] : 0) - range - 30;
    first = lowerBound(session.beats.t, from);
  }
  const t = session.beats.t.slice(first);
  const rr = session.beats.rr.slice(first);
  drawnGaps = [];
  for (let i = first; i < n; i++) if (session.beats.gap[i]) drawnGaps.push(i - first);
  const placed = t.length;
  let end = n ? session.beats.t[n - 1] : 0;
  for (const ms of fresh) {
    end += ms / 1000;
    t.push(end);
    rr.push(ms);
  }
  newest = end;
  const solid = rr.map((ms, i) => (i < placed ? ms : null));
  const dotted = rr.map((ms, i) => (i >= placed - 1 && i >= 0 ? ms : null));
  const trend = t.map(() => null);
  for (const [stop, value] of session.windows) {
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
export function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

function pressed() {
  for (const button of document.querySelectorAll("[data-range]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.range) === range));
  }
}

/** Show the last `seconds`; 0 is everything. */
export function show(seconds) {
  range = seconds;
  pressed();
  draw();
}
for (const button of document.querySelectorAll("[data-range]")) {
  button.addEventListener("click", () => show(Number(button.dataset.range)));
}
