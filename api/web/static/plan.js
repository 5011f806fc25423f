// The plan: what a design can detect, then the draw.
import { ask, say, show } from "./app.js";

const form = document.querySelector("[data-plan]");
const place = document.getElementById("proposal");
const button = (value) => form.querySelector(`button[value="${value}"]`);
const blinded = document.getElementById("blinded");
const comparator = document.getElementById("comparator");
const zone = document.getElementById("plan-tz");
if (!zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const endpoint = document.getElementById("endpoint");
const own = document.getElementById("own-name");
endpoint.required = false; // the empty choice is a rating of one's own
endpoint.addEventListener("change", () => {
  own.disabled = endpoint.value !== "";
  document.getElementById("own").hidden = own.disabled;
});
comparator.addEventListener("change", () => {
  blinded.disabled = comparator.value !== "placebo";
  if (blinded.disabled) blinded.checked = false;
});
form.addEventListener("input", () => {
  button("draw").hidden = true; // what was seen is no longer what would be drawn
  button("beside").hidden = true;
});

const element = (name, text, attributes = {}, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

function asked() {
  const data = new FormData(form);
  const number = (name) => (data.get(name) === "" ? null : Number(data.get(name)));
  const list = (name) => data.get(name).split(",").map((text) => text.trim()).filter(Boolean);
  return {
    substance: data.get("substance").trim(), direction: data.get("direction"),
    start_reason: data.get("start_reason"), first_day: data.get("first_day"),
    tz: data.get("tz").trim(), people: list("people"), endpoint: data.get("endpoint") || data.get("own").trim(),
    swc: number("swc"), comparator: data.get("comparator"), blocks: number("blocks"),
    block_days: number("block_days"), max_run: number("max_run"), washin_days: number("washin_days"),
    familiarisation: number("familiarisation"), tests_a_day: number("tests_a_day"),
    looks: list("looks").map(Number),
  };
}

function daily() {
  const data = new FormData(form);
  return {
    blinded: blinded.checked, dose_time: data.get("dose_time"), test_time: data.get("test_time"),
    amount: data.get("amount") === "" ? null : Number(data.get("amount")),
    unit: data.get("unit").trim(), basis: data.get("basis"), product: data.get("product").trim(),
  };
}

function draw(found) {
  const [own] = found.designs;
  const shown = element("div", "", { class: "proposal" },
    element("h3", found.title), element("p", found.what), element("p", found.when),
    element("p", "", {}, element("span", own.detects, { class: "size" }),
      element("span", ` is found in 80 of 100 such studies (${own.simulations} simulated)`, { class: "muted" })),
    ...found.chances.map((text) => element("p", text)),
    element("p", `How much it varies: ${found.variation}.`, { class: "muted small" }));
  const parts = [shown];
  if (found.designs.length > 1) {
    const head = element("tr", "", {}, ...["Design", "Days", "Detects", "May speak of an effect"].map((text, i) => element("th", text, { scope: "col", ...(i === 1 ? { class: "num" } : {}) })));
    const rows = found.designs.map((d, i) => element("tr", "", {}, element("th", d.design + (i ? "" : " (this plan)"), { scope: "row" }), element("td", String(d.days), { class: "num" }), element("td", d.detects), element("td", d.drawn ? `yes, drawn from ${d.orders} orders` : "no: association only")));
    parts.push(element("div", "", { class: "scroll after" }, element("table", "", {}, element("thead", "", {}, head), element("tbody", "", {}, ...rows))));
  }
  parts.push(element("h3", "Bear in mind"), element("ul", "", { class: "list" }, ...found.bear_in_mind.map((note) => element("li", note))));
  place.replaceChildren(...parts);
  say(`${found.what} ${own.detects} is found in 80 of 100 such studies.`);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const what = event.submitter?.value || "look";
  const buttons = [...form.querySelectorAll('button[type="submit"]')];
  show(form, null);
  for (const each of buttons) each.disabled = true;
  try {
    if (what === "draw") {
      const made = await (await ask("POST", "/v1/plans", { body: { ...asked(), ...daily() } })).json();
      location.assign(`/studies/${made.study_id}/plan`);
      return;
    }
    const many = what === "beside";
    say("Studies are being simulated.");
    place.replaceChildren(element("p", many ? "Simulating five designs; this takes a while …" : "Simulating …", { class: "muted" }));
    draw(await (await ask("POST", "/v1/plans/proposal", { body: { ...asked(), beside: many, run_in: form.elements.namedItem("run_in").value || null } })).json());
    button("draw").hidden = false;
    button("beside").hidden = many;
  } catch (error) {
    place.replaceChildren();
    show(form, error);
  } finally {
    for (const each of buttons) each.disabled = false;
  }
});
