// The page: which view is shown, when it asks again, and the token.
import { onUnauthorized, setToken, token } from "./api.js";
import { element } from "./parts.js";
import { fleetView } from "./fleet.js";
import { lettersView } from "./letters.js";
import { runView } from "./run.js";
import { runsView } from "./runs.js";
import { submitView } from "./submit.js";
import { trainingView } from "./training.js";
import { trainingsView } from "./trainings.js";

const main = document.getElementById("main");
const trouble = document.getElementById("trouble");
const count = document.getElementById("open-letters");
const dialog = document.getElementById("token-dialog");
const input = document.getElementById("token-input");
const tokenButton = document.getElementById("token-button");

let shown = null;

function viewOf(hash) {
  const [first = "", second] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (first === "runs" && second) return runView(second);
  if (first === "trainings" && second) return trainingView(second);
  return { "": fleetView, runs: runsView, trainings: trainingsView, submit: submitView, letters: lettersView }[first]?.() ?? null;
}

/** Shows a view, and asks it to refresh itself as long as it is shown. */
class Shown {
  constructor(view) {
    this.view = view;
    this.timer = null;
    this.isClosed = false;
    this.asking = null;
    view.started?.(() => this.refresh());
  }

  async refresh() {
    clearTimeout(this.timer);
    // One question at a time; whoever asks meanwhile gets the answer of another one afterwards.
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    let isOver = !this.view.interval;
    this.asking = (async () => {
      try {
        const news = await this.view.refresh();
        if (this.isClosed) return;
        isOver ||= news?.isOver ?? false;
        if (news?.openLetters !== undefined) showCount(news.openLetters);
        trouble.hidden = true;
      } catch (error) {
        if (this.isClosed) return;
        trouble.textContent = error.message;
        trouble.hidden = false;
        isOver = error.status === 401 || error.status === 403 || error.status === 404;
      }
    })();
    await this.asking;
    this.asking = null;
    if (this.isClosed) return undefined;
    if (this.again) {
      this.again = false;
      return this.refresh();
    }
    main.dataset.ready = "true";
    // A page that nobody looks at asks less often.
    if (!isOver) this.timer = setTimeout(() => this.refresh(), document.hidden ? 30_000 : this.view.interval);
    return undefined;
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.view.close?.();
  }
}

function showCount(value) {
  count.hidden = value === 0;
  count.textContent = value > 99 ? "99+" : String(value);
  count.setAttribute("aria-label", `${value} open`);
}

function route(isFirst) {
  if (location.hash === "#main") return;
  shown?.close();
  delete main.dataset.ready;
  const view = viewOf(location.hash) ?? {
    title: "Not found", nodes: [element("h1", {}, "There is no such page"), element("p", {}, element("a", { href: "#/" }, "To the fleet"))],
    refresh: async () => ({ isOver: true }),
  };
  document.title = `${view.title} · Tessera`;
  main.replaceChildren(...view.nodes);
  trouble.hidden = true;
  const place = location.hash.replace(/^#\/?/, "").split("/")[0];
  for (const link of document.querySelectorAll(".page-header nav a")) {
    if (link.hash.replace(/^#\/?/, "") === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // Whoever uses a screen reader hears that the page is another one.
  if (isFirst !== true) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  shown = new Shown(view);
  shown.refresh();
}

function askForToken(hint) {
  if (hint) document.getElementById("token-hint").textContent = hint;
  input.value = token();
  document.getElementById("token-forget").hidden = !token();
  if (!dialog.open) dialog.showModal();
}

dialog.addEventListener("close", () => {
  if (dialog.returnValue === "save") setToken(input.value.trim());
  else if (dialog.returnValue === "forget") setToken("");
  else return;
  input.value = "";
  showToken();
  route();
});

function showToken() {
  tokenButton.textContent = token() ? "Token set" : "Token";
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
tokenButton.addEventListener("click", () => askForToken());
onUnauthorized((detail) => askForToken(detail));
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) shown?.refresh();
});
showToken();
route(true);
