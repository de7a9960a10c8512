// Small parts that several views use.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { PICTURE_WIDTH, pictureUrl } from "./api.js";
import { progress, stageText } from "./jobs.js";
import { percent, toBox } from "./state.js";

export function Progress({ job }) {
  const text = stageText(job);
  return html`<div class="progress" data-state=${job.state}>
    <progress max="1" value=${progress(job)} aria-label=${text}></progress>
    <span role="status">${text}</span>
  </div>`;
}

/** Whether keys belong to what is focused rather than to the page. */
function isTyping(event) {
  const { tagName, isContentEditable } = event.target;
  return isContentEditable || ["TEXTAREA", "SELECT"].includes(tagName)
    || (tagName === "INPUT" && event.target.type !== "checkbox")
    || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null;
}

/** Calls `handler` with keys of the whole page. The newest one is called: effects run after the next
    picture is drawn, and keys may come faster than that. */
export function useKeys(handler) {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    const onKeyDown = (event) => { if (!isTyping(event)) latest.current(event); };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

const sizes = new Map();

/** Width and height of the picture of a page, in pixels; null until it is there. */
function usePictureSize(url) {
  const [size, setSize] = useState(null);
  useEffect(() => {
    let wanted = true;
    if (!sizes.has(url)) {
      sizes.set(url, new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
        image.onerror = () => { sizes.delete(url); reject(new Error("no picture")); };
        image.src = url;
      }));
    }
    sizes.get(url).then((found) => wanted && setSize(found), () => {});
    return () => { wanted = false; };
  }, [url]);
  return size;
}

const CROP_LINE_PX = 26;
const MAX_CROP_LINES = 4;

/** The part of a page around the polygons, as a picture. */
export function Crop({ id, evidence }) {
  const url = pictureUrl(id, evidence.page, PICTURE_WIDTH, true);
  const size = usePictureSize(url);
  if (!size || !evidence.polygons.length) return html`<span class="crop empty"></span>`;
  const [width, height] = size;
  const [x0, y0, x1, y1] = toBox(evidence.polygons.flat());
  const lines = new Set(evidence.polygons.map((polygon) => Math.round(toBox(polygon)[1] * height / 12))).size;
  const margin = (((y1 - y0) * height) / lines) * 0.12 + 2;
  const view = [
    x0 * width - margin * 2, y0 * height - margin,
    (x1 - x0) * width + margin * 4, (y1 - y0) * height + margin * 2,
  ];
  const style = { aspectRatio: `${view[2]} / ${view[3]}`, height: `${Math.min(MAX_CROP_LINES, lines) * CROP_LINE_PX}px` };
  return html`<svg class="crop" viewBox=${view.join(" ")} role="img" aria-label=${`Picture of “${evidence.quote}”`}
      preserveAspectRatio="xMinYMid meet" style=${style}>
    <image href=${url} width=${width} height=${height} />
  </svg>`;
}

/** How sure a value is, as a share that a glance tells apart: high, middle, low. isDoubtful: it is to
    be looked at for another reason. */
export function Confidence({ share, isDoubtful = false }) {
  if (share === null || share === undefined) return html`<span class="confidence low" title="How sure it is cannot be told">unsure</span>`;
  const level = isDoubtful ? "low" : share >= 0.95 ? "high" : share >= 0.8 ? "middle" : "low";
  const title = `Of 100 values like this one about ${Math.round(share * 100)} are right`;
  return html`<span class=${`confidence ${level}`} title=${title}>${percent(share)}<span class="hidden"> sure</span></span>`;
}

/** A dialog over the page; Escape closes it. */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(null);
  useEffect(() => { dialog.current.showModal(); }, []);
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="dialog-title">
    <h2 id="dialog-title">${title}</h2>
    ${children}
    <form method="dialog"><button class="primary">Close</button></form>
  </dialog>`;
}

/** A button with a list below it; Escape and a click elsewhere close it. */
export function Menu({ title, children }) {
  const menu = useRef(null);
  useEffect(() => {
    const onClick = (event) => { if (!menu.current.contains(event.target)) menu.current.open = false; };
    addEventListener("click", onClick);
    return () => removeEventListener("click", onClick);
  }, []);
  const onKeyDown = (event) => {
    if (event.key !== "Escape") return;
    menu.current.open = false;
    menu.current.querySelector("summary").focus();
  };
  return html`<details class="menu" ref=${menu} onKeyDown=${onKeyDown}><summary>${title}</summary>${children}</details>`;
}

/** Tabs as the ARIA pattern has them. tabs: [name, text] each. */
export function Tabs({ tabs, chosen, onChoose, label }) {
  const list = useRef(null);
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(([name]) => name === chosen);
    const next = (at + step + tabs.length) % tabs.length;
    onChoose(tabs[next][0]);
    list.current.children[next].focus();
    event.preventDefault();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
    ${tabs.map(([name, text]) => html`<button role="tab" id=${`tab-${name}`} key=${name}
      aria-selected=${name === chosen ? "true" : "false"} aria-controls="tab-panel"
      tabindex=${name === chosen ? 0 : -1} onClick=${() => onChoose(name)}>${text}</button>`)}
  </div>`;
}
