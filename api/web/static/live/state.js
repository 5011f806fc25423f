// What is known of the session: written as events come in, read by what shows it.

export const setup = JSON.parse(document.getElementById("setup").textContent);
export const base = `/v1/live/${setup.recording_id}`;
export const at = (id) => document.getElementById(id);
export const put = (id, text) => {
  const place = at(id);
  if (place && place.textContent !== text) place.textContent = text;
};
export const main = document.querySelector("main.session");

export const session = {
  beats: { t: [], rr: [], gap: [] }, // placed, from the store
  windows: new Map(), // RMSSD by the end of its window, s
  vitals: null,
  vitalsAt: 0, // when they came, ms
  start: null, // moment of 0 s, ms since 1970
  stretches: [], // {from, to, stress}: what was marked, s
  begun: new Map(), // marks that have begun and not ended
  closed: main.dataset.state === "closed",
};

/** The stressor that runs, unless a simulation says so itself. */
export const openStressor = () =>
  [...session.begun.values()].find((mark) => mark.kind === "stress" && mark.origin !== "simulation")?.phase ?? "";
