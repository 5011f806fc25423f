// Begin a session: whose, from which strap, with which protocol.
import { ask, get, onSubmit, say } from "./app.js";

const form = document.querySelector(".session-form");
if (form) {
  const chosen = (name) => form.elements[name].value;

  const follow = () => {
    for (const kind of ["ble", "sim", "replay"]) {
      form.querySelector(`.for-${kind}`).hidden = chosen("kind") !== kind;
    }
    const guided = form.querySelector(".for-guided");
    guided.hidden = chosen("protocol") !== "guided";
    // what is hidden is not asked for
    for (const field of form.querySelectorAll(".for-sim input, .for-guided input")) {
      field.disabled = field.closest("[hidden]") !== null;
    }
  };
  form.addEventListener("change", follow);
  follow();

  const scan = form.querySelector("[data-scan]");
  scan.addEventListener("click", async () => {
    const says = form.querySelector("[data-scan-says]");
    const place = form.querySelector("[data-found]");
    scan.disabled = true;
    says.textContent = "Listening for 8 s";
    try {
      const { straps } = await get("/v1/live/straps?seconds=8");
      place.replaceChildren(...straps.map(choiceOf));
      says.textContent = straps.length
        ? `${straps.length} in sight`
        : "None was heard. Is it worn, wet, and free of other connections?";
    } catch (error) {
      says.textContent = error.message;
    } finally {
      scan.disabled = false;
    }
  });

  function choiceOf(strap) {
    const label = document.createElement("label");
    label.className = "choice";
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "found";
    radio.value = strap.address;
    radio.addEventListener("change", () => {
      form.elements.strap.value = strap.address;
    });
    const words = document.createElement("span");
    const name = document.createElement("strong");
    name.textContent = strap.name || strap.address;
    const more = document.createElement("span");
    more.className = "hint";
    more.textContent =
      strap.address + (strap.rssi_dbm === null ? "" : `, ${strap.rssi_dbm} dBm`);
    words.append(name, more);
    label.append(radio, words);
    return label;
  }

  const sourceOf = {
    ble: () => `ble:${chosen("strap").trim()}`,
    sim: () => `sim:?seed=${chosen("seed")}&duration=120min&speed=${chosen("speed")}${responding()}`,
    replay: () => `replay:${chosen("which")}`,
  };

  /** The simulated heart responds when the stressor is planned to run. */
  function responding() {
    if (chosen("protocol") !== "guided") return "";
    const begin = Number(chosen("baseline"));
    const end = begin + Number(chosen("stressor"));
    return `&stress=${begin}min-${end.toFixed(3)}min&marked=no`;
  }

  function protocolOf() {
    if (chosen("protocol") !== "guided") return null;
    const minutes = (name) => `${chosen(name)}min`;
    const task = chosen("task").trim();
    return {
      title: `Baseline, ${task}, recovery`,
      phases: [
        { name: "baseline", duration: minutes("baseline"), say: "Sit still and breathe as you like." },
        {
          name: task, kind: "stress", duration: minutes("stressor"), say: "The stressor runs.",
          check: form.elements.check.checked,
        },
        { name: "recovery", duration: minutes("recovery"), say: "Sit still. It is over." },
      ],
    };
  }

  onSubmit(form, async () => {
    const study = form.dataset.study;
    const subject = chosen("subject").trim();
    const known = [...form.querySelectorAll("#people option")].map((option) => option.value);
    if (!known.includes(subject)) {
      await ask("POST", `/v1/studies/${study}/subjects`, { body: { name: subject } });
    }
    say("Beginning");
    const made = await ask("POST", "/v1/live", {
      body: {
        study_id: study, subject, source: sourceOf[chosen("kind")](), protocol: protocolOf(),
      },
    });
    const { recording_id: id } = await made.json();
    location.assign(`/studies/${study}/live/${id}`);
  });
}
