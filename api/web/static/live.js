// A session beside the participant: what comes in is on the screen with the next frame.
import { get, say } from "./app.js";
import { forget, placeMarks, takeMark, takeState } from "./live/log.js";
import "./live/marks.js";
import { showLink, showSent, showVitals } from "./live/numbers.js";
import { draw, drawSoon, show } from "./live/picture.js";
import { at, base, main, put, session, setup } from "./live/state.js";
import { showOutcome } from "./outcome.js";

function takeBeats(data) {
  if (data.first !== session.beats.t.length) {
    // a listener of the service goes on exactly; anything else begins again from the store
    if (data.first > session.beats.t.length) return reopen();
    const keep = session.beats.t.length - data.first;
    for (const name of ["t_s", "rr_ms", "flag"]) data[name] = data[name].slice(keep);
  }
  session.beats.t.push(...data.t_s);
  session.beats.rr.push(...data.rr_ms);
  session.beats.gap.push(...data.flag.map((flag) => (flag & setup.gap_flag) !== 0));
  if (session.start === null) findStart();
  if (!setup.own) showSent();
  drawSoon();
}

async function findStart() {
  const live = await get(base);
  if (live.start === null || session.start !== null) return;
  session.start = new Date(live.start).getTime();
  placeMarks();
  drawSoon();
}

let lastNews = "";
function takeVitals(data) {
  session.vitals = data;
  session.vitalsAt = performance.now();
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
  const begin = notified - performance.timeOrigin;
  if (begin < 0) return; // told again from before this page was opened
  requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its task comes behind the paint of this frame
    channel.port1.onmessage = () => {
      const now = performance.now();
      performance.measure("notification to paint", { start: begin, end: now });
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
    if (row.rmssd !== null) session.windows.set(row.stop_s, row.rmssd);
    drawSoon();
  });
  on("closed", takeClosed);
  stream.addEventListener("error", () => {
    if (session.closed) return;
    showLink("away");
    // a restarted service refuses for a moment, and a browser then gives up: ask again
    if (stream.readyState === EventSource.CLOSED) setTimeout(reopen, 1000);
  });
  stream.addEventListener("open", () => session.vitals && showVitals());
}

/** Begin again from the first beat in the store. */
function reopen() {
  stream?.close();
  for (const name of ["t", "rr", "gap"]) session.beats[name].length = 0;
  session.windows.clear();
  forget();
  open();
}

async function takeClosed(data) {
  const before = session.closed;
  session.closed = true;
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
  show(0);
  await showOutcome(setup.recording_id, session.beats.t);
}

if (setup.vitals) takeVitals({ ...setup.vitals, notified_at_ms: null });
open();
