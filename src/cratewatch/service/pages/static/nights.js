import { byId, make } from "./dom.js";

const place = byId("running");
const DONE = ["fetched", "stored", "embedded", "indexed", "withdrawn", "failed"];

function bar(kind, states) {
  const all = Object.values(states).reduce((sum, n) => sum + n, 0);
  const done = DONE.reduce((sum, state) => sum + (states[state] || 0), 0);
  const failed = states.failed ? `, ${states.failed} failed` : "";
  return make("label", {}, make("span", { class: "muted" }, `${kind}: ${done} of ${all}${failed}`),
    make("progress", { max: Math.max(1, all), value: done }));
}

function show(runs) {
  if (!runs.length) return place.replaceChildren(make("p", { class: "muted" }, "Nothing is running."));
  place.replaceChildren(...runs.map((run) => make("div", { class: "card under-way" },
    make("h3", {}, make("a", { href: `/nights/${encodeURIComponent(run.run_id)}` }, run.run_id)),
    ...Object.entries(run.items).map(([kind, states]) => bar(kind, states)),
    Object.keys(run.items).length ? "" : make("p", { class: "muted" }, "It has begun."))));
}

const events = new EventSource("/v1/runs/events");
events.addEventListener("running", (event) => show(JSON.parse(event.data)));
events.addEventListener("error", () => {
  if (events.readyState === EventSource.CLOSED) place.replaceChildren(make("p", { class: "muted" }, "What is running cannot be told now; load the page again."));
});
