import { byId } from "./dom.js";

const video = byId("found");

function play(link) {
  const [file] = link.dataset.video.split("#");
  const at = Number(link.dataset.t);
  const jump = () => {
    video.currentTime = at;
    video.play().catch(() => {}); // a browser may want a click first
  };
  if (video.src.split("#")[0].endsWith(file) && video.readyState) jump();
  else {
    video.src = link.dataset.video;
    video.addEventListener("loadedmetadata", jump, { once: true });
  }
  video.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

if (video) {
  for (const link of document.querySelectorAll("a[data-video]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab: the whole recording
      event.preventDefault();
      play(link);
    });
  }
}
