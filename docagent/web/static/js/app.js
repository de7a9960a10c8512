// The frame of the page: header, key entry, messages, and the view that the address names.
import { html, render, useEffect, useState } from "../vendor/preact.js";
import { api, whenLoggedOut } from "./api.js";
import { DocumentView } from "./document.js";
import { Library } from "./library.js";
import { Menu } from "./parts.js";
import { Review } from "./review.js";
import { applyTheme, attempt, notice, route, server, session, setTheme, start, theme } from "./state.js";

const NOTICE_MS = 8000;
const THEMES = ["auto", "light", "dark"];

function Vlm() {
  if (!server.value) return null;
  const { connected, model, mode } = server.value.vlm;
  const text = connected ? `Vision model: ${model}` : "Built-in reader";
  const why = connected
    ? `Values that docagent's own reader ${mode === "always" ? "found" : "is not sure of"} are looked at by a vision-language model, too.`
    : "docagent reads everything by itself, on this server; nothing is sent elsewhere. A vision-language model can be connected for what it is not sure of.";
  return html`<div class="vlm" data-connected=${String(connected)}><${Menu} title=${html`<span>${text}</span>`}><p>${why}</p><//></div>`;
}

function Header() {
  const here = route.value.path[0] || "library";
  const current = (name) => (here === name ? "page" : undefined);
  const logOut = () => attempt(async () => { await api.logOut(); location.reload(); });
  return html`<header>
    <a class="brand" href="#/" aria-label="docagent"><img src="static/icon.svg" alt="" width="24" height="24" /><span>docagent</span></a>
    <nav aria-label="Main">
      <a href="#/" aria-current=${current("library")}>Library</a>
      <a href="#/review" aria-current=${current("review")}>Review</a>
    </nav>
    <div class="end">
      <${Vlm} />
      <button class="theme" aria-label=${`Theme: ${theme.value}`} title=${`Theme: ${theme.value}`}
        onClick=${() => setTheme(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length])}><i data-theme=${theme.value}></i></button>
      ${session.value?.needs_key && html`<button onClick=${logOut}>Log out</button>`}
    </div>
  </header>`;
}

function Login({ onDone }) {
  const [error, setError] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    try {
      await api.logIn(new FormData(event.target).get("key").trim());
      await onDone();
    } catch (problem) {
      setError(problem.message);
    }
  };
  return html`<main class="login">
    <form onSubmit=${submit}>
      <h1>docagent</h1>
      <p>This server asks for a key. Whoever runs it makes one with <code>docagent keys create</code>.</p>
      <label for="key">Key</label>
      <input id="key" name="key" type="password" autocomplete="current-password" required
        aria-describedby=${error ? "key-error" : undefined} />
      ${error && html`<p class="error" id="key-error" role="alert">${error}</p>`}
      <button class="primary">Log in</button>
    </form>
  </main>`;
}

function Notice() {
  const shown = notice.value;
  useEffect(() => {
    if (!shown || shown.kind === "error") return undefined;
    const timer = setTimeout(() => { notice.value = null; }, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return html`<div class="notices">
    <div role="status">${shown?.kind === "info" && html`<p class="notice">${shown.text}</p>`}</div>
    <div role="alert">${shown?.kind === "error" && html`<p class="notice error">${shown.text}
      <button onClick=${() => { notice.value = null; }} aria-label="Dismiss">×</button></p>`}</div>
  </div>`;
}

function View() {
  const [place, id] = route.value.path;
  if (place === "documents" && /^[0-9a-f]{64}$/.test(id || "")) return html`<${DocumentView} id=${id} key=${id} />`;
  if (place === "review") return html`<${Review} />`;
  return html`<${Library} />`;
}

function App() {
  const [state, setState] = useState("starting");
  const begin = async () => {
    try {
      await start();
      setState("ready");
    } catch (error) {
      setState(error.status === 401 ? "login" : error.message);
    }
  };
  useEffect(() => {
    whenLoggedOut(() => setState("login"));
    begin();
  }, []);
  if (state === "starting") return html`<main class="login"><p role="status">Loading …</p></main>`;
  if (state === "login") return html`<${Login} onDone=${begin} />`;
  if (state !== "ready") {
    return html`<main class="login"><p role="alert">${state}</p><button onClick=${begin}>Try again</button></main>`;
  }
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Header} /><main id="main" tabindex="-1"><${View} /></main><${Notice} />`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

applyTheme();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
