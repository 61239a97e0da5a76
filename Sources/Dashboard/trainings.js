// The list of trainings.
import { get } from "./api.js";
import { ago, integer, shortRun } from "./format.js";
import { element, stateBadge, Table } from "./parts.js";

/** How many of a training's jobs are done. */
export function jobsDone(training) {
  return training.jobs.filter(({ state }) => state === "done").length;
}

/** How much of a training is trained, by epochs of all folds. */
export function epochBar(jobs, epochs) {
  const folds = jobs.filter(({ kind }) => kind === "fold");
  const trained = folds.reduce((sum, job) => sum + job.epochs, 0);
  const planned = folds.length * epochs;
  const bar = element("progress", { max: Math.max(1, planned), value: trained, "aria-label": "Epochs trained" });
  return element("div", { className: "progress" }, bar, element("span", {}, `${integer(trained)}/${integer(planned)}`));
}

export function trainingsView() {
  const table = new Table(
    [
      {
        title: "Training", header: true, version: (training) => [training.training, training.task, training.tenant],
        fill: (training) => [
          element("a", { href: `#/trainings/${training.training}`, "aria-label": `Training ${training.training}` }, shortRun(training.training)),
          element("br"),
          element("span", { className: "quiet" }, training.tenant === "default" ? training.task : `${training.task}, ${training.tenant}`),
        ],
      },
      { title: "Model", className: "wide name", version: ({ model }) => model, fill: ({ model }) => model },
      { title: "State", version: ({ state }) => state, fill: ({ state }) => stateBadge(state) },
      { title: "Epochs", className: "wide", fill: (training) => epochBar(training.jobs, training.epochs) },
      { title: "Jobs done", className: "number", fill: (training) => `${jobsDone(training)}/${training.jobs.length}` },
      { title: "Submitted", className: "number wide", version: (training) => ago(training.submitted_at), fill: (training) => ago(training.submitted_at) },
    ],
    { label: "Trainings", empty: "No training was submitted; tessera submit-training does.", key: ({ training }) => training },
  );
  return {
    title: "Trainings",
    nodes: [element("h1", {}, "Trainings"), element("div", { className: "card" }, table.root)],
    interval: 3000,
    async refresh() {
      table.fill((await get("v1/trainings?limit=100")).trainings);
    },
  };
}
