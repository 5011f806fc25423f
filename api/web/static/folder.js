// Files by drop or choice: sent in parts with progress, then what was understood of each.
import { Problem, csrf, say, show } from "./app.js";
import { study } from "./desk.js";

const form = document.querySelector("[data-folder]");
const zone = form.querySelector(".drop");
const sending = document.querySelector(".sending");
const bar = sending.querySelector("progress");
const words = sending.querySelector(".words");
const result = document.getElementById("understood");
const MOST_FILES = 400;
const FIRST = 8;
const MOST_BYTES = Number(form.dataset.most) * 1e6;

const element = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

for (const button of form.querySelectorAll("[data-choose]")) {
  const input = document.getElementById(button.dataset.choose);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    input.value = "";
    if (files.length) take(files);
  });
}
form.addEventListener("submit", (event) => event.preventDefault());

// a file that misses the zone would replace the page
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  // what was dropped is forgotten once this turn ends, so it is asked for before anything is awaited
  const dropped = [...event.dataTransfer.items].map((item) => [item.webkitGetAsEntry(), item.getAsFile()]);
  const found = await Promise.all(
    dropped.map(([entry, file]) => (entry ? walk(entry, "") : file ? [{ path: file.name, file }] : [])),
  );
  const files = found.flat();
  if (files.length) take(files);
});

/** Every file below an entry that was dropped. */
async function walk(entry, above) {
  const path = above + entry.name;
  if (entry.isFile) return [{ path, file: await new Promise((ok, no) => entry.file(ok, no)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!some.length) break;
    for (const each of some) found.push(...(await walk(each, `${path}/`)));
  }
  return found;
}

/** Parts that one request takes, files of one folder together as far as they fit. */
function parts(files) {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const made = [[]];
  let bytes = 0;
  for (const each of sorted) {
    const last = made[made.length - 1];
    if (last.length && (last.length >= MOST_FILES || bytes + each.file.size > MOST_BYTES)) {
      made.push([each]);
      bytes = each.file.size;
    } else {
      last.push(each);
      bytes += each.file.size;
    }
  }
  return made;
}

function send(files, told) {
  const body = new FormData();
  for (const name of ["subject", "subject_pattern", "tz"]) {
    const value = form.elements.namedItem(name).value.trim();
    if (value && !(name === "subject" && form.elements.namedItem("subject_pattern").value.trim())) body.append(name, value);
  }
  for (const { file, path } of files) body.append("files", file, path);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
    request.open("POST", `/v1/studies/${study}/folder`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => told(event.loaded, event.total));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.status, request.response || {}));
    });
    request.addEventListener("error", () => reject(new Problem(0, { detail: "The service cannot be reached. What was read so far is kept; send the files again." })));
    request.send(body);
  });
}

async function take(files) {
  const visible = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
  const total = visible.reduce((sum, { file }) => sum + file.size, 0);
  const whole = { recordings: [], inspections: [], people: [], rows: {}, known: [], beside: [], unread: [], clockless: [], doubled: [], overlapping: [] };
  let before = 0;
  show(form, null);
  result.replaceChildren();
  sending.hidden = false;
  try {
    for (const part of parts(visible)) {
      const bytes = part.reduce((sum, { file }) => sum + file.size, 0);
      const answer = await send(part, (loaded, all) => {
        const done = before + Math.min(bytes, (loaded / all) * bytes);
        bar.max = total || 1;
        bar.value = done;
        words.textContent = done < total ? `${size(done)} of ${size(total)} sent` : `reading ${count(visible.length, "file")} …`;
      });
      before += bytes;
      for (const [name, value] of Object.entries(answer)) {
        if (Array.isArray(value)) whole[name].push(...value);
        else for (const [log, rows] of Object.entries(value)) whole.rows[log] = (whole.rows[log] || 0) + rows;
      }
    }
  } catch (error) {
    show(form, error);
  }
  sending.hidden = true;
  tell(whole);
}

function sum(found) {
  const rows = Object.entries(found.rows).map(([log, n]) => count(n, log.replace(/s$/, "").replace("_", " ")));
  const brought = [count(found.recordings.length, "recording"), ...rows];
  const more = [];
  if (found.people.length) more.push(`${found.people.join(", ")} ${found.people.length === 1 ? "is" : "are"} new on the roster`);
  if (found.known.length) more.push(`${count(found.known.length, "file was", "files were")} there already`);
  if (found.beside.length) more.push(`${count(found.beside.length, "file was", "files were")} read with another`);
  return `${brought.join(", ")} brought in${more.length ? `; ${more.join("; ")}` : ""}.`;
}

function list(title, lines, kind = "") {
  if (!lines.length) return [];
  const items = element("ul", "", { class: "list" });
  for (const line of lines.slice(0, 20)) items.append(element("li", line));
  if (lines.length > 20) items.append(element("li", `… and ${lines.length - 20} more`));
  return [element("h3", title, kind ? { class: kind } : {}), items];
}

function inspected({ file, lines }) {
  const said = Object.fromEntries(lines.map(({ what, said }) => [what, said]));
  const made = element("details", "", { class: "file" });
  const summary = element("summary");
  summary.append(element("span", file), element("span", [said.format, said.duration?.split(" ")[0], said.beats?.split(",")[0]].filter(Boolean).join(" · "), { class: "muted" }));
  const facts = element("dl", "", { class: "pairs" });
  for (const { what, said } of lines) {
    const row = element("div");
    row.append(element("dt", what), what === "tachogram" ? element("dd", said, { class: "tachogram-text" }) : element("dd", said));
    facts.append(row);
  }
  made.append(summary, facts);
  return made;
}

function tell(found) {
  const text = sum(found);
  say(text);
  result.append(element("p", text, { class: "sum" }));
  if (found.recordings.length || Object.keys(found.rows).length) {
    const actions = element("p", "", { class: "actions after" });
    actions.append(element("a", "To the study's overview", { class: "button primary", href: `/studies/${study}` }));
    result.append(actions);
  }
  result.append(
    ...list("Not read", found.unread.map(({ file, why }) => `${file}: ${why}`)),
    ...list("Without a moment, so no phase fits them", found.clockless),
    ...list("The very same beats", found.doubled.map((names) => names.join(", "))),
    ...list("At the same time", found.overlapping.map((o) => `${o.first} and ${o.second} overlap by ${Math.round(o.seconds)} s${o.same === null ? "" : `; ${Math.round(100 * o.same)} % of the beats are the same`}`)),
  );
  if (found.inspections.length) {
    const files = element("div", "", { class: "files" });
    const shown = found.inspections.map(inspected);
    files.append(...shown.slice(0, FIRST));
    result.append(element("h3", `What was understood of ${count(shown.length, "file")}`), files);
    if (shown.length > FIRST) {
      const more = element("button", `Show the other ${shown.length - FIRST}`, { type: "button", class: "button small" });
      more.addEventListener("click", () => {
        files.append(...shown.slice(FIRST));
        shown[FIRST].querySelector("summary").focus();
        more.remove();
      });
      result.append(element("p", "", { class: "after" }));
      result.lastChild.append(more);
    }
  }
}
