// Dead letters: what used up its attempts, and sending it on its way again.
import { get, post, query } from "./api.js";
import { ago, shortRun } from "./format.js";
import { element, stateBadge, Table } from "./parts.js";

export function lettersView() {
  let refreshNow = () => {};
  const status = element("p", { role: "status", className: "quiet" });
  const onlyOpen = element("input", { type: "checkbox", id: "letters-open", checked: true });
  onlyOpen.addEventListener("change", () => refreshNow());

  async function replay(letter, button) {
    button.disabled = true;
    try {
      await post(`v1/dead-letters/${letter.id}/replay`);
      status.textContent = `Dead letter ${letter.id} is replayed: its tiles are in the queue again.`;
      await refreshNow();
    } catch (error) {
      status.textContent = error.message;
      button.disabled = false;
    }
  }

  const buttons = (letter) => {
    if (letter.state !== "open") return stateBadge(letter.state);
    // Only a process with the broker can publish a message again.
    if (!letter.run) return element("code", {}, `tessera dlq replay ${letter.id}`);
    const button = element("button", { type: "button", className: "small", "aria-label": `Replay dead letter ${letter.id}` }, "Replay");
    button.addEventListener("click", () => replay(letter, button));
    return button;
  };
  const table = new Table(
    [
      { title: "Number", header: true, fill: (letter) => String(letter.id) },
      {
        title: "What",
        fill: (letter) =>
          letter.run
            ? [`tile ${letter.tile} of `, element("a", { href: `#/runs/${letter.run}`, "aria-label": `Run ${letter.run}` }, shortRun(letter.run))]
            : `message from ${letter.queue ?? "an unknown queue"}`,
      },
      {
        title: "Why", className: "long",
        fill: (letter) => [
          element("span", { className: "reason" }, letter.reason),
          element("span", { className: "quiet" }, letter.failure_kind ? ` (${letter.failure_kind})` : ""),
        ],
      },
      { title: "Worker", className: "wide name", fill: (letter) => letter.worker ?? "–" },
      { title: "When", className: "number wide", version: (letter) => ago(letter.at), fill: (letter) => ago(letter.at) },
      { title: "Action", className: "number", hidden: true, version: (letter) => letter.state, fill: buttons },
    ],
    { label: "Dead letters", className: "stacking", empty: "There is none: nothing has used up its attempts.", key: (letter) => letter.id },
  );
  return {
    title: "Dead letters",
    nodes: [
      element("h1", {}, "Dead letters"),
      element(
        "div",
        { className: "card" },
        element(
          "div",
          { className: "filters" },
          element("label", { htmlFor: onlyOpen.id, className: "check" }, onlyOpen, "Only open ones"),
          element("span", { className: "quiet" }, "Replay once the cause is removed: a run's dead tiles go back into the queue together."),
        ),
        table.root,
        status,
      ),
    ],
    interval: 3000,
    started(refresh) {
      refreshNow = refresh;
    },
    async refresh() {
      const answer = await get(`v1/dead-letters${query({ open: onlyOpen.checked, limit: 200 })}`);
      table.fill(answer.dead_letters);
      return onlyOpen.checked ? { openLetters: answer.dead_letters.length } : undefined;
    },
  };
}
