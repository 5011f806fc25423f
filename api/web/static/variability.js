// Poincaré plot, spectrum and the metrics of a whole recording.
import { get, reasonOf } from "./app.js";
import { axis, chart, faded, ink, number, onInk } from "./charts.js";

const card = document.getElementById("variability");
const { recording, clean } = card.dataset;
const root = `/v1/recordings/${recording}`;

/** Round steps that fit `most` times into a span. */
function step(span, most) {
  const power = 10 ** Math.floor(Math.log10(span / most));
  return [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= most);
}

function poincare({ columns, settings }) {
  const canvas = document.getElementById("poincare");
  const { first_ms: x, second_ms: y } = columns;
  let [low, high] = [Infinity, -Infinity];
  for (const values of [x, y]) {
    for (const v of values) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  const room = Math.max(0.06 * (high - low), 10);
  [low, high] = [low - room, high + room];
  const draw = () => {
    const ratio = devicePixelRatio;
    const side = canvas.clientWidth;
    if (!side) return;
    canvas.width = canvas.height = side * ratio;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const [left, bottom, top, right] = [44, side - 36, 8, side - 8];
    const px = (v) => left + ((v - low) / (high - low)) * (right - left);
    const py = (v) => bottom - ((v - low) / (high - low)) * (bottom - top);
    ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    ctx.fillStyle = ink.muted;
    ctx.strokeStyle = ink.hair;
    const by = step(high - low, 6);
    for (let v = Math.ceil(low / by) * by; v <= high; v += by) {
      ctx.beginPath();
      ctx.moveTo(px(v), top);
      ctx.lineTo(px(v), bottom);
      ctx.moveTo(left, py(v));
      ctx.lineTo(right, py(v));
      ctx.stroke();
      ctx.textAlign = "center";
      ctx.fillText(String(Math.round(v)), px(v), bottom + 16);
      ctx.textAlign = "right";
      ctx.fillText(String(Math.round(v)), left - 6, py(v) + 4);
    }
    ctx.textAlign = "center";
    ctx.fillText("interval (ms)", (left + right) / 2, side - 4);
    ctx.save();
    ctx.translate(11, (top + bottom) / 2);
    ctx.rotate(-Math.PI / 2);
    ctx.fillText("next interval (ms)", 0, 0);
    ctx.restore();
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    ctx.strokeStyle = ink.control;
    ctx.setLineDash([4, 4]);
    ctx.beginPath();
    ctx.moveTo(px(low), py(low));
    ctx.lineTo(px(high), py(high));
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = faded("second", Math.min(0.55, Math.max(0.08, 700 / x.length)));
    const r = x.length > 20_000 ? 1 : 2;
    for (let i = 0; i < x.length; i++) ctx.fillRect(px(x[i]) - r, py(y[i]) - r, 2 * r, 2 * r);
    ctx.strokeStyle = ink.ink;
    ctx.lineWidth = 1.8;
    ctx.beginPath();
    settings.outline_ms.forEach(([a, b], i) => (i ? ctx.lineTo(px(a), py(b)) : ctx.moveTo(px(a), py(b))));
    ctx.stroke();
    ctx.restore();
  };
  const [one, two] = [settings.sd1_ms, settings.sd2_ms];
  const words = one === null || two === null
    ? Object.values(settings.reasons).join("; ")
    : `SD1 ${number(one, 1)} ms, SD2 ${number(two, 1)} ms, ${x.length.toLocaleString("en")} pairs`;
  document.getElementById("ellipse").textContent = words;
  canvas.setAttribute("aria-label", `Poincaré plot: each interval against the next; ${words}`);
  new ResizeObserver(draw).observe(canvas);
  onInk(draw);
}

const LOOKS = { vlf: 0.1, lf: 0.28, hf: 0.5 };
let spectrum = null;
let bands = [];

function areas(u) {
  const { ctx } = u;
  const [f, d] = u.data;
  for (const { band, from_hz, to_hz } of bands) {
    const inside = f.flatMap((v, i) => (v >= from_hz && v <= to_hz ? [i] : []));
    if (!inside.length) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.fillStyle = faded("second", LOOKS[band]);
    ctx.beginPath();
    ctx.moveTo(u.valToPos(f[inside[0]], "x", true), u.valToPos(0, "y", true));
    for (const i of inside) ctx.lineTo(u.valToPos(f[i], "x", true), u.valToPos(d[i], "y", true));
    ctx.lineTo(u.valToPos(f[inside.at(-1)], "x", true), u.valToPos(0, "y", true));
    ctx.fill();
    ctx.restore();
    ctx.save();
    ctx.fillStyle = ink.muted;
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "center";
    const middle = u.valToPos((Math.max(from_hz, 0.004) + Math.min(to_hz, 0.4)) / 2, "x", true);
    ctx.fillText(band.toUpperCase(), middle, u.bbox.top - 5 * devicePixelRatio);
    ctx.restore();
  }
}

/** Slow drift would flatten everything else: the axis is that of LF and HF. */
function tallest(u) {
  const [f, d] = u.data;
  let top = 0;
  for (let i = 0; i < f.length; i++) if (f[i] >= 0.04 && d[i] > top) top = d[i];
  return [0, 1.15 * (top || 1)];
}

async function loadSpectrum(method) {
  const [place, none] = ["spectrum", "no-spectrum"].map((id) => document.getElementById(id));
  const rows = document.querySelector("#bands tbody");
  rows.textContent = "";
  let found;
  try {
    found = await get(`${root}/spectrum?method=${method}&clean=${clean}`);
  } catch (error) {
    if (error.status !== 422) throw error;
    place.hidden = document.getElementById("bands").hidden = true;
    none.textContent = error.message;
    none.hidden = false;
    return;
  }
  place.hidden = document.getElementById("bands").hidden = false;
  none.hidden = true;
  bands = found.settings.bands;
  for (const { band, from_hz, to_hz, power_ms2, reason } of bands) {
    const line = rows.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = band.toUpperCase();
    line.append(name);
    const edges = line.insertCell();
    edges.textContent = `${from_hz}–${to_hz}`;
    const power = line.insertCell();
    power.textContent = power_ms2 === null ? "–" : number(power_ms2, power_ms2 < 100 ? 1 : 0);
    edges.className = power.className = "num";
    if (reason) {
      const note = document.createElement("span");
      note.className = "note";
      note.textContent = reasonOf(reason);
      power.append(note);
    }
  }
  const { frequency_hz: f, density_ms2_hz: d } = found.columns;
  const upTo = f.findIndex((v) => v > 0.5);
  const data = [f, d].map((values) => (upTo < 0 ? values : values.slice(0, upTo)));
  if (spectrum) {
    spectrum.setData(data);
    return;
  }
  spectrum = chart(
    place,
    {
      padding: [22, 12, 0, 0],
      cursor: { show: false },
      scales: { x: { time: false, range: [0, 0.42] }, y: { range: tallest } },
      axes: [axis({ label: "frequency (Hz)", size: 28, space: 40 }),
        axis({ label: "ms²/Hz", size: 62, values: (_, ticks) => ticks.map((t) => t.toLocaleString("en")) })],
      series: [{}, { stroke: () => ink.second, width: 1.8, points: { show: false } }],
      hooks: { drawAxes: [areas] },
    },
    data,
  );
}
document.getElementById("method").addEventListener("change", (e) => loadSpectrum(e.target.value));

const METRICS = "mean_hr,mean_nn,sdnn,rmssd,pnn50,sd1,sd2,lf,hf,lf_hf,peak_hf,dfa_alpha1,sampen";
const WORDS = {
  mean_hr: "Mean heart rate", mean_nn: "Mean interval", sdnn: "SDNN", rmssd: "RMSSD",
  pnn50: "pNN50", sd1: "SD1", sd2: "SD2", lf: "LF", hf: "HF", lf_hf: "LF/HF",
  peak_hf: "HF peak", dfa_alpha1: "DFA α1", sampen: "Sample entropy",
};
const DIGITS = { ms: 1, bpm: 1, "%": 1, "ms²": 0, Hz: 3 };

async function loadSummary() {
  const list = document.getElementById("summary");
  const { columns } = await get(`${root}/summary?metrics=${METRICS}&clean=${clean}`);
  columns.name.forEach((name, i) => {
    if (!(name in WORDS)) return;
    const [value, unit] = [columns.value[i], columns.unit[i]];
    const item = document.createElement("div");
    const [dt, dd, why] = ["dt", "dd", "dd"].map((tag) => document.createElement(tag));
    dt.textContent = WORDS[name];
    dd.textContent = value === null ? "–" : `${number(value, DIGITS[unit] ?? 2)} ${unit === "1" ? "" : unit}`;
    item.append(dt, dd);
    if (value === null) {
      why.className = "why";
      why.textContent = reasonOf(columns.reason[i]);
      item.append(why);
    }
    list.append(item);
  });
}

async function loadPoincare() {
  try {
    poincare(await get(`${root}/poincare?clean=${clean}`));
  } catch (error) {
    if (error.status !== 422) throw error;
    document.getElementById("ellipse").textContent = error.message;
    document.getElementById("poincare").hidden = true;
  }
}

await Promise.all([loadPoincare(), loadSpectrum("welch"), loadSummary()]);
card.dataset.ready = "yes";
