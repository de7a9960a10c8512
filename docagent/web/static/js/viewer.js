// A page as a picture with one SVG over it: words, fields and citations in page-relative units, so
// that zoom is a matter of CSS.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { api, PICTURE_WIDTH, pictureUrl } from "./api.js";
import { useKeys } from "./parts.js";
import { attempt, percent, toBox } from "./state.js";

const ZOOMS = [1, 1.5, 2, 3, 4];
const SHARP_WIDTH = 2000;

const points = (polygon) => polygon.map(([x, y]) => `${x},${y}`).join(" ");

/**
 * id: of the document. page: number. pages: how many; null until it is read. marks: [{key, page,
 * polygons, kind, label}] to draw. chosen: key of the mark to bring into view. find: words to mark.
 */
export function Viewer({ id, page, pages, marks, chosen, onChoose, onPage, find }) {
  const [zoom, setZoom] = useState(0);
  const [showWords, setShowWords] = useState(false);
  const [readout, setReadout] = useState("");
  const words = useWords(id, page, pages !== null && (showWords || Boolean(find)));
  const frame = useRef(null);
  const here = marks.filter((mark) => mark.page === page);
  const target = here.find((mark) => mark.key === chosen);
  const isSharp = ZOOMS[zoom] * devicePixelRatio > 1.6;
  const picture = usePicture(pictureUrl(id, page, isSharp ? SHARP_WIDTH : PICTURE_WIDTH, pages !== null), page);
  useScroll(frame, target, zoom, picture.url !== null);
  useEffect(() => setReadout(""), [page]);
  useViewerKeys({ page, pages, onPage, setZoom });

  const found = useMemo(() => (find && words ? matching(words, find) : []), [words, find]);
  return html`<section class="viewer" aria-label="Page">
    <div class="bar">
      <button onClick=${() => onPage(page - 1)} disabled=${page <= 1} aria-label="Previous page" title="[">‹</button>
      <span class="where" aria-live="polite">Page ${page}${pages ? ` of ${pages}` : ""}</span>
      <button onClick=${() => onPage(page + 1)} disabled=${!pages || page >= pages} aria-label="Next page" title="]">›</button>
      <span class="gap"></span>
      <button onClick=${() => setZoom((z) => Math.max(0, z - 1))} disabled=${zoom === 0} aria-label="Zoom out" title="-">−</button>
      <span class="where zoom">${percent(ZOOMS[zoom])}</span>
      <button onClick=${() => setZoom((z) => Math.min(ZOOMS.length - 1, z + 1))} disabled=${zoom === ZOOMS.length - 1} aria-label="Zoom in" title="+">+</button>
      <label class="toggle"><input type="checkbox" checked=${showWords} disabled=${pages === null}
        onChange=${(event) => setShowWords(event.target.checked)} /> Words</label>
    </div>
    <div class="frame" ref=${frame} tabindex="0" role="region" aria-label="Picture of the page">
      <div class="sheet" style=${{ width: `${ZOOMS[zoom] * 100}%` }}>
        ${picture.url ? html`<img src=${picture.url} alt=${`Page ${page}`} />`
          : html`<p class="blank" role="status">${picture.failed ? "This page cannot be shown." : "Loading the page …"}</p>`}
        ${picture.url && html`<svg viewBox="0 0 1 1" preserveAspectRatio="none" role="group" aria-label="Places on the page">
          ${found.map((polygon, index) => html`<polygon key=${`f${index}`} class="mark find" points=${points(polygon)} />`)}
          ${showWords && words && html`<${Words} words=${words} onRead=${setReadout} />`}
          ${here.map((mark) => mark.polygons.map((polygon, index) => html`<polygon key=${`${mark.key}-${index}`}
            class=${`mark ${mark.kind}${mark.key === chosen ? " chosen" : ""}`} points=${points(polygon)}
            onClick=${onChoose && (() => onChoose(mark.key))}><title>${mark.label}</title></polygon>`))}
        </svg>`}
      </div>
    </div>
    ${showWords && html`<p class="readout" role="status">${readout || "Choose a word to see how it was read."}</p>`}
  </section>`;
}

/** {url, failed}: the picture of a page once it is there; until then the one of the same page that was
    there before, if any. */
function usePicture(url, page) {
  const [ready, setReady] = useState({ url: null, page: null });
  useEffect(() => {
    const image = new Image();
    image.onload = () => setReady({ url, page });
    image.onerror = () => setReady({ url: null, page, failed: true });
    image.src = url;
    return () => { image.onload = image.onerror = null; };
  }, [url]);
  return ready.page === page ? ready : { url: null };
}

/** The words of a page, in reading order; null until they are there. */
function useWords(id, page, wanted) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    let here = true;
    setFound(null);
    if (wanted) {
      attempt(async () => {
        const { lines } = await api.page(id, page);
        if (here) setFound(lines.flatMap((line) => line.words));
      });
    }
    return () => { here = false; };
  }, [id, page, wanted]);
  return found;
}

/** Boxes of words. One can be reached by Tab; arrows, Home and End move on, in reading order. */
function Words({ words, onRead }) {
  const group = useRef(null);
  const [at, setAt] = useState(0);
  const indexOf = (target) => Number(target.dataset.word ?? -1);
  const read = (event) => {
    const index = indexOf(event.target);
    if (index < 0) return;
    setAt(index);
    onRead(describe(words[index]));
  };
  const onKeyDown = (event) => {
    const index = indexOf(event.target);
    const next = { ArrowRight: index + 1, ArrowDown: index + 1, ArrowLeft: index - 1, ArrowUp: index - 1,
      Home: 0, End: words.length - 1 }[event.key];
    if (index < 0 || next === undefined || !words[next]) return;
    event.preventDefault();
    group.current.children[next].focus();
  };
  const drawn = useMemo(() => words.map((word, index) => html`<polygon key=${index} data-word=${index}
    class=${`word${word.confidence !== null && word.confidence < 0.8 ? " unsure" : ""}`}
    points=${points(word.polygon)} role="img" aria-label=${word.text} tabindex=${index === at ? 0 : -1} />`), [words, at]);
  return html`<g ref=${group} class="words" onFocusIn=${read} onClick=${read} onKeyDown=${onKeyDown}>${drawn}</g>`;
}

function describe(word) {
  const sure = word.confidence === null ? "from the text layer" : `${percent(word.confidence)} sure`;
  const others = word.alternatives.map((other) => other.text).join(", ");
  return `“${word.text}”, ${sure}${others ? `; or ${others}` : ""}`;
}

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function matching(words, find) {
  const wanted = new Set(fold(find).split(/\s+/).filter(Boolean));
  const parts = (text) => fold(text).split(/[^\p{L}\p{N}]+/u);
  return words.filter((word) => parts(word.text).some((part) => wanted.has(part))).map((word) => word.polygon);
}

/** Brings the chosen place into view inside the frame, and the frame into the window. */
function useScroll(frame, target, zoom, isThere) {
  const last = useRef(null);
  useLayoutEffect(() => {
    if (!isThere || !target?.polygons.length) return undefined;
    const element = frame.current;
    const image = element.querySelector("img");
    const scroll = () => {
      const [x0, y0, x1, y1] = toBox(target.polygons.flat());
      const { width, height } = image.getBoundingClientRect();
      element.scrollTo({
        behavior: last.current === target.page ? "auto" : "instant", // another page is no way to glide
        left: ((x0 + x1) / 2) * width - element.clientWidth / 2,
        top: ((y0 + y1) / 2) * height - element.clientHeight / 2,
      });
      last.current = target.page;
    };
    if (image.complete) scroll();
    image.addEventListener("load", scroll);
    return () => image.removeEventListener("load", scroll);
  }, [isThere, target?.key, target?.page, zoom, target?.polygons[0]?.[0]?.[1]]);
}

function useViewerKeys({ page, pages, onPage, setZoom }) {
  useKeys((event) => {
    if (event.key === "[" && page > 1) onPage(page - 1);
    else if (event.key === "]" && pages && page < pages) onPage(page + 1);
    else if (event.key === "+" || event.key === "=") setZoom((z) => Math.min(ZOOMS.length - 1, z + 1));
    else if (event.key === "-") setZoom((z) => Math.max(0, z - 1));
    else if (event.key === "0") setZoom(0);
  });
}
