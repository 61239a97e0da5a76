// Parts that views are made of.
import { element } from "./viewer.js";
import { integer, kindOfState } from "./format.js";

export { element };

/** A card with a heading. */
export function card(title, ...children) {
  const id = `card-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { className: "card", "aria-labelledby": id }, element("h2", { id }, title), ...children);
}

/** A state as a word with a sign. */
export function stateBadge(state) {
  const badge = element("span", { className: "state" }, state);
  badge.dataset.kind = kindOfState(state);
  return badge;
}

/** How many tiles of a run are done. */
export function progressBar(run) {
  const bar = element("progress", { max: Math.max(1, run.planned_tiles), value: run.accepted_tiles, "aria-label": "Tiles done" });
  const text = run.planned_tiles > 0 ? `${integer(run.accepted_tiles)}/${integer(run.planned_tiles)}` : "–";
  return element("div", { className: "progress" }, bar, element("span", {}, text));
}

/**
 * A table that is filled again and again without taking focus from what is in it: rows stay as long as their keys do.
 *
 * columns: [{ title, className, hidden, fill: (item, cell) => content }]; content may be text, a node or a list. A column with `header` heads
 * its row.
 */
export class Table {
  constructor(columns, { label, empty, key, className = "" }) {
    Object.assign(this, { columns, key });
    const heads = columns.map(({ title, className = "", hidden }) =>
      element("th", { scope: "col", className }, hidden ? element("span", { className: "visually-hidden" }, title) : title),
    );
    this.body = element("tbody");
    this.table = element("table", { className, "aria-label": label }, element("thead", {}, element("tr", {}, heads)), this.body);
    this.empty = element("p", { className: "empty", hidden: true }, empty);
    this.root = element("div", { className: "table" }, this.table, this.empty);
    this.rows = new Map();
  }

  fill(items) {
    const seen = new Set();
    let before = null;
    for (const item of items) {
      const key = String(this.key(item));
      seen.add(key);
      let row = this.rows.get(key);
      if (!row) {
        const cells = this.columns.map(({ className = "", header }) =>
          header ? element("th", { scope: "row", className }) : element("td", { className }),
        );
        row = { root: element("tr", {}, cells), cells, shown: [] };
        this.rows.set(key, row);
      }
      this.columns.forEach((column, place) => {
        // What is shown already isn't made again: a button keeps its focus.
        const version = JSON.stringify(column.version ? column.version(item) : item);
        if (row.shown[place] === version) return;
        row.shown[place] = version;
        row.cells[place].replaceChildren(...[column.fill(item)].flat().filter((part) => part !== null && part !== undefined));
      });
      const expected = before ? before.nextSibling : this.body.firstChild;
      if (expected !== row.root) this.body.insertBefore(row.root, expected);
      before = row.root;
    }
    for (const [key, row] of this.rows) {
      if (seen.has(key)) continue;
      row.root.remove();
      this.rows.delete(key);
    }
    this.empty.hidden = items.length > 0;
    this.table.hidden = items.length === 0;
  }
}

/** A choice of a few, of which one holds. */
export function segments(name, legend, choices, chosen, change) {
  const group = element("fieldset", { className: "segments" }, element("legend", { className: "visually-hidden" }, legend));
  for (const [value, text] of choices) {
    const input = element("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => change(value));
    group.append(element("label", {}, input, element("span", {}, text)));
  }
  return group;
}

/** Facts as terms and descriptions. */
export function facts(className, entries) {
  return element(
    "dl",
    { className },
    entries
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value, isDigest]) =>
        element("div", {}, element("dt", {}, name), element("dd", { className: isDigest ? "digest" : "" }, value)),
      ),
  );
}
