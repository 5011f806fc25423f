// uPlot in the colours of the page: they follow light, dark and paper.

const TOKENS = [
  "ink", "muted", "line", "hair", "band", "tint", "first", "second", "artefact", "artefact-tint",
  "dose", "adverse", "card", "control",
];

/** Colours of the moment by token; charts read them each time they draw. */
export const ink = {};

function readInk() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  for (const token of TOKENS) {
    probe.style.color = `var(--${token})`;
    ink[token] = getComputedStyle(probe).color;
  }
  probe.remove();
}
readInk();

/** A colour of the page with some of it taken away: `faded("second", 0.2)`. */
export function faded(token, alpha) {
  const [r, g, b] = ink[token].match(/[\d.]+/g);
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

const FONT = getComputedStyle(document.body).fontFamily;
const charts = new Map();

/** An axis as this page draws it; `extra` goes over it. */
export const axis = (extra = {}) => ({
  stroke: () => ink.muted,
  font: `12px ${FONT}`,
  labelFont: `12px ${FONT}`,
  labelSize: 18,
  gap: 4,
  grid: { stroke: () => ink.hair, width: 1 },
  ticks: { stroke: () => ink.line, width: 1, size: 4 },
  ...extra,
});

/** Make a chart that fills `place` and follows its size, the colours and the printer. */
export function chart(place, options, data) {
  const size = () => ({ width: place.clientWidth, height: place.clientHeight });
  const made = new uPlot(
    { legend: { show: false }, cursor: { points: { show: false } }, ...options, ...size() },
    data,
    place,
  );
  charts.set(made, size);
  new ResizeObserver(() => {
    const now = size();
    if (now.width && (now.width !== made.width || now.height !== made.height)) made.setSize(now);
  }).observe(place);
  return made;
}

const others = new Set();

/** Draw something that is no uPlot chart again whenever the colours change. */
export const onInk = (draw) => others.add(draw);

function again() {
  readInk();
  for (const made of charts.keys()) made.redraw(false, true);
  for (const draw of others) draw();
}
document.addEventListener("theme", again);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

// paper is light: the canvases are drawn again for it, and for the screen afterwards
const root = document.documentElement;
let before = null;
function toPaper() {
  if (before !== null) return;
  before = root.getAttribute("data-theme") || "";
  root.setAttribute("data-theme", "light");
  readInk();
  for (const made of charts.keys()) {
    made.setSize({ width: Math.min(made.width, 640), height: made.height });
  }
  for (const draw of others) draw();
}
function toScreen() {
  if (before === null) return;
  if (before) root.setAttribute("data-theme", before);
  else root.removeAttribute("data-theme");
  before = null;
  readInk();
  for (const [made, size] of charts) made.setSize(size());
  for (const draw of others) draw();
}
addEventListener("beforeprint", toPaper);
addEventListener("afterprint", toScreen);
matchMedia("print").addEventListener("change", (event) => (event.matches ? toPaper() : toScreen()));

/** Minutes and seconds, or hours and minutes, of a time in seconds. */
export function clock(seconds) {
  const sign = seconds < 0 ? "−" : "";
  const whole = Math.round(Math.abs(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${sign}${h}:${two(m)}:${two(s)}` : `${sign}${m}:${two(s)}`;
}

/** A number with `digits` decimals and a true minus. */
export const number = (value, digits = 0) => value.toFixed(digits).replace("-", "−");

/** A number with its sign. */
export const signed = (value, digits = 1) => (value > 0 ? "+" : "") + number(value, digits);
