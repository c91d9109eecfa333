import { byId } from "./dom.js";

const [video, board, head, speed, stuck] = ["video", "board", "head", "speed", "stuck"].map(byId);
const marks = [...document.querySelectorAll(".moments a[data-t]")];
const times = marks.map((mark) => Number(mark.dataset.t));
const JUMP_S = 5;

const seconds = () => Number(video.dataset.seconds) || video.duration || 1;

function seek(at, plays = false) {
  const there = Math.min(Math.max(0, at), seconds());
  video.currentTime = there;
  history.replaceState(null, "", `?t=${there.toFixed(2)}`);
  if (plays) video.play().catch(() => {}); // a browser may want a click first
}

function show() {
  const x = (1000 * video.currentTime) / seconds();
  head.setAttribute("x1", x);
  head.setAttribute("x2", x);
  const now = times.findLastIndex((at) => at <= video.currentTime + 0.05);
  marks.forEach((mark, n) => {
    if (n !== now) return mark.removeAttribute("aria-current");
    if (mark.hasAttribute("aria-current")) return undefined;
    mark.setAttribute("aria-current", "true");
    const list = mark.closest(".moments");
    const over = mark.getBoundingClientRect().top - list.getBoundingClientRect().top;
    if (over < 0 || over > list.clientHeight - 60) list.scrollTop += over - list.clientHeight / 3;
    return undefined;
  });
}

function jump(step) {
  const now = video.currentTime;
  const at = step > 0 ? times.find((one) => one > now + 0.1) : times.findLast((one) => one < now - 0.5);
  if (at !== undefined) seek(at);
}

const frame = () => Number(video.dataset.frame);
const KEYS = {
  k: () => (video.paused ? video.play() : video.pause()),
  j: () => seek(video.currentTime - JUMP_S),
  l: () => seek(video.currentTime + JUMP_S),
  n: () => jump(1),
  p: () => jump(-1),
  ",": () => { video.pause(); seek(video.currentTime - frame()); },
  ".": () => { video.pause(); seek(video.currentTime + frame()); },
};

if (video) {
  for (const mark of marks) {
    mark.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab, by its address
      event.preventDefault();
      seek(Number(mark.dataset.t), true);
    });
  }
  board.addEventListener("click", (event) => {
    const box = board.getBoundingClientRect();
    const at = event.target.dataset.t;
    seek(at === undefined ? (seconds() * (event.clientX - box.left)) / box.width : Number(at));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const does = KEYS[event.key.toLowerCase()];
    if (does) { event.preventDefault(); does(); }
  });
  speed.addEventListener("change", () => { video.playbackRate = Number(speed.value); });
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) video.addEventListener(name, show);
  video.addEventListener("error", () => {
    stuck.hidden = false;
    stuck.textContent = "The video cannot be played; is the service still running? Load the page again.";
  });
  show();
}
