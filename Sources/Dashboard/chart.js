// Columns over time, drawn at the size that there is.
import { element } from "./viewer.js";
import { integer } from "./format.js";

const space = "http://www.w3.org/2000/svg";

export function shape(name, attributes, text) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** 1, 2 or 5 times a power of ten: the step between lines of a scale of this length. */
export function step(length, lines) {
  const raw = length / lines;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9));
  return factor * power;
}

/** A chart of points [{ start: Date, value }] and the same as a table. */
export class ColumnChart {
  constructor(label) {
    this.label = label;
    this.picture = shape("svg", { class: "chart", role: "img", "aria-label": label });
    this.rows = element("tbody");
    this.head = element("th", { scope: "col", className: "number" });
    this.details = element(
      "details",
      {},
      element("summary", {}, "As a table"),
      element(
        "div",
        { className: "chart-scroll", tabIndex: 0, role: "region", "aria-label": `${label}, as a table` },
        element("table", {}, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "From"), this.head)), this.rows),
      ),
    );
    this.root = element("div", {}, this.picture, this.details);
    this.details.addEventListener("toggle", () => this.list());
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  show(points, unit, time) {
    Object.assign(this, { points, unit, time });
    this.draw();
    this.list();
  }

  draw() {
    if (!this.points?.length) return;
    const { points, unit, time } = this;
    const width = Math.max(240, this.root.clientWidth);
    const height = 190;
    const [left, right, top, bottom] = [44, 4, 10, 26];
    const largest = Math.max(...points.map(({ value }) => value));
    const each = Math.max(1, step(Math.max(largest, 1), 4));
    const upper = Math.max(each, Math.ceil(largest / each) * each);
    const y = (value) => top + (1 - value / upper) * (height - top - bottom);
    const slot = (width - left - right) / points.length;
    const parts = [];
    for (let value = 0; value <= upper; value += each) {
      parts.push(shape("line", { class: "grid", x1: left, x2: width - right, y1: y(value) + 0.5, y2: y(value) + 0.5 }));
      parts.push(shape("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, integer(value)));
    }
    const gap = slot > 6 ? 2 : slot > 3 ? 1 : 0;
    points.forEach(({ start, value }, place) => {
      if (value === 0) return;
      const column = shape("rect", {
        class: "column", x: left + place * slot + gap / 2, width: Math.max(1, slot - gap), y: y(value),
        height: Math.max(1, height - bottom - y(value)), rx: Math.min(2, slot / 4),
      });
      column.append(shape("title", {}, `${time(start)}: ${integer(value)} ${unit}`));
      parts.push(column);
    });
    // As many times below as fit, the last one at the end.
    const every = Math.ceil(points.length / Math.max(2, Math.floor((width - left) / 80)));
    for (let place = points.length - 1; place >= 0; place -= every) {
      const x = left + (place + 0.5) * slot;
      const anchor = x > width - 24 ? "end" : x < left + 20 ? "start" : "middle";
      parts.push(shape("text", { x: anchor === "end" ? width - right : x, y: height - 6, "text-anchor": anchor }, time(points[place].start)));
    }
    const sum = points.reduce((total, { value }) => total + value, 0);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.setAttribute(
      "aria-label",
      `${this.label}: ${integer(sum)} ${unit} from ${time(points[0].start)} to ${time(points.at(-1).start)}, at most ${integer(largest)} at once`,
    );
    this.picture.replaceChildren(...parts);
  }

  list() {
    if (!this.details.open || !this.points) return;
    this.head.textContent = this.unit;
    this.rows.replaceChildren(
      ...this.points.toReversed().map(({ start, value }) =>
        element("tr", {}, element("th", { scope: "row" }, this.time(start)), element("td", { className: "number" }, integer(value))),
      ),
    );
  }

  close() {
    this.observer.disconnect();
  }
}
