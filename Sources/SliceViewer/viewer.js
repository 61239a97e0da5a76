// A viewer of slices: three planes, grey with labels over it.
//
// The page brings a source:
//   views      [{ id, name, count, spacing, width, height, directions, centre, indices? }]: mm; `indices` where not all slices are there
//   labels     [{ label, name, colour }] that occur
//   oriented   whether the body's directions are known
//   picture    (view, index, layer, options) => URL or a promise of one; null for an empty layer. Layers: "image", "labels".
//   windows    [{ value, name }] that the page can show, if it can show several
//   selectable whether labels can be switched one by one
//
// Each plane has a slider (arrow keys, Page Up, Page Down, Home, End); the wheel and a finger's way sideways turn slices, too.

const svgNamespace = "http://www.w3.org/2000/svg";

/** An element with properties and children; text is set as text. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && !key.includes("-") && key !== "list" && key !== "form") made[key] = value;
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A square in a label's colour. */
export function swatch(colour) {
  const picture = document.createElementNS(svgNamespace, "svg");
  picture.setAttribute("class", "swatch");
  picture.setAttribute("viewBox", "0 0 12 12");
  picture.setAttribute("aria-hidden", "true");
  const square = document.createElementNS(svgNamespace, "rect");
  for (const [key, value] of Object.entries({ x: 0.5, y: 0.5, width: 11, height: 11, rx: 2, fill: colour })) {
    square.setAttribute(key, value);
  }
  picture.append(square);
  return picture;
}

let numberOfViewers = 0;

/** Fills `root` with a viewer of `source`. Returns a function that takes it down. */
export function mountViewer(root, source) {
  const prefix = `viewer-${(numberOfViewers += 1)}`;
  const state = { labels: true, opacity: 0.8, window: source.windows?.[0]?.value ?? null, hidden: new Set() };
  const planes = source.views.map((view) => new Plane(view, source, state));

  const show = element("input", { type: "checkbox", checked: true, id: `${prefix}-labels` });
  const opacity = element("input", { type: "range", min: 0, max: 100, step: 5, value: 80, id: `${prefix}-opacity` });
  const controls = element(
    "div",
    { className: "viewer-controls" },
    element("label", { htmlFor: show.id }, show, "Labels"),
    element("label", { htmlFor: opacity.id }, "Opacity", opacity),
  );
  show.addEventListener("change", () => {
    state.labels = show.checked;
    opacity.disabled = !show.checked;
    for (const plane of planes) plane.blend();
  });
  opacity.addEventListener("input", () => {
    state.opacity = opacity.value / 100;
    for (const plane of planes) plane.blend();
  });
  if (source.windows?.length > 1) {
    const select = element(
      "select",
      { id: `${prefix}-window` },
      source.windows.map(({ value, name }) => element("option", { value }, name)),
    );
    select.addEventListener("change", () => {
      state.window = select.value;
      for (const plane of planes) plane.load();
    });
    controls.append(element("label", { htmlFor: select.id }, "Window", select));
  }

  const grid = element("div", { className: "viewer-planes" }, planes.map((plane) => plane.figure));
  grid.style.setProperty("--planes", source.views.map((view) => `minmax(0, ${view.width}fr)`).join(" "));

  const legend = element("ul", { className: "viewer-legend", "aria-label": "Labels" });
  for (const { label, name, colour } of source.labels) {
    if (!source.selectable) {
      legend.append(element("li", {}, element("label", {}, swatch(colour), name)));
      continue;
    }
    const box = element("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      if (box.checked) state.hidden.delete(label);
      else state.hidden.add(label);
      for (const plane of planes) plane.load();
    });
    legend.append(element("li", {}, element("label", {}, box, swatch(colour), name)));
  }
  const note = element(
    "p",
    { className: "viewer-note" },
    source.oriented
      ? "Radiological: the patient's right is on the left. Lengths are true to mm."
      : "The image doesn't tell its orientation: planes lie as the array is stored. Lengths are true to mm.",
  );

  root.replaceChildren(controls, grid, source.labels.length > 0 ? legend : "", note);
  for (const plane of planes) plane.load();
  return () => {
    for (const plane of planes) plane.close();
    root.replaceChildren();
  };
}

/** One plane: its picture, its slider, and the slice that is shown. */
class Plane {
  constructor(view, source, state) {
    Object.assign(this, { view, source, state });
    this.indices = view.indices ?? Array.from({ length: view.count }, (_, index) => index);
    // The slice nearest to the centre of mass.
    this.place = this.indices.reduce(
      (best, index, place) =>
        Math.abs(index - view.centre) < Math.abs(this.indices[best] - view.centre) ? place : best,
      0,
    );
    this.turn = 0;
    this.grey = element("img", { alt: "", decoding: "async", draggable: false });
    this.labels = element("img", { alt: "", decoding: "async", draggable: false });
    this.stage = element("div", { className: "stage", role: "img" }, this.grey, this.labels);
    this.stage.style.aspectRatio = `${view.width} / ${view.height}`;
    ["left", "right", "top", "bottom"].forEach((side, number) => {
      if (view.directions[number]) {
        this.stage.append(element("span", { className: side, "aria-hidden": "true" }, view.directions[number]));
      }
    });
    this.caption = element("output", {});
    this.slider = element("input", {
      type: "range", min: 0, max: this.indices.length - 1, step: 1, value: this.place, "aria-label": `${view.name} slice`,
    });
    this.figure = element(
      "figure",
      { className: "plane" },
      element("figcaption", {}, element("h3", {}, view.name), this.caption),
      this.stage,
      this.slider,
    );
    this.figure.dataset.view = view.id;
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.stage.addEventListener("pointerdown", (event) => this.drag(event));
    this.rest = 0;
  }

  wheel(event) {
    if (event.ctrlKey) return; // The browser's zoom.
    event.preventDefault();
    // A wheel's notch is about 100; touch pads send many small steps.
    this.rest += event.deltaMode === 0 ? event.deltaY / 60 : event.deltaY;
    const steps = Math.trunc(this.rest);
    if (steps === 0) return;
    this.rest -= steps;
    this.go(this.place - steps);
  }

  drag(event) {
    this.slider.focus({ preventScroll: true });
    const start = { x: event.clientX, place: this.place };
    const width = this.stage.clientWidth || 1;
    const move = (moved) => {
      this.go(start.place + Math.round(((moved.clientX - start.x) / width) * this.indices.length));
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) this.stage.removeEventListener(name, end);
    };
    this.stage.setPointerCapture?.(event.pointerId);
    this.stage.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, end);
    event.preventDefault();
  }

  go(place) {
    const inside = Math.min(Math.max(place, 0), this.indices.length - 1);
    if (inside === this.place) return;
    this.place = inside;
    this.load();
  }

  blend() {
    this.labels.style.opacity = this.state.labels ? this.state.opacity : 0;
  }

  /** Shows the slice; where pictures come late, only the latest one that was asked for. */
  async load() {
    const turn = (this.turn += 1);
    const index = this.indices[this.place];
    const text = `${index + 1} of ${this.view.count}`;
    this.slider.value = this.place;
    this.slider.setAttribute("aria-valuetext", `slice ${text}`);
    this.caption.textContent = text;
    this.stage.setAttribute("aria-label", `${this.view.name} slice ${text}`);
    this.blend();
    const options = { window: this.state.window, hidden: this.state.hidden };
    const waiting = setTimeout(() => this.stage.classList.add("is-waiting"), 250);
    try {
      const layers = ["image", "labels"].map((layer) => this.source.picture(this.view, index, layer, options));
      const [grey, labels] = await Promise.all(layers);
      if (turn !== this.turn) return;
      this.grey.src = grey;
      this.labels.hidden = !labels;
      if (labels) this.labels.src = labels;
      this.stage.dataset.shown = String(index);
      this.source.ahead?.(this.view, this.indices, this.place, options);
    } catch (error) {
      if (turn === this.turn) this.caption.textContent = `${text}: ${error.message}`;
    } finally {
      clearTimeout(waiting);
      if (turn === this.turn) this.stage.classList.remove("is-waiting");
    }
  }

  close() {
    this.turn += 1;
  }
}
