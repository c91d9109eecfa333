import { byId, make, shape } from "./dom.js";

const [drop, file, camera, shoot, live, said, result] = [
  "drop", "file", "camera", "shoot", "live", "said", "result",
].map(byId);
const WORDS = {
  sure: "It is this one", likely: "Very likely this one", unsure: "Perhaps this one",
  unknown: "Not in the catalog",
  nearest: "Looks most like this one",
};
let asked = 0;

function say(text, kind = "") {
  said.hidden = !text;
  said.className = `notice ${kind}`;
  said.textContent = text;
}

async function look(picture) {
  const turn = ++asked;
  result.hidden = true;
  if (!picture.type.startsWith("image/")) return say("That is no picture; choose an image file.", "bad");
  say("Looking…", "busy");
  const form = new FormData();
  form.append("pictures", picture, picture.name || "picture");
  form.append("crops", "true");
  const began = performance.now();
  try {
    const response = await fetch("/v1/identify", { method: "POST", body: form });
    const told = await response.json();
    if (turn !== asked) return;
    if (response.status === 401) return location.assign("/login");
    if (!response.ok) return say(told.detail || "That did not work; try again.", "bad");
    say("");
    await show(picture, told.answers[0], (performance.now() - began) / 1000);
  } catch (error) {
    if (turn === asked) say("The service does not answer; is it still running? Try again.", "bad");
    console.warn(error);
  }
}

async function show(picture, answer, seconds) {
  const image = byId("shown");
  if (image.src) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture);
  await image.decode().catch(() => {});
  const sleeves = answer.sleeves || [];
  const found = sleeves.length ? sleeves : [answer];
  drawQuads(image, sleeves);
  byId("sleeves").replaceChildren(...found.map((one, n) => card(one, n, sleeves.length)));
  const what = sleeves.length ? `${sleeves.length} sleeve${sleeves.length > 1 ? "s" : ""} found` : "taken as one sleeve";
  byId("caption").textContent = [what, `${seconds.toFixed(1)} s`, ...answer.notes].join(" · ");
  result.hidden = false;
  if (sleeves.length > 1) choose(0, false);
  result.scrollIntoView({ block: "start", behavior: "smooth" });
  await price(found);
}

function drawQuads(image, sleeves) {
  const board = byId("quads");
  const [width, height] = [image.naturalWidth || 1, image.naturalHeight || 1];
  board.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const letter = Math.max(width, height) / 28;
  board.replaceChildren(...sleeves.flatMap((sleeve, n) => {
    const corners = shape("polygon", {
      points: sleeve.quad.map((point) => point.join(",")).join(" "),
      class: sleeve.verdict === "unknown" ? "unknown" : "known", "data-n": n,
    });
    corners.addEventListener("click", () => choose(n, true));
    const [x, y] = [0, 1].map((axis) => sleeve.quad.reduce((sum, point) => sum + point[axis], 0) / 4);
    const number = shape("text", { x: 0, y: 0.35, transform: `translate(${x} ${y}) scale(${letter})` }, n + 1);
    return sleeves.length > 1 ? [corners, number] : [corners];
  }));
}

function choose(n, scroll) {
  for (const one of document.querySelectorAll("[data-n]")) one.classList.toggle("chosen", Number(one.dataset.n) === n);
  if (scroll) document.querySelector(`.found[data-n="${n}"]`).scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function cover(match, size = "tile", alt = "") {
  return make("img", { class: "sleeve", src: `/v1/covers/${match.cover_id}?size=${size}`, alt });
}

function names(match) {
  const release = match.releases[0];
  if (!release) return [make("b", {}, match.path_or_url.split("/").pop())];
  const facts = [release.artist, release.year, release.label, release.catno].filter(Boolean).join(" · ");
  const path = encodeURIComponent(release.release_id).replaceAll("%3A", ":");
  return [make("a", { href: `/releases/${path}` }, release.title), make("div", { class: "muted" }, facts)];
}

function card(one, n, of) {
  const [best, ...others] = one.matches;
  const verdict = one.verdict || (best ? "nearest" : "unknown");
  const known = verdict !== "unknown" && best;
  const head = make("div", { class: "head" },
    of > 1 ? make("button", { class: "n quiet", type: "button", "aria-label": `Show sleeve ${n + 1} in the picture`, onclick: () => choose(n, false) }, String(n + 1)) : "",
    make("h2", { class: "verdict" }, WORDS[verdict]), make("span", { class: `state ${verdict}` }, verdict === "nearest" ? "not calibrated" : verdict));
  const body = known
    ? [make("div", { class: "side" },
        one.crop ? make("figure", {}, make("img", { src: one.crop, alt: "The sleeve, cut out and upright" }), make("figcaption", {}, "in the picture")) : "",
        make("figure", {}, cover(best, "page", "Cover in the catalog"), make("figcaption", {}, "in the catalog"))),
      make("div", { class: "best" }, ...names(best)),
      one.probability === null ? "" : make("div", { class: "how" },
        make("meter", { min: 0, max: 1, low: 0.5, high: 0.9, optimum: 1, value: one.probability, "aria-label": "probability" }),
        make("span", {}, `${Math.round(100 * one.probability)} % likely`)),
      make("p", { class: "worth muted", "data-price": best.releases[0] ? best.releases[0].release_id : "" }, best.releases[0] ? "…" : "")]
    : [make("div", { class: "side" }, one.crop ? make("figure", {}, make("img", { src: one.crop, alt: "The sleeve, cut out and upright" }), make("figcaption", {}, "in the picture")) : ""),
       make("p", {}, "No cover of the catalog is believed to be this sleeve. It may be a record that nobody has listed yet.")];
  const rest = known ? others : one.matches;
  const list = rest.length ? make("details", {}, make("summary", {}, known ? `${rest.length} others that look like it` : "What looks most like it"),
    make("ul", { class: "others" }, ...rest.map((match) => make("li", {}, cover(match), make("div", {}, ...names(match)))))) : "";
  return make("article", { class: "card found", "data-n": n }, head, ...body, list);
}

async function price(found) {
  const places = [...document.querySelectorAll("[data-price]")].filter((one) => one.dataset.price);
  if (!places.length) return;
  const ids = places.map((one) => one.dataset.price);
  const response = await fetch("/v1/price", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ release_ids: ids }),
  }).catch(() => null);
  const prices = response && response.ok ? (await response.json()).prices : [];
  places.forEach((place, n) => {
    const told = prices[n];
    if (!told || told.error) return place.replaceChildren("No price of it is known.");
    place.replaceChildren(make("strong", {}, `${told.median} ${told.currency}`), ` in ${told.condition}, from ${told.low} to ${told.high} — by ${told.how}`);
    if (told.comparables.length) place.after(comparables(told));
    return undefined;
  });
}

const SAID = { sold: "sold", asking: "asked" };

function comparables(told) {
  const rows = told.comparables.map((one) => make("tr", one.outlier ? { class: "outlier" } : {},
    make("td", {}, one.observed_at.slice(0, 10)),
    make("td", {}, SAID[one.kind] || one.kind, make("div", { class: "muted" }, one.source)),
    make("td", {}, one.media_condition || "–"),
    make("td", { class: "number" }, make("b", {}, `${one.price} ${one.currency}`), one.value === one.price ? "" : make("div", { class: "muted" }, `${one.value} ${told.currency} in ${told.condition}`)),
    make("td", {}, one.outlier ? "left out: far from the others" : one.release_id === told.release_id ? "this pressing" : one.title)));
  const head = ["when", "what", "grade", "price", "of"].map((word, n) => make("th", { scope: "col", class: n === 3 ? "number" : null }, word));
  return make("details", { class: "comparables", open: matchMedia("(min-width: 46rem)").matches },
    make("summary", {}, `${rows.length} recent price${rows.length === 1 ? "" : "s"} to compare`),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Recent prices" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
}

file.addEventListener("change", () => file.files[0] && look(file.files[0]));
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files[0]) look(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  const item = [...event.clipboardData.items].find((one) => one.kind === "file");
  if (item) look(item.getAsFile());
});

function closeCamera() {
  for (const track of live.srcObject ? live.srcObject.getTracks() : []) track.stop();
  live.srcObject = null;
  shoot.hidden = true;
  camera.focus();
}

camera.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
camera.addEventListener("click", async () => {
  try {
    live.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
    shoot.hidden = false;
    await live.play();
    byId("shutter").focus();
  } catch {
    say("The camera cannot be used; choose a picture instead.", "bad");
  }
});
byId("stop").addEventListener("click", closeCamera);
byId("shutter").addEventListener("click", () => {
  const canvas = make("canvas", { width: live.videoWidth, height: live.videoHeight });
  canvas.getContext("2d").drawImage(live, 0, 0);
  canvas.toBlob((blob) => { closeCamera(); look(new File([blob], "camera.jpg", { type: "image/jpeg" })); }, "image/jpeg", 0.92);
});
