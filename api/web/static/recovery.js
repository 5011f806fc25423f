// Recovery curves of both conditions with their intervals.
import { get } from "./app.js";
import { axis, chart, clock, faded, ink, signed } from "./charts.js";

const place = document.querySelector("[data-curves]");
const readout = document.querySelector(".readout");
const names = [place.dataset.first, place.dataset.second];

/** One row a moment: t, then mean, low and high of each condition; null where it has none. */
function aligned(columns) {
  const moments = [...new Set(columns.t_s)].sort((a, b) => a - b);
  const at = new Map(moments.map((t, i) => [t, i]));
  const series = names.flatMap((name) =>
    ["mean", "low", "high"].map((part) => {
      const values = new Array(moments.length).fill(null);
      columns.condition.forEach((condition, i) => {
        if (condition === name) values[at.get(columns.t_s[i])] = columns[part][i];
      });
      return values;
    }),
  );
  return [moments, ...series];
}

function ground(u) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  if (place.dataset.window) {
    const [from, to] = [60, 300].map((t) => u.valToPos(t, "x", true));
    ctx.fillStyle = ink.band;
    ctx.fillRect(from, top, to - from, height);
  }
  ctx.fillStyle = ink.control;
  ctx.fillRect(left, Math.round(u.valToPos(0, "y", true)), width, devicePixelRatio);
  ctx.restore();
}

function read(u) {
  const i = u.cursor.idx;
  if (i === null || i === undefined) {
    readout.textContent = "";
    return;
  }
  const parts = names.map((name, k) => {
    const [mean, low, high] = [1, 2, 3].map((j) => u.data[3 * k + j][i]);
    return mean === null ? `${name} –` : `${name} ${signed(mean)} (${signed(low)} to ${signed(high)})`;
  });
  readout.textContent = `${clock(u.data[0][i])} after: ${parts.join(" · ")} bpm`;
}

const { columns } = await get(place.dataset.curves);
const edge = { show: true, width: 0, stroke: "transparent", points: { show: false } };
const line = (token, dash) => ({
  stroke: () => ink[token],
  width: 2.4,
  dash,
  points: { show: false },
});
chart(
  place,
  {
    scales: { x: { time: false } },
    axes: [
      axis({
        label: "after the end of the stressor (min)",
        size: 28,
        space: 30,
        incrs: [60, 120, 300, 600, 1200, 3600],
        values: (_, ticks) => ticks.map((t) => String(t / 60).replace("-", "−")),
      }),
      axis({ label: "above baseline (bpm)", size: 44, values: (_, v) => v.map((t) => signed(t, 0)) }),
    ],
    series: [{}, line("first", [6, 4]), edge, edge, line("second"), edge, edge],
    bands: [
      { series: [3, 2], fill: () => faded("first", 0.16) },
      { series: [6, 5], fill: () => faded("second", 0.18) },
    ],
    hooks: { drawClear: [ground], setCursor: [read] },
  },
  aligned(columns),
);
place.dataset.drawn = "yes";
