// The list of studies: makes a new one.
import { ask, onSubmit } from "./app.js";

const form = document.querySelector("[data-new-study]");

onSubmit(form, async (data) => {
  const body = {
    title: data.get("title").trim(),
    tz: data.get("tz").trim() || null,
    design: { conditions: [data.get("off").trim(), data.get("on").trim()] },
  };
  const made = await (await ask("POST", "/v1/studies", { body })).json();
  location.assign(`/studies/${made.id}`);
});

// the zone of this device is the likeliest; it stays a proposal that can be seen and changed
const zone = form.elements.namedItem("tz");
if (!zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
