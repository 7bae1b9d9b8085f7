"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  // Texts of the target are only ever made text nodes.
  const make = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };

  // Light and dark.
  const root = document.documentElement;
  const theme = $("#theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const remember = (value) => {
    // Browsers may forbid files to remember anything.
    try {
      if (value) localStorage.setItem("passrig-theme", value);
      return localStorage.getItem("passrig-theme");
    } catch {
      return null;
    }
  };
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const name = () => (theme.textContent = isDark() ? "Light" : "Dark");
  const remembered = remember();
  if (remembered) root.dataset.theme = remembered;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    name();
  });
  dark.addEventListener("change", name);
  name();

  // The stories of what passed, unpacked when the first is opened.
  let stories;
  const unpack = async () => {
    const bytes = Uint8Array.from(atob($("#stories").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).json();
  };
  const told = (story) => {
    const details = make("details", story.is_attempt ? "exchange attempt" : "exchange");
    const summary = make("summary", "", make("span", "", story.place), " ", make("code", "", story.line));
    const both = make("div", "both", make("pre", "", story.sent), make("pre", "", story.got));
    details.append(summary, both);
    details.open = story.is_attempt;
    return details;
  };
  const tell = async (check) => {
    if (check.dataset.told || $(".exchange", check)) return;
    check.dataset.told = "yes";
    try {
      stories ??= unpack();
      check.append(...(await stories)[check.dataset.story].map(told));
    } catch (error) {
      check.append(make("p", "", `The exchanges cannot be unpacked here: ${error}`));
    }
  };
  const copy = (check) => {
    const command = $("dd pre", check);
    if (!command || !navigator.clipboard || $(".copy", check)) return;
    const button = make("button", "copy", "Copy");
    button.type = "button";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    });
    command.before(button);
  };
  const opened = (check) => {
    copy(check);
    tell(check);
  };
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.open && event.target.matches(".check")) opened(event.target);
    },
    true,
  );
  all(".check[open]").forEach(opened);

  // The filter.
  const form = $("#filter");
  const checks = all("#checks .check").map((check) => ({
    check,
    outcome: $("b", check).textContent,
    level: check.dataset.level,
    chapter: check.closest(".chapter").dataset.chapter,
    text: `${check.textContent} ${check.closest(".rule").firstElementChild.textContent}`.toLowerCase(),
  }));
  const filter = () => {
    const { text, outcome, level, chapter } = Object.fromEntries(new FormData(form));
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const one of checks) {
      const fits =
        (!outcome || one.outcome === outcome) &&
        (!level || one.level === level) &&
        (!chapter || one.chapter === chapter) &&
        words.every((word) => one.text.includes(word));
      one.check.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const part of all("#checks .rule, #checks .chapter")) {
      part.hidden = !$(".check:not([hidden])", part);
    }
    $("output", form).textContent = `${count} of ${checks.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();

  // A number of the table shows what it counts.
  for (const link of all("table a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      form.reset();
      form.elements.chapter.value = link.dataset.chapter;
      form.elements.outcome.value = link.dataset.outcome ?? "";
      filter();
      $("#checks").scrollIntoView();
      $(".check:not([hidden]) > summary", $("#checks"))?.focus({ preventScroll: true });
    });
  }
  // What is led to is opened.
  const led = () => {
    const check = location.hash.startsWith("#wrong-") && document.getElementById(location.hash.slice(1));
    if (check) check.open = true;
  };
  addEventListener("hashchange", led);
  led();

  document.addEventListener("keydown", (event) => {
    const field = form.elements.text;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && event.target === field) {
      form.reset();
      field.blur();
    }
  });
})();
