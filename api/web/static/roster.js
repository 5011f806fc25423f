// The roster: enrol, allocate, withdraw.
import { ask, onSubmit } from "./app.js";
import { moment, open, study } from "./desk.js";

const placed = document.getElementById("placed");
const levelsOf = (form) =>
  Object.fromEntries([...form.querySelectorAll("[data-level]")].map((s) => [s.dataset.level, s.value]));

async function allocate(id, name, strata) {
  const answer = await ask("POST", `/v1/subjects/${id}/allocation`, { body: { strata } });
  placed.querySelector(".code").textContent = (await answer.json()).code;
  open(placed, name);
  await new Promise((resolve) => placed.addEventListener("close", resolve, { once: true }));
}

const enrol = document.querySelector("[data-enrol]");
onSubmit(enrol, async (data) => {
  const name = data.get("name").trim();
  const body = { name, note: data.get("note").trim(), enrolled_at: moment(`${data.get("day")}T12:00`) };
  const made = await (await ask("POST", `/v1/studies/${study}/subjects`, { body })).json();
  if (enrol.querySelector("[data-level]") || "drawn" in enrol.dataset) {
    await allocate(made.id, name, levelsOf(enrol));
  }
  location.reload();
});

const draw = document.querySelector("[data-draw]");
if (draw) {
  onSubmit(draw, async (data) => {
    const strata = {};
    for (const line of data.get("strata").split("\n").filter((text) => text.trim())) {
      const [name, levels = ""] = line.split(":");
      strata[name.trim()] = levels.split(",").map((level) => level.trim()).filter(Boolean);
    }
    const body = {
      design: data.get("design"), strata, places: Number(data.get("places")),
      blinded: data.get("blinded") === "on",
    };
    await ask("POST", `/v1/studies/${study}/allocation`, { body });
    location.reload();
  });
}

const level = document.getElementById("level");
const placing = document.querySelector("[data-place]");
let chosen = null;
for (const button of document.querySelectorAll("[data-allocate]")) {
  button.addEventListener("click", () => {
    chosen = button.dataset;
    open(level, chosen.name);
  });
}
onSubmit(placing, async () => {
  const strata = levelsOf(placing);
  await allocate(chosen.allocate, chosen.name, strata);
  level.close();
  location.reload();
});

const withdrawal = document.getElementById("withdrawal");
const leaving = document.querySelector("[data-leave]");
for (const button of document.querySelectorAll("[data-withdraw]")) {
  button.addEventListener("click", () => {
    chosen = button.dataset;
    const left = "left" in chosen;
    for (const field of leaving.querySelectorAll(".new")) field.hidden = left;
    leaving.elements.namedItem("day").disabled = left;
    leaving.elements.namedItem("data").value = left ? "deleted" : "kept";
    open(withdrawal, chosen.name);
  });
}
onSubmit(leaving, async (data) => {
  let { version } = chosen;
  if (!("left" in chosen)) {
    const body = { at: moment(`${data.get("day")}T23:59`), reason: data.get("reason").trim() };
    const answer = await ask("POST", `/v1/subjects/${chosen.withdraw}/withdrawal`, { body });
    version = (await answer.json()).version;
  }
  if (data.get("data") === "deleted") {
    await ask("DELETE", `/v1/subjects/${chosen.withdraw}/data`, { version });
  }
  location.reload();
});
