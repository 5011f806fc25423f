// Light, dark, or as the device: set before the first paint, so that nothing flashes.
(() => {
  "use strict";
  const WORDS = { auto: "Auto", light: "Light", dark: "Dark" };
  const NEXT = { auto: "light", light: "dark", dark: "auto" };
  const root = document.documentElement;
  const read = () => {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto"; // a browser may forbid storage; the device's choice holds then
    }
  };
  const keep = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      return; // it lasts until the page is left
    }
  };
  const apply = (theme) => {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
  };
  const label = (button, theme) => {
    button.querySelector(".theme-word").textContent = WORDS[theme];
    button.setAttribute("aria-label", `Colours: ${WORDS[theme]}`);
  };
  let theme = WORDS[read()] ? read() : "auto";
  apply(theme);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    label(button, theme);
    button.addEventListener("click", () => {
      theme = NEXT[theme];
      keep(theme);
      apply(theme);
      label(button, theme);
      document.dispatchEvent(new CustomEvent("theme"));
    });
  });
})();
