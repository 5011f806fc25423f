// Phases and marks of a recording: drawn over the chart, moved by pointer or by keyboard.
import { ask, get } from "./app.js";
import { clock } from "./charts.js";

const WAIT_MS = 900;

/** Events that fall into a recording, with their edges in seconds since its start. */
export async function events(all, study, subject, recording, start, [first, last]) {
  const who = encodeURIComponent(subject);
  const rows = await all(`/v1/studies/${study}/events?subject=${who}&limit=1000`);
  return rows
    .map((row) => ({ row, from: seconds(row, "start", start), to: seconds(row, "end", start) }))
    .filter(({ row, from, to }) =>
      (row.recording_id ? row.recording_id === recording : from !== null) &&
      from <= last && to >= first)
    .sort((a, b) => a.from - b.from);
}

function seconds(row, edge, start) {
  if (row[`${edge}_s`] !== null) return row[`${edge}_s`];
  return start && row[edge] ? (Date.parse(row[edge]) - Date.parse(start)) / 1000 : null;
}

/** A moment in the offset that another one is written in. */
function written(ms, like) {
  const found = /(Z|[+-]\d\d:\d\d)(\[.*\])?$/.exec(like);
  const zone = found ? found[1] : "Z";
  const minutes = zone === "Z" ? 0 : (zone[0] === "-" ? -1 : 1) *
    (60 * Number(zone.slice(1, 3)) + Number(zone.slice(4)));
  const text = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
  return text + zone;
}

export class Phases {
  constructor(u, place, found, options) {
    Object.assign(this, { u, place_: place, options });
    this.status = document.getElementById("edited");
    this.layer = document.createElement("div");
    this.layer.className = "phases";
    place.append(this.layer);
    this.items = found.map((item) => this.#made(item));
    this.#table();
  }

  #made(item) {
    const span = document.createElement("div");
    const instant = item.row.kind === "tag";
    span.className = `span ${instant ? "tag-line" : item.row.kind === "stress" ? "stress" : "calm"}`;
    const label = document.createElement("span");
    label.className = "span-label";
    label.textContent = item.row.phase;
    span.append(label);
    const made = { ...item, span, handles: {}, timer: null };
    for (const edge of instant ? ["from"] : ["from", "to"]) {
      made.handles[edge] = this.#handle(made, edge);
      span.append(made.handles[edge]);
    }
    this.layer.append(span);
    return made;
  }

  #handle(item, edge) {
    const handle = document.createElement("div");
    const instant = item.row.kind === "tag";
    const what = instant ? "Moment" : edge === "from" ? "Start" : "End";
    handle.className = `handle ${edge}`;
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `${what} of ${item.row.phase}`);
    handle.setAttribute("aria-orientation", "horizontal");
    handle.setAttribute("aria-valuemin", Math.floor(this.options.first));
    handle.setAttribute("aria-valuemax", Math.ceil(this.options.last));
    handle.addEventListener("keydown", (event) => this.#key(event, item, edge));
    handle.addEventListener("blur", () => this.#soon(item, 0));
    handle.addEventListener("pointerdown", (event) => this.#grab(event, item, edge));
    return handle;
  }

  #key(event, item, edge) {
    const by = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: -by, ArrowDown: -by, ArrowRight: by, ArrowUp: by, PageDown: -60, PageUp: 60 };
    if (event.key in moves) this.#move(item, edge, item[edge] + moves[event.key]);
    else if (event.key === "Escape") this.#back(item);
    else if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.key !== "Escape") this.#soon(item, event.key === "Enter" ? 0 : WAIT_MS);
  }

  #grab(event, item, edge) {
    event.preventDefault();
    event.stopPropagation();
    const handle = event.currentTarget;
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const box = this.u.over.getBoundingClientRect();
    const seen = this.u.scales.x.max - this.u.scales.x.min;
    const fine = seen < 120 ? 10 : 1;
    const move = (e) => {
      const t = this.u.posToVal(e.clientX - box.left, "x");
      this.#move(item, edge, Math.round(t * fine) / fine);
    };
    const drop = () => {
      handle.removeEventListener("pointermove", move);
      this.#soon(item, 0);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", drop, { once: true });
    handle.addEventListener("pointercancel", drop, { once: true });
  }

  #move(item, edge, t) {
    item.before ??= { from: item.from, to: item.to };
    const { first, last } = this.options;
    const held = Math.min(Math.max(t, first), last);
    if (item.row.kind === "tag") item.from = item.to = held;
    else if (edge === "from") item.from = Math.min(held, item.to - 1);
    else item.to = Math.max(held, item.from + 1);
    this.place();
    this.#table();
  }

  #back(item) {
    clearTimeout(item.timer);
    if (!item.before) return; // it is stored by now, and there is its Undo
    Object.assign(item, item.before);
    item.before = null;
    this.place();
    this.#table();
    this.#tell("Put back; nothing was changed.");
  }

  /** Write an event a while after its last move, or now. */
  #soon(item, wait) {
    clearTimeout(item.timer);
    if (!item.before) return;
    item.timer = setTimeout(() => this.#write(item), wait);
  }

  #body({ row, from, to, before }) {
    const { id, version, created_at, updated_at, study_id, ...body } = row; // the server's own
    const edges = [["start", from, before.from], ["end", to, before.to]];
    for (const [name, now, then] of edges) {
      if (now === then) continue; // what was not moved stays to the last digit
      if (row[`${name}_s`] !== null) body[`${name}_s`] = now;
      else body[name] = written(Date.parse(this.options.start) + 1000 * now, row[name]);
    }
    return body;
  }

  async #write(item) {
    if (item.writing || !item.before) return;
    const before = item.before;
    if (before.from === item.from && before.to === item.to) {
      item.before = null;
      return;
    }
    item.writing = true;
    const body = this.#body(item);
    item.before = null;
    try {
      const answer = await ask("PUT", `/v1/events/${item.row.id}`, {
        body, version: item.row.version,
      });
      item.row = await answer.json();
      this.#tell(`${item.row.phase} now runs from ${clock(item.from)} to ${clock(item.to)}.`,
        () => this.#undo(item, before));
      await this.options.changed();
    } catch (error) {
      await this.#refused(item, before, error);
    } finally {
      item.writing = false;
      if (item.before) this.#soon(item, WAIT_MS);
    }
  }

  async #refused(item, before, error) {
    Object.assign(item, before);
    item.before = null;
    if (error.status === 412) {
      item.row = await get(`/v1/events/${item.row.id}`);
      item.from = seconds(item.row, "start", this.options.start);
      item.to = seconds(item.row, "end", this.options.start);
      this.#tell(`Someone else changed ${item.row.phase} meanwhile; theirs is shown now.`);
    } else {
      this.#tell(`Not changed: ${error.message}`);
    }
    this.place();
    this.#table();
  }

  #undo(item, before) {
    item.before = { from: item.from, to: item.to };
    Object.assign(item, before);
    this.place();
    this.#table();
    this.#write(item);
  }

  #tell(text, undo) {
    this.status.textContent = text;
    if (!undo) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = "Undo";
    button.addEventListener("click", undo, { once: true });
    this.status.append(" ", button);
  }

  /** Put everything where the chart shows its time. */
  place() {
    const { u } = this;
    const { min, max } = u.scales.x;
    const ratio = devicePixelRatio;
    Object.assign(this.layer.style, {
      left: `${u.bbox.left / ratio}px`, top: `${u.bbox.top / ratio}px`,
      width: `${u.bbox.width / ratio}px`, height: `${u.bbox.height / ratio}px`,
    });
    for (const item of this.items) {
      const [from, to] = [item.from, item.to].map((t) => u.valToPos(t, "x"));
      item.span.hidden = item.to < min || item.from > max;
      item.span.style.left = `${from}px`;
      item.span.style.width = `${Math.max(to - from, 0)}px`;
      for (const [edge, handle] of Object.entries(item.handles)) {
        handle.hidden = item[edge] < min || item[edge] > max;
        handle.setAttribute("aria-valuenow", Math.round(item[edge]));
        handle.setAttribute("aria-valuetext", `${clock(item[edge])} after the start`);
      }
    }
  }

  #table() {
    const body = document.querySelector("#events tbody");
    document.getElementById("no-events").hidden = this.items.length > 0;
    document.getElementById("events").hidden = !this.items.length;
    body.textContent = "";
    for (const { row, from, to } of this.items) {
      const line = body.insertRow();
      const name = document.createElement("th");
      name.scope = "row";
      name.textContent = row.phase;
      line.append(name);
      const length = row.kind === "tag" ? "–" : clock(to - from);
      for (const [text, style] of [[row.kind, ""], [clock(from), "num"], [clock(to), "num"], [length, "num"]]) {
        const cell = line.insertCell();
        cell.textContent = text;
        cell.className = style;
      }
    }
  }
}

