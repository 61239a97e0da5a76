// Lines over epochs, drawn at the size that there is, and the same as a table.
import { element } from "./viewer.js";
import { shape, step } from "./chart.js";
import { integer } from "./format.js";

/** How many series can be told apart by their colours. */
const colours = 5;

/**
 * A chart of series [{ name, number, isDashed, values: [value or null] }]: a value for each epoch, from 0. Series of one number have one
 * colour.
 */
export class CurveChart {
  constructor(label, { lower, upper } = {}) {
    Object.assign(this, { label, lower, upper });
    this.picture = shape("svg", { class: "chart", role: "img", "aria-label": label });
    this.legend = element("ul", { className: "curve-legend" });
    this.heads = element("tr");
    this.rows = element("tbody");
    this.details = element(
      "details",
      {},
      element("summary", {}, "As a table"),
      element(
        "div",
        { className: "chart-scroll", tabIndex: 0, role: "region", "aria-label": `${label}, as a table` },
        element("table", {}, element("thead", {}, this.heads), this.rows),
      ),
    );
    this.empty = element("p", { className: "empty" }, "No epoch is trained yet.");
    this.root = element("div", {}, this.picture, this.legend, this.empty, this.details);
    this.details.addEventListener("toggle", () => this.list());
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  show(series) {
    this.series = series.filter(({ values }) => values.some(isNumber));
    this.epochs = Math.max(0, ...this.series.map(({ values }) => values.length));
    const isEmpty = this.epochs === 0;
    this.empty.hidden = !isEmpty;
    this.picture.toggleAttribute("hidden", isEmpty);
    this.details.hidden = isEmpty;
    this.legend.hidden = isEmpty;
    this.legend.replaceChildren(
      ...this.series.map(({ name, number, isDashed }) => {
        const sample = shape("svg", { class: "curve-sample", "aria-hidden": "true", viewBox: "0 0 22 8" });
        sample.append(shape("line", { class: lineClass(number, isDashed), x1: 0, x2: 22, y1: 4, y2: 4 }));
        return element("li", {}, sample, name);
      }),
    );
    this.draw();
    this.list();
  }

  draw() {
    if (!this.epochs) return this.picture.replaceChildren();
    const width = Math.max(240, this.root.clientWidth);
    const height = 190;
    const [left, right, top, bottom] = [48, 8, 10, 26];
    const values = this.series.flatMap(({ values }) => values.filter(isNumber));
    const least = this.lower ?? Math.min(...values);
    const most = this.upper ?? Math.max(...values);
    const each = step(most - least || 1, 4);
    const [low, high] = [Math.floor(least / each + 1e-9) * each, Math.max(Math.ceil(most / each - 1e-9) * each, Math.floor(least / each) * each + each)];
    const y = (value) => top + (1 - (value - low) / (high - low)) * (height - top - bottom);
    const x = (epoch) => left + (epoch / Math.max(1, this.epochs - 1)) * (width - left - right);
    const digits = Math.max(0, -Math.floor(Math.log10(each) + 1e-9));
    const parts = [];
    for (let line = 0; low + line * each <= high + each / 1000; line += 1) {
      const value = low + line * each;
      parts.push(shape("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      parts.push(shape("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)));
    }
    for (const { name, number, isDashed, values } of this.series) {
      const path = shape("path", { class: lineClass(number, isDashed), d: pathOf(values, x, y) });
      path.append(shape("title", {}, name));
      parts.push(path);
    }
    const jump = Math.max(1, step(this.epochs, Math.max(2, Math.floor((width - left) / 80))));
    for (let epoch = 0; epoch < this.epochs; epoch += jump) {
      const isFirst = epoch === 0;
      if (!isFirst && x(epoch) > width - 24) continue;
      parts.push(shape("text", { x: x(epoch), y: height - 6, "text-anchor": isFirst ? "start" : "middle" }, integer(epoch)));
    }
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const last = this.series.map(({ name, values }) => `${name} ${shown(values.findLast(isNumber))}`).join(", ");
    this.picture.setAttribute("aria-label", `${this.label} over ${integer(this.epochs)} epochs; at the end ${last}`);
    this.picture.replaceChildren(...parts);
  }

  list() {
    if (!this.details.open || !this.epochs) return;
    this.heads.replaceChildren(
      element("th", { scope: "col" }, "Epoch"),
      ...this.series.map(({ name }) => element("th", { scope: "col", className: "number" }, name)),
    );
    const rows = [];
    for (let epoch = this.epochs - 1; epoch >= 0; epoch -= 1) {
      const cells = this.series.map(({ values }) => element("td", { className: "number" }, shown(values[epoch])));
      rows.push(element("tr", {}, element("th", { scope: "row" }, integer(epoch)), cells));
    }
    this.rows.replaceChildren(...rows);
  }

  close() {
    this.observer.disconnect();
  }
}

const isNumber = (value) => typeof value === "number";
const shown = (value) => (isNumber(value) ? value.toFixed(4) : "–");
const lineClass = (number, isDashed) => `curve curve-${number % colours}${isDashed ? " dashed" : ""}`;

/** A line with gaps where there is no value. */
function pathOf(values, x, y) {
  let path = "";
  let isOpen = false;
  values.forEach((value, epoch) => {
    if (isNumber(value)) path += `${isOpen ? "L" : "M"}${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`;
    // An epoch alone is a dot.
    if (isNumber(value) && !isOpen && !isNumber(values[epoch + 1])) path += "h0.1";
    isOpen = isNumber(value);
  });
  return path;
}
