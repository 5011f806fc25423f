// What every page shares: requests to the service, and words for who does not see the screen.

export const csrf = () => document.querySelector('meta[name="csrf"]').content;

/** A problem (RFC 9457) that the service answered with; `message` is its one sentence. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the service answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

/**
 * Ask the service.  `body` is sent as JSON unless it is FormData; `version` becomes If-Match.
 * Returns the Response; a problem is thrown.
 */
export async function ask(method, url, { body, version, headers = {}, signal } = {}) {
  const said = { Accept: "application/json", ...headers };
  if (method !== "GET") said["X-CSRF-Token"] = csrf();
  if (version !== undefined) said["If-Match"] = `"${version}"`;
  let payload = body;
  if (body !== undefined && !(body instanceof FormData)) {
    said["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(url, { method, headers: said, body: payload, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The service cannot be reached. Is it still running?" });
  }
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response;
}

/** JSON of a GET. */
export const get = async (url, options) => (await ask("GET", url, options)).json();

/** Every item of a collection, page after page. */
export async function all(url) {
  const items = [];
  let next = url;
  while (next) {
    const page = await get(next);
    items.push(...page.items);
    const link = new URL(url, location.href);
    if (page.next) link.searchParams.set("cursor", page.next);
    next = page.next ? link.pathname + link.search : null;
  }
  return items;
}

/** A reason as a page gives it: who reads a page has no option that forces a number. */
export const reasonOf = (text) =>
  text.replaceAll(" (force computes it anyway)", "").replace(/(\d) (?=%|(?:s|ms|min|bpm)\b)/g, "$1\u202f");

/** Say something to who listens with a screen reader; shown on the page elsewhere. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** Show a problem in the form's own line for it. */
export function show(form, error) {
  const place = form.querySelector(".problem");
  place.textContent = error ? error.message : "";
  place.hidden = !error;
}

/** Run `work` once a submit, with the button off while it runs and its problem shown beside it. */
export function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector('button[type="submit"]');
    show(form, null);
    button.disabled = true;
    try {
      await work(new FormData(form));
    } catch (error) {
      show(form, error);
    } finally {
      button.disabled = false;
    }
  });
}

// on a narrow screen the tabs scroll sideways: the present one is brought into sight
const tab = document.querySelector(".tabs [aria-current]");
if (tab) tab.closest(".tabs").scrollLeft = tab.offsetLeft - tab.closest(".tabs").clientWidth / 2 + tab.offsetWidth / 2;
