// The fleet at a glance: queue, workers, throughput, runs in work.
import { get } from "./api.js";
import { ColumnChart } from "./chart.js";
import { ago, bytes, decimal, duration, integer, moment, until } from "./format.js";
import { card, element, facts, progressBar, segments, stateBadge, Table } from "./parts.js";
import { runColumn } from "./runs.js";

const spans = {
  minute: { text: "Last hour", steps: 60, unit: "a minute" },
  hour: { text: "Last two days", steps: 48, unit: "an hour" },
};

export function fleetView() {
  const state = { step: "minute", measure: "tiles" };
  const figures = element("dl", { className: "figures" });
  const chart = new ColumnChart("Throughput");
  const chartTitle = element("p", { className: "quiet" });
  const classes = new Table(
    [
      {
        title: "Class and tenant", header: true, version: (item) => [item.class, item.tenant],
        fill: (item) => [item.class, element("br"), element("span", { className: "quiet" }, item.tenant)],
      },
      { title: "Runs", className: "number", fill: ({ runs }) => integer(runs) },
      { title: "Tiles", className: "number", fill: ({ tiles }) => integer(tiles) },
      { title: "Last ends", className: "number", version: (item) => [item, Math.floor(Date.now() / 5000)], fill: (item) => end(item) },
    ],
    { label: "Queue by class and tenant", empty: "Nothing waits.", key: (item) => `${item.class} ${item.tenant}` },
  );
  const workers = new Table(
    [
      {
        title: "Worker", header: true,
        version: (worker) => [worker.worker, worker.engine, worker.memory],
        fill: (worker) => [
          worker.worker, element("br"),
          element("span", { className: "quiet" }, [worker.engine ?? "no tile yet", worker.memory && bytes(worker.memory)].filter(Boolean).join(", ")),
        ],
      },
      {
        title: "State", version: (worker) => [worker.state, ago(worker.seen_at)],
        fill: (worker) => [workerState(worker.state), element("br"), element("span", { className: "quiet" }, `seen ${ago(worker.seen_at)}`)],
      },
      { title: "Busy", className: "number", fill: (worker) => `${worker.busy_slots}/${worker.slots}` },
      { title: "A tile", className: "number wide", fill: (worker) => (worker.tile_seconds === null ? "–" : duration(worker.tile_seconds)) },
    ],
    { label: "Workers", empty: "No worker is there; `tessera worker` starts one.", key: (worker) => worker.worker },
  );
  const runs = new Table(
    [
      runColumn,
      { title: "Class", className: "wide", fill: (run) => run.class },
      { title: "State", version: (run) => run.state, fill: (run) => stateBadge(run.state) },
      { title: "Tiles", fill: (run) => progressBar(run) },
      { title: "Submitted", className: "number wide", version: (run) => ago(run.submitted_at), fill: (run) => ago(run.submitted_at) },
    ],
    { label: "Runs in work", empty: "No run is in work.", key: (run) => run.run },
  );
  const choose = element(
    "div",
    { className: "filters" },
    segments("span", "Time", Object.entries(spans).map(([value, { text }]) => [value, text]), state.step, (value) => {
      state.step = value;
      refreshChart();
    }),
    segments("measure", "What is counted", [["tiles", "Tiles"], ["runs", "Runs"]], state.measure, (value) => {
      state.measure = value;
      refreshChart();
    }),
    chartTitle,
  );
  const root = element(
    "div",
    { className: "columns" },
    element("div", { className: "stack" }, card("Throughput", choose, chart.root), card("Runs in work", runs.root)),
    element("div", { className: "stack" }, card("Queue", classes.root), card("Workers", workers.root)),
  );

  async function refreshChart() {
    const { steps, unit } = spans[state.step];
    const answer = await get(`v1/throughput?step=${state.step}&steps=${steps}`);
    const points = answer.points.map((point) => ({
      start: new Date(point.start), value: state.measure === "tiles" ? point.tiles : point.runs,
    }));
    const time = (date) =>
      state.step === "minute" ? moment(date).slice(11) : `${moment(date).slice(8, 10)}. ${moment(date).slice(11)}`;
    chart.show(points, state.measure, time);
    chartTitle.textContent = `${state.measure === "tiles" ? "Tiles" : "Completed runs"} ${unit}`;
  }

  return {
    title: "Fleet",
    nodes: [element("h1", { className: "visually-hidden" }, "Fleet"), figures, root],
    interval: 2000,
    async refresh() {
      const [fleet] = await Promise.all([get("v1/fleet"), refreshChart()]);
      const present = fleet.workers.filter((worker) => !["stopped", "lost"].includes(worker.state));
      const slots = present.reduce((sum, worker) => sum + worker.slots, 0);
      const busy = present.reduce((sum, worker) => sum + worker.busy_slots, 0);
      const waiting = fleet.queue.reduce((sum, entry) => sum + entry.runs, 0);
      figures.replaceChildren(
        ...figure("Runs in the queue", integer(waiting)),
        ...figure("Tiles without a result", integer(fleet.queue.reduce((sum, entry) => sum + entry.tiles, 0))),
        ...figure("Slots busy", integer(busy), `of ${integer(slots)}`),
        ...figure("Tiles a minute", decimalOrZero(fleet.tiles_per_minute)),
        ...figure("Completed", integer(fleet.completed_runs)),
        ...figure("Failed", integer(fleet.failed_runs)),
      );
      classes.fill(fleet.queue);
      workers.fill(fleet.workers);
      runs.fill(fleet.runs);
      return { openLetters: fleet.open_dead_letters };
    },
    close() {
      chart.close();
    },
  };
}

const decimalOrZero = (value) => (value === 0 ? "0" : decimal(value));

function figure(name, value, more) {
  return facts("", [[name, more ? [value, " ", element("small", {}, more)] : value]]).children;
}

function end(item) {
  if (item.expected_at) return until(item.expected_at);
  return item.reason === "paused" ? "paused" : item.reason === "noWorkers" ? "no workers" : "–";
}

function workerState(state) {
  const badge = stateBadge(state);
  badge.dataset.kind = { running: "good", lost: "bad", quarantined: "bad", stopped: "quiet" }[state] ?? "work";
  return badge;
}
