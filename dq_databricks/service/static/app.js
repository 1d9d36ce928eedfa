// The pages work without this. It only saves a click here and there.
(() => {
  "use strict";
  // A filter that is chosen from a list applies at once.
  for (const select of document.querySelectorAll("form.filters select, form[data-auto] select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  // "/" goes to the search box of the page.
  document.addEventListener("keydown", (event) => {
    const field = event.target instanceof Element && event.target.closest("input, textarea, select");
    const search = document.querySelector("input[type=search]");
    if (event.key === "/" && !field && search && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    }
  });
  // One box chooses all boxes of its form.
  for (const all of document.querySelectorAll("input[data-all]")) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)) {
        if (!box.disabled) box.checked = all.checked;
      }
    });
  }
  // What cannot be undone asks once more.
  for (const form of document.querySelectorAll("form[data-ask]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.ask)) event.preventDefault();
    });
  }
  // A part that is still moving is fetched again until it stands still.
  const live = document.querySelector("[data-live]");
  if (live) {
    const every = Math.max(1, Number(live.dataset.live) || 2) * 1000;
    const again = async () => {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        const here = document.getElementById(live.id);
        const there = next.getElementById(live.id);
        if (!answer.ok || !here || !there) return location.reload();
        if (!there.hasAttribute("data-live")) return location.reload();
        here.replaceChildren(...there.childNodes);
      } catch {
        // The service restarts: try again.
      }
      setTimeout(again, every);
    };
    setTimeout(again, every);
  }
})();
