// What a person did before the page's scripts stood: held here, and done once they hear it.
// Without it a form would leave the page, and a click or a chosen file would be lost.
(() => {
  "use strict";
  const done = new Map(); // element: how it is done again
  const hold = {
    // a form with an address of its own (log in, choose a person) needs no script
    submit: ({ target, submitter }) =>
      !target.hasAttribute("action") && target.method !== "dialog" && [target, () => target.requestSubmit(submitter)],
    click: ({ target }) => {
      const button = target.closest('button[type="button"]');
      return button && [button, () => button.click()];
    },
    change: ({ target }) => [target, () => {
      for (const kind of ["input", "change"]) target.dispatchEvent(new Event(kind, { bubbles: true }));
    }],
  };
  const hear = (event) => {
    const held = hold[event.type](event);
    if (!held) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    done.set(...held);
  };
  for (const kind of Object.keys(hold)) addEventListener(kind, hear, true);
  // modules have run before this event; who waits for it themselves does so before the next turn
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
    for (const kind of Object.keys(hold)) removeEventListener(kind, hear, true);
    for (const again of done.values()) {
      try {
        again();
      } catch (error) { // what it was done to is gone; the rest is done all the same
        reportError(error);
      }
    }
  }));
})();
