// Shows the values under the pointer: a chart is drawn anew by Vega, in its own place, when the pointer first comes.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  const show = (handler, event, item, value) => {
    tip.hidden = !value;
    if (!value) return;
    tip.replaceChildren(...Object.entries(value).map(([name, text]) => {
      const line = document.createElement("div"), figure = document.createElement("b");
      figure.textContent = text;
      line.append(`${name} `, figure);
      return line;
    }));
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room))}px`;
    tip.style.top = `${Math.max(8, event.clientY - tip.offsetHeight - 10)}px`;
  };

  const wake = (chart, spec) => {
    const still = chart.querySelector("svg"), place = document.createElement("div");
    place.setAttribute("aria-hidden", "true");
    place.style.display = "none";
    chart.append(place);
    vegaEmbed(place, JSON.parse(spec.textContent), {
      mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, tooltip: show,
    })
      .then(() => { still.remove(); place.style.display = ""; chart.dataset.awake = ""; })
      .catch(() => place.remove());
  };

  for (const spec of document.querySelectorAll("script.values")) {
    const chart = spec.parentElement;
    for (const kind of ["pointerenter", "pointerdown", "focus"]) {
      chart.addEventListener(kind, () => { if (!chart.dataset.woken) { chart.dataset.woken = "yes"; wake(chart, spec); } });
    }
    chart.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  for (const cell of document.querySelectorAll(".cell[tabindex]")) {
    const beside = cell.querySelector(".beside");
    const near = () => {
      const at = cell.getBoundingClientRect(), size = beside.getBoundingClientRect();
      const below = at.bottom + size.height + 8 < innerHeight;
      beside.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - size.width - 8))}px`;
      beside.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - size.height - 4)}px`;
      beside.style.bottom = "auto";
    };
    cell.addEventListener("pointerenter", near);
    cell.addEventListener("focus", near);
    cell.addEventListener("keydown", event => { if (event.key === "Escape") cell.blur(); });
  }
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
})();
