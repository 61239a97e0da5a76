// One training: its folds, their trainers, and the curves of a configuration.
import { get, post } from "./api.js";
import { CurveChart } from "./curves.js";
import { duration, isFinal, moment, until } from "./format.js";
import { card, element, facts, segments, stateBadge, Table } from "./parts.js";
import { epochBar, jobsDone } from "./trainings.js";

export function trainingView(id) {
  const path = `v1/trainings/${encodeURIComponent(id)}`;
  const badge = element("span", { role: "status" });
  const actions = element("div", { className: "actions" });
  const message = element("p", { role: "status", className: "quiet", hidden: true });
  const overview = element("section", { className: "card overview", "aria-label": "Overview" });
  const choice = element("div", { className: "filters" });
  const losses = new CurveChart("Loss");
  const dice = new CurveChart("Dice", { lower: 0, upper: 1 });
  let chosen = null;
  let configurations = "";
  let drawn = "";
  let offered = "";
  let refreshNow = () => {};

  const jobs = new Table(
    [
      {
        title: "Job", className: "job", header: true, version: ({ job }) => job,
        fill: ({ configuration, fold }) => (configuration ? [configuration, element("br"), element("span", { className: "quiet" }, `fold ${fold}`)] : "best of all"),
      },
      {
        title: "State", version: ({ state, failure }) => [state, failure],
        fill: ({ state, failure }) => [
          jobState(state), failure ? element("br") : null, failure ? element("span", { className: "reason" }, failure.reason) : null,
        ],
      },
      { title: "Epochs", fill: (job) => (job.kind === "fold" ? epochBar([job], epochs) : "") },
      { title: "An epoch", className: "number wide", fill: ({ epoch_seconds }) => (epoch_seconds === null ? "–" : duration(epoch_seconds)) },
      {
        title: "Ends", className: "number wide", version: (job) => [job.expected_at, job.state, Math.floor(Date.now() / 5000)],
        fill: (job) => (job.expected_at ? until(job.expected_at) : job.finished_at ? moment(job.finished_at) : "–"),
      },
      {
        title: "Trainer", className: "wide name", version: ({ worker, attempts }) => [worker, attempts],
        fill: ({ worker, attempts }) => [worker ?? "–", attempts > 1 ? element("br") : null, attempts > 1 ? element("span", { className: "quiet" }, `attempt ${attempts}`) : null],
      },
    ],
    { label: "Jobs", empty: "It has no jobs.", key: ({ job }) => job },
  );
  let epochs = 0;

  function showActions(training) {
    const now = `${training.state} ${training.retriable}`;
    if (now === offered) return;
    offered = now;
    const button = (text, what) => {
      const made = element("button", { type: "button", className: "plain" }, text);
      made.addEventListener("click", async () => {
        made.disabled = true;
        message.hidden = true;
        try {
          const answer = await post(`${path}/${what}`);
          if (answer.retried_jobs.length > 0) {
            message.textContent = `${answer.retried_jobs.length} jobs go on.`;
            message.hidden = false;
          }
          await refreshNow();
        } catch (error) {
          message.textContent = error.message;
          message.hidden = false;
        }
        made.disabled = false;
      });
      return made;
    };
    actions.replaceChildren(
      ...[training.retriable ? button("Retry", "retry") : null, isFinal(training.state) ? null : button("Cancel the training", "cancel")].filter(Boolean),
    );
  }

  function showChoice(training) {
    const names = [...new Set(training.jobs.map(({ configuration }) => configuration).filter(Boolean))];
    if (names.join() === configurations) return;
    configurations = names.join();
    chosen ??= names[0] ?? null;
    choice.replaceChildren(
      segments("configuration", "Configuration", names.map((name) => [name, name]), chosen, (value) => {
        chosen = value;
        refreshNow();
      }),
    );
  }

  async function showCurves(training) {
    if (!chosen) return;
    // What was drawn is asked for again only when an epoch has come.
    const news = `${chosen} ${training.jobs.map((job) => `${job.epochs}.${job.attempts}`).join()}`;
    if (news === drawn) return;
    const { curves } = await get(`${path}/curves?configuration=${encodeURIComponent(chosen)}`);
    const several = curves.length > 1;
    const values = (points, name) => points.reduce((all, point) => Object.assign(all, { [point.epoch]: point[name] }), []);
    const series = (name, text, isDashed) =>
      curves.map(({ fold, points }, place) => ({
        name: several ? `fold ${fold}${text ? `, ${text}` : ""}` : text || `fold ${fold}`, number: place, isDashed, values: Array.from(values(points, name), (value) => value ?? null),
      }));
    losses.show([...series("training_loss", "training", false), ...series("validation_loss", "validation", true)]);
    dice.show(series("dice", "", false));
    drawn = news;
  }

  return {
    title: "Training",
    nodes: [
      element("div", { className: "heading" }, element("div", {}, element("h1", {}, "Training ", element("code", {}, id)), badge), actions),
      message,
      overview,
      element("div", { className: "card" }, element("h2", {}, "Configurations and folds"), jobs.root),
      element("div", { className: "stack" }, choice, element("div", { className: "pair" }, card("Loss", losses.root), card("Dice", dice.root))),
    ],
    interval: 2000,
    started(refresh) {
      refreshNow = refresh;
    },
    async refresh() {
      const training = await get(path);
      epochs = training.epochs;
      badge.replaceChildren(stateBadge(training.state));
      overview.replaceChildren(
        ...[
          training.failure ? element("p", { className: "reason" }, element("strong", {}, `Failed (${training.failure.kind}): `), training.failure.reason) : null,
          facts("facts", [
            ["Task", training.task],
            ["Becomes the model", training.model],
            ["Tenant", training.tenant],
            ["Epochs", epochBar(training.jobs, epochs)],
            ["Jobs done", `${jobsDone(training)} of ${training.jobs.length}`],
            ["Submitted", moment(training.submitted_at)],
            ["Finished", training.finished_at ? moment(training.finished_at) : null],
            ["Idempotency key", training.key],
            ...training.acts.map(({ act, asked_by, asked_at }) => [act === "retry" ? "Taken up again" : "Cancelled", `${moment(asked_at)} by ${asked_by}`]),
          ]),
        ].filter(Boolean),
      );
      overview.classList.toggle("failure", training.failure !== null);
      showActions(training);
      jobs.fill(training.jobs);
      showChoice(training);
      await showCurves(training);
      // One that is over may be taken up again, by whoever.
      return { isOver: training.state === "completed" };
    },
    close() {
      losses.close();
      dice.close();
    },
  };
}

function jobState(state) {
  const badge = stateBadge(state);
  badge.dataset.kind = { done: "good", failed: "bad", running: "work", queued: "work" }[state] ?? "quiet";
  return badge;
}
