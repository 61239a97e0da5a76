// The list of runs.
import { get, query } from "./api.js";
import { ago, shortRun } from "./format.js";
import { card, element, progressBar, stateBadge, Table } from "./parts.js";

/** A run's link with its model below. */
export const runColumn = {
  title: "Run",
  header: true,
  version: (run) => [run.run, run.model, run.tenant],
  fill: (run) => [
    element("a", { href: `#/runs/${run.run}`, "aria-label": `Run ${run.run}` }, shortRun(run.run)),
    element("br"),
    element("span", { className: "quiet" }, run.tenant === "default" ? run.model : `${run.model}, ${run.tenant}`),
  ],
};

const states = ["submitted", "preparing", "predicting", "stitching", "continuing", "completed", "failed", "cancelled"];

export function runsView() {
  let pages = 1;
  let refreshNow = () => {};
  const table = new Table(
    [
      runColumn,
      { title: "Class", className: "wide", fill: (run) => run.class },
      { title: "State", version: (run) => run.state, fill: (run) => stateBadge(run.state) },
      { title: "Tiles", className: "wide", fill: (run) => progressBar(run) },
      { title: "Submitted", className: "number", version: (run) => ago(run.submitted_at), fill: (run) => ago(run.submitted_at) },
    ],
    { label: "Runs", empty: "There is no such run.", key: (run) => run.run },
  );
  const state = element(
    "select",
    { id: "runs-state" },
    element("option", { value: "" }, "any"),
    states.map((value) => element("option", { value }, value)),
  );
  const urgency = element(
    "select",
    { id: "runs-class" },
    element("option", { value: "" }, "any"),
    ["stat", "routine", "batch"].map((value) => element("option", { value }, value)),
  );
  const more = element("button", { type: "button", className: "plain", hidden: true }, "Older runs");
  for (const select of [state, urgency]) {
    select.addEventListener("change", () => {
      pages = 1;
      refreshNow();
    });
  }
  more.addEventListener("click", () => {
    pages += 1;
    refreshNow();
  });
  const filters = element(
    "div",
    { className: "filters" },
    element("label", { htmlFor: state.id }, "State", state),
    element("label", { htmlFor: urgency.id }, "Class", urgency),
  );
  return {
    title: "Runs",
    nodes: [element("h1", {}, "Runs"), element("div", { className: "card" }, filters, table.root, element("div", { className: "actions" }, more))],
    interval: 3000,
    started(refresh) {
      refreshNow = refresh;
    },
    async refresh() {
      const runs = [];
      let cursor = null;
      for (let page = 0; page < pages; page += 1) {
        const answer = await get(`v1/runs${query({ state: state.value, class: urgency.value, cursor, limit: 50 })}`);
        runs.push(...answer.runs);
        cursor = answer.next;
        if (!cursor) break;
      }
      table.fill(runs);
      more.hidden = !cursor;
    },
  };
}
