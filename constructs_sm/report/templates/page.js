(() => {
  "use strict";
  const root = document.documentElement;
  const button = document.getElementById("scheme");
  const schemes = [["light dark", "as the system"], ["light", "light"], ["dark", "dark"]];
  let scheme = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    scheme = (scheme + 1) % schemes.length;
    root.style.colorScheme = schemes[scheme][0];
    button.querySelector("span").textContent = schemes[scheme][1];
  });

  // A link to a state opens it, and the node that it is of is marked in the picture.
  const show = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const first = target.matches(".step") ? target.querySelector(".state") : target;
    for (let each = first; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    document.querySelectorAll("[aria-current]").forEach((each) => each.removeAttribute("aria-current"));
    const step = target.closest(".step");
    for (const id of [target.id, step && step.id]) {
      if (id) document.querySelectorAll(`.picture a[href="#${id}"]`).forEach((each) => each.setAttribute("aria-current", "true"));
    }
    target.scrollIntoView();
    const summary = target.querySelector("summary");
    if (summary) summary.focus({ preventScroll: true });
  };
  addEventListener("hashchange", show);
  // The same link once more changes no address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) show();
  });
  // Behind the browser's own jump, which takes the focus away.
  addEventListener("load", show);

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open]):not(.drill):not(.every-drill):not(.detail)")];
    closed.forEach((each) => { each.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((each) => { each.open = false; }));
})();
